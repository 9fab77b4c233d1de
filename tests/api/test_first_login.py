"""The login that `up` keeps for this computer: renewed in its chain, and only when it is time."""

import time
from pathlib import Path

from support.store_work import Work, migrated_store

from api import first_login
from api.store import tables, tokens
from wegent.client import claims, credentials
from wegent.client.credentials import Login

URL = "http://127.0.0.1:8000"


async def test_admins_login_is_renewed_past_its_half_and_nobody_elses(
    sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    environ = {"WEGENT_HOME": str(tmp_path)}
    async with migrated_store(sqlite_url, redis_url) as store:
        database, settings = store.database, store.settings
        admin = await Work(store).user("admin")
        issued = await tokens.issue(database, settings, admin, name="up")
        credentials.save(Login(URL, issued.token, "admin", issued.expires_at), environ=environ)
        assert not await first_login.renew_login(database, settings, URL, environ)
        old = int(time.time() * 1000) - 4 * 86_400_000
        async with database.write() as connection:
            values = {"created_at": old, "expires_at": old + 7 * 86_400_000}
            row = await connection.fetch_one(tables.tokens.update().values(values).returning(*tables.tokens.c))
        former = Login(URL, tokens._signed(settings, row).token, "admin")
        credentials.save(former, environ=environ)
        assert await first_login.renew_login(database, settings, URL, environ)
        saved = credentials.load(URL, environ)
        assert saved is not None and claims.is_former(former.token, saved.token)
        assert not await first_login.renew_login(database, settings, URL, environ)
        credentials.save(Login(URL, former.token, "ann"), environ=environ)
        assert not await first_login.renew_login(database, settings, URL, environ)
        async with database.read() as connection:
            assert [row["id"] for row in await tokens.select(connection, admin)] == [issued.id]
