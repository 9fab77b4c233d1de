"""Users, tokens and files, on both databases."""

import asyncio
import time

import jwt
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from support.store_work import Work, migrated_store

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


def test_nobodys_hash_costs_what_a_real_one_costs() -> None:
    real = PasswordHasher().hash("x")
    assert extract_parameters(users._NOBODYS) == extract_parameters(real)
    with pytest.raises(VerifyMismatchError):  # what cannot be a hash is refused at once, which tells
        PasswordHasher().verify(users._NOBODYS, "x")


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


async def renewed(work: Work, token: str) -> tokens.IssuedToken:
    """Give a token its successor."""
    login = await tokens.verify(work.store.database, work.store.settings, token)
    return await tokens.renew(work.store.database, work.store.settings, login)


async def ends(work: Work, at: int) -> None:
    """Let all tokens end then."""
    async with work.store.database.write() as connection:
        await connection.execute(tables.tokens.update().values(expires_at=at))


async def test_a_successor_is_the_same_in_all_but_its_end(work: Work) -> None:
    user = await work.user()
    first = await issue(work, user, scopes=["device"], device_id="d-1", kind="login")
    await ends(work, int(time.time() + 60) * 1000)
    second = await renewed(work, first.token)
    was, now = [jwt.decode(each.token, options={"verify_signature": False}) for each in (first, second)]
    assert now["exp"] - now["iat"] == 7 * 86_400
    assert now["exp"] >= int(time.time()) + 7 * 86_400 - 5
    changed = {"gen", "exp", "iat"}
    assert {name: value for name, value in was.items() if name not in changed} == {
        name: value for name, value in now.items() if name not in changed
    }
    login = await tokens.verify(work.store.database, work.store.settings, second.token)
    assert (login.user.id, login.scopes, login.device_id, login.kind) == (user, {"device"}, "d-1", "login")


async def test_renewing_again_and_at_once_gives_one_successor(work: Work) -> None:
    first = await issue(work, await work.user())
    racing = await asyncio.gather(*(renewed(work, first.token) for _ in range(8)))
    again = await renewed(work, first.token)
    assert {each.token for each in racing} == {again.token}
    assert first.token != again.token


async def test_a_chain_is_one_row_with_two_live_tokens_however_often_it_is_renewed(work: Work) -> None:
    user = await work.user()
    chain = [await issue(work, user)]
    for _ in range(5):
        chain.append(await renewed(work, chain[-1].token))
    for old in chain[:-2]:
        assert await refused(work, old.token) is Code.TOKEN_EXPIRED
    for live in chain[-2:]:
        await tokens.verify(work.store.database, work.store.settings, live.token)
    async with work.store.database.read() as connection:
        rows = await tokens.select(connection, user)
    assert [row["id"] for row in rows] == [chain[0].id]


async def test_whatever_ends_one_of_a_chain_ends_it_and_nothing_renews_it(work: Work) -> None:
    user = await work.user()
    first = await issue(work, user)
    second = await renewed(work, first.token)
    database, settings = work.store.database, work.store.settings
    logins = [await tokens.verify(database, settings, each.token) for each in (first, second)]
    assert await tokens.revoke(database, user, first.id)
    for token, login in zip((first, second), logins, strict=True):
        assert await refused(work, token.token) is Code.TOKEN_REVOKED
        with pytest.raises(ProtocolError) as error:
            await tokens.renew(database, settings, login)
        assert error.value.code is Code.TOKEN_REVOKED
    other = await issue(work, user)
    login = await tokens.verify(database, settings, other.token)
    await ends(work, 1000)
    with pytest.raises(ProtocolError) as error:
        await tokens.renew(database, settings, login)
    assert error.value.code is Code.TOKEN_EXPIRED


async def test_a_former_token_ends_when_it_said_and_its_chain_goes_on(work: Work) -> None:
    first = await issue(work, await work.user())
    claims = jwt.decode(first.token, options={"verify_signature": False})
    second = await renewed(work, first.token)
    over = signed(work, **(claims | {"exp": int(time.time()) - tokens.LEEWAY_SECONDS - 1}))
    assert await refused(work, over) is Code.TOKEN_EXPIRED
    await tokens.verify(work.store.database, work.store.settings, second.token)
    login = await tokens.recheck(work.store.database, work.store.settings, claims["jti"], claims["sub"])
    assert login.expires_at > time.time() * 1000, "a socket opened with it lives on"


async def test_a_token_of_the_version_before_is_renewed_too(work: Work) -> None:
    first = await issue(work, await work.user())
    claims = jwt.decode(first.token, options={"verify_signature": False})
    old = signed(work, **{name: value for name, value in claims.items() if name != "gen"})
    assert (await renewed(work, old)).token == (await renewed(work, first.token)).token


async def test_a_short_life_has_little_leeway(database_url: str, redis_url: str) -> None:
    async with migrated_store(database_url, redis_url, WEGENT_TOKEN_DAYS=str(100 / 86_400)) as store:
        work = Work(store)
        issued = await issue(work, await work.user())
        claims = jwt.decode(issued.token, options={"verify_signature": False})
        beyond = signed(work, **(claims | {"exp": int(time.time()) - 11}))
        assert await refused(work, beyond) is Code.TOKEN_EXPIRED


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
