"""What is over by its time: offers, places in the queue, stops, live logs, files, device codes and tokens."""

from typing import Any

import pytest
import sqlalchemy as sa
from support.store_work import Session, Work

from api.store import device_codes, files, settle, tables, tokens
from api.store.clock import now_ms
from api.store.subtasks import SubtaskRow
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.states import Event, State
from worker import expiry

HOUR_MS = 3_600_000


async def date_back(work: Work, row: SubtaskRow, column: str, ms: int) -> None:
    """Let something have happened to a subtask ``ms`` ago."""
    table = tables.subtasks
    async with work.store.database.write() as connection:
        await connection.execute(table.update().where(table.c.id == row.id).values({column: now_ms() - ms}))


async def offered(work: Work, user: str, session: Session) -> SubtaskRow:
    """Send one subtask and offer it."""
    await work.send(user, device_id="d-1")
    (row,) = await work.claim(session)
    return row


async def test_an_old_offer_goes_back_into_its_place_and_a_young_one_stands(
    work: Work, user: str, session: Session
) -> None:
    old, accepted = await offered(work, user, session), await offered(work, user, session)
    for row in (old, accepted):
        await date_back(work, row, "offered_at", 1000)
    await work.happen(accepted, Event.ACCEPT, attempt=1)
    young = await offered(work, user, session)
    await date_back(work, young, "offered_at", -60_000)
    assert await expiry.expire_offers(work.store) == 1
    back = await work.row(old.id)
    assert (back.state, back.failed_offers, back.attempt) == (State.QUEUED, 1, 1)
    assert back.waiting_reason is not None and "did not answer" in back.waiting_reason
    assert (await work.row(accepted.id)).state is State.RUNNING
    assert (await work.row(young.id)).state is State.OFFERED
    assert await expiry.expire_offers(work.store) == 0


async def test_the_third_offer_that_nobody_answers_fails(work: Work, user: str, session: Session) -> None:
    row = await offered(work, user, session)
    for _ in range(2):
        await date_back(work, row, "offered_at", 1000)
        assert await expiry.expire_offers(work.store) == 1
        assert [one.id for one in await work.claim(session)] == [row.id]
    await date_back(work, row, "offered_at", 1000)
    assert await expiry.expire_offers(work.store) == 1
    failed = await work.row(row.id)
    assert (failed.state, failed.attempt) == (State.FAILED, 3)
    assert failed.error is not None and failed.error.code == Code.DECLINED


async def test_who_waited_too_long_fails_and_nobody_else(work: Work, user: str, session: Session) -> None:
    running = await offered(work, user, session)
    late, early = [await work.send(user, device_id="d-1") for _ in range(2)]
    in_the_cloud = await work.send(user, device_id="cloud", wait=True)
    for row in (late, in_the_cloud, running):
        await date_back(work, row, "expires_at", 1)
    assert await expiry.expire_queue(work.store) == 2
    for row in (late, in_the_cloud):
        failed = await work.row(row.id)
        assert failed.state is State.FAILED
        assert failed.error is not None and failed.error.code == Code.QUEUE_EXPIRED
        assert failed.error.hint
    assert (await work.row(running.id)).state is State.OFFERED
    assert (await work.row(early.id)).state is State.QUEUED


async def test_more_than_one_batch_is_done_in_one_round(
    work: Work, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "BATCH", 3)
    await work.register(user)
    rows = [await work.send(user, device_id="d-1") for _ in range(8)]
    for row in rows:
        await date_back(work, row, "expires_at", 1)
    assert await expiry.expire_queue(work.store) == 8
    assert {(await work.row(row.id)).state for row in rows} == {State.FAILED}


async def cancelling(work: Work, user: str, session: Session, ago_ms: int) -> SubtaskRow:
    """Start one subtask and press stop ``ago_ms`` ago."""
    row = await settle.cancel(work.store, await work.running(user, session))
    await date_back(work, row, "cancelled_at", ago_ms)
    return row


async def test_a_stop_that_nobody_confirms_fails_later_than_the_session_would_do_it(
    work: Work, user: str, session: Session
) -> None:
    timing = work.store.settings.timing
    as_the_session = int(1000 * (timing.grace + timing.stop_unconfirmed))
    old = await cancelling(work, user, session, as_the_session + 6000)
    await work.append(old, 1, "a")
    young = await cancelling(work, user, session, as_the_session)
    assert await expiry.expire_stops(work.store) == 1
    failed = await work.row(old.id)
    assert failed.state is State.FAILED
    assert failed.error is not None and failed.error.code == Code.STOP_UNCONFIRMED
    assert await work.stored(old) == ["a"]
    assert (await work.row(young.id)).state is State.CANCELLING


