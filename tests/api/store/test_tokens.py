"""Users, tokens and files, on both databases."""

import time

import jwt
import pytest
import sqlalchemy as sa
from support.store_work import Work

from api.store import files, tables, tokens, users
from wegent.protocol.errors import Code, ProtocolError


async def refused(work: Work, token: str) -> Code:
    """Return why a token is refused."""
    with pytest.raises(ProtocolError) as error:
        await tokens.verify(work.store.database, work.store.settings, token)
    return error.value.code


async def issue(work: Work, user: str, **fields: object) -> tokens.IssuedToken:
    """Make a token."""
    return await tokens.issue(work.store.database, work.store.settings, user, name="t", **fields)


def signed(work: Work, **claims: object) -> str:
    """Sign any claims with the server's key."""
    return jwt.encode(claims, work.store.settings.secret_key, algorithm="HS256")


async def test_a_name_belongs_to_one_user_and_a_password_to_its_name(work: Work) -> None:
    database = work.store.database
    ada = await users.create(database, "ada", "correct horse")
    assert ada.password_hash.startswith("$argon2id$")
    with pytest.raises(ProtocolError) as error:
        await users.create(database, "ada", "other")
    assert error.value.code is Code.CONFLICT
    assert await users.check_password(database, "ada", "correct horse") == ada
    assert await users.check_password(database, "ada", "wrong") is None
    assert await users.check_password(database, "bob", "correct horse") is None


async def test_a_token_stands_for_its_user_and_scopes_for_seven_days(work: Work) -> None:
    user = await work.user()
    issued = await issue(work, user, scopes=["read"], device_id="d-1")
    login = await tokens.verify(work.store.database, work.store.settings, issued.token)
    assert (login.user.id, login.scopes, login.device_id, login.kind) == (user, {"read"}, "d-1", "api")
    claims = jwt.decode(issued.token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 7 * 86_400
    assert claims["jti"] == issued.id


async def test_forged_tokens_are_refused(work: Work) -> None:
    user = await work.user()
    issued = await issue(work, user)
    head, body, signature = issued.token.split(".")
    claims = jwt.decode(issued.token, options={"verify_signature": False})
    unsigned = jwt.encode(claims, None, algorithm="none")
    other_key = jwt.encode(claims, "another key that is also long enough", algorithm="HS256")
    for token in (unsigned, other_key, f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}", "x", "a.b.c", "ü"):
        assert await refused(work, token) is Code.UNAUTHENTICATED
    for missing in ("exp", "sub", "jti"):
        assert await refused(work, signed(work, **(claims | {missing: None}))) is Code.UNAUTHENTICATED
    other = await work.user()
    assert await refused(work, signed(work, **(claims | {"sub": other}))) is Code.TOKEN_REVOKED


async def test_an_expired_token_is_good_for_the_leeway_of_clocks_and_no_longer(work: Work) -> None:
    user = await work.user()
    issued = await issue(work, user)
    claims = jwt.decode(issued.token, options={"verify_signature": False})
    now = int(time.time())
    within = signed(work, **(claims | {"exp": now - tokens.LEEWAY_SECONDS + 10}))
    await tokens.verify(work.store.database, work.store.settings, within)
    beyond = signed(work, **(claims | {"exp": now - tokens.LEEWAY_SECONDS - 1}))
    assert await refused(work, beyond) is Code.TOKEN_EXPIRED
    async with work.store.database.write() as connection:
        await connection.execute(
            tables.tokens.update().values(expires_at=(now - tokens.LEEWAY_SECONDS - 1) * 1000)
        )
    assert await refused(work, issued.token) is Code.TOKEN_EXPIRED


async def test_a_revoked_token_is_refused_and_only_its_user_revokes_it(work: Work) -> None:
    user, other = await work.user(), await work.user()
    issued = await issue(work, user)
    database = work.store.database
    assert not await tokens.revoke(database, other, issued.id)
    await tokens.verify(database, work.store.settings, issued.token)
    assert await tokens.revoke(database, user, issued.id)
    assert await tokens.revoke(database, user, issued.id)
    assert await refused(work, issued.token) is Code.TOKEN_REVOKED


async def test_lists_show_what_is_good_and_cleaning_deletes_what_expired(work: Work) -> None:
    user = await work.user()
    good, revoked, expired = [await issue(work, user) for _ in range(3)]
    await tokens.revoke(work.store.database, user, revoked.id)
    async with work.store.database.write() as connection:
        await connection.execute(
            tables.tokens.update().where(tables.tokens.c.id == expired.id).values(expires_at=1000)
        )
    async with work.store.database.read() as connection:
        assert [row["id"] for row in await tokens.select(connection, user)] == [good.id]
    assert await tokens.delete_expired(work.store.database, 2000) == 1
    assert await tokens.delete_expired(work.store.database, 2000) == 0


async def test_a_file_is_its_users_for_a_day(work: Work) -> None:
    user, other = await work.user(), await work.user()
    database = work.store.database
    body = bytes(range(256))
    stored = await files.insert(database, user, "a.bin", "application/x", body)
    assert await files.get(database, user, stored.id) == ("a.bin", "application/x", body)
    with pytest.raises(ProtocolError) as error:
        await files.get(database, other, stored.id)
    assert error.value.code is Code.NOT_FOUND
    kept = await files.insert(database, user, "b.bin", "application/x", b"")
    async with database.write() as connection:
        await connection.execute(tables.files.update().where(tables.files.c.id == stored.id).values(expires_at=1))
    with pytest.raises(ProtocolError):
        await files.get(database, user, stored.id)
    assert await files.delete_expired(database) == 1
    assert (await files.get(database, user, kept.id))[2] == b""


async def test_a_users_files_have_a_limit_together(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_USER_BYTES", 10)
    user, other = await work.user(), await work.user()
    await files.insert(work.store.database, user, "a", "text/plain", b"123456")
    with pytest.raises(ProtocolError) as error:
        await files.insert(work.store.database, user, "b", "text/plain", b"12345")
    assert error.value.code is Code.TOO_LARGE
    await files.insert(work.store.database, other, "b", "text/plain", b"12345")
    async with work.store.database.read() as connection:
        count = await connection.fetch_val(sa.select(sa.func.count()).select_from(tables.files))
    assert count == 2