async def test_one_that_cannot_be_settled_does_not_hold_up_the_others(
    work: Work, user: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "BATCH", 1)
    stuck = await cancelling(work, user, session, HOUR_MS)
    await work.append(stuck, 1, "a")
    await work.store.redis.delete(f"log:{{{stuck.id}}}:stream")
    # A round that changes nothing ends all the same.
    assert await expiry.expire_stops(work.store) == 0
    monkeypatch.setattr(expiry, "BATCH", 200)
    await work.append(stuck, 1, "a")
    other = await cancelling(work, user, session, HOUR_MS)
    assert await expiry.expire_stops(work.store) == 2
    assert {(await work.row(row.id)).state for row in (stuck, other)} == {State.FAILED}


async def test_the_log_of_what_goes_on_is_kept_and_that_of_what_is_over_goes(
    work: Work, user: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "BATCH", 2)
    quiet, old, young, gone = [await work.running(user, session) for _ in range(4)]
    for row in (quiet, old, young, gone):
        await work.append(row, 1, "a")
    for row in (old, young):
        await work.complete(row)
    retention_ms = int(work.store.settings.timing.log_retention * 1000)
    await date_back(work, old, "ended_at", retention_ms + 1)
    await date_back(work, young, "ended_at", retention_ms - 60_000)
    table = tables.tasks
    async with work.store.database.write() as connection:
        await connection.execute(table.delete().where(table.c.id == gone.task_id))
    for row in (quiet, old, young, gone):
        for kind in ("stream", "meta"):
            assert await work.store.redis.pexpire(f"log:{{{row.id}}}:{kind}", 60_000)
    assert await expiry.retain_logs(work.store) == 2
    assert {subtask_id async for subtask_id in work.store.log.known()} == {quiet.id, young.id}
    assert not await work.store.redis.exists(f"log:{{{old.id}}}:stream", f"log:{{{gone.id}}}:stream")
    for row, is_kept in ((quiet, True), (young, False)):
        for kind in ("stream", "meta"):
            assert (await work.store.redis.pttl(f"log:{{{row.id}}}:{kind}") > 60_000) is is_kept
    assert (await work.append(quiet, 2, "b")).verdict == "ok"
    assert await expiry.retain_logs(work.store) == 0


async def ids(work: Work, table: Any) -> set[str]:
    """Return the ids in a table."""
    async with work.store.database.read() as connection:
        return {record[0] for record in await connection.fetch_all(sa.select(table.c.id))}


async def test_files_go_after_their_day(work: Work, user: str) -> None:
    kept, old = [await files.insert(work.store.database, user, "a", "text/plain", b"x") for _ in range(2)]
    table = tables.files
    async with work.store.database.write() as connection:
        await connection.execute(table.update().where(table.c.id == old.id).values(expires_at=now_ms() - 1))
    with pytest.raises(ProtocolError):
        await files.get(work.store.database, user, old.id)
    assert await expiry.delete_files(work.store) == 1
    assert await ids(work, table) == {kept.id}


async def test_tokens_go_a_day_after_they_expired(work: Work, user: str) -> None:
    settings = work.store.settings
    issued = [await tokens.issue(work.store.database, settings, user, name="x") for _ in range(3)]
    table = tables.tokens
    for token, ago in zip(issued, (-HOUR_MS, 23 * HOUR_MS, 25 * HOUR_MS), strict=True):
        async with work.store.database.write() as connection:
            await connection.execute(
                table.update().where(table.c.id == token.id).values(expires_at=now_ms() - ago)
            )
    assert await expiry.delete_tokens(work.store) == 1
    assert await ids(work, table) == {issued[0].id, issued[1].id}


async def test_device_codes_go_when_their_time_is_over(work: Work) -> None:
    old, young = [await device_codes.insert(work.store, "laptop", "::1", ["device"], None) for _ in range(2)]
    table = tables.device_codes
    async with work.store.database.write() as connection:
        expired = table.update().where(table.c.user_code == old.user_code)
        await connection.execute(expired.values(expires_at=now_ms() - 1))
    assert await expiry.delete_codes(work.store) == 1
    async with work.store.database.read() as connection:
        left = await connection.fetch_all(sa.select(table.c.user_code))
    assert [record[0] for record in left] == [young.user_code]
