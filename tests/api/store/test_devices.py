"""Devices and their registration, on both databases."""

import asyncio

import pytest
from support.store_work import Session, Work

from api.store import devices
from api.store.presence import Presence
from api.store.registration import Registration, ReplacedError, register
from wegent.protocol.device_messages import Register, Running
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import Device
from wegent.protocol.states import Event, State


async def shown(work: Work, user: str, device_id: str = "d-1") -> Device:
    """Return a device as REST gives it."""
    ((_, device),) = await devices.show(work.store, user, device_id)
    return device


async def listed(work: Work, user: str, *running: Running) -> Registration:
    """Register the device again, with what it says it runs."""
    message = Register(device_id="d-1", name="d-1", running=list(running))
    return await register(work.store, user, message, "again")


def verdicts(registration: Registration) -> list[tuple[str, int]]:
    """Return what the device is told of each subtask: the verdict, and the last number held."""
    return [(resume.verdict, resume.seq) for resume in registration.resume]


async def test_registering_writes_one_row_and_what_the_device_says_of_itself(work: Work) -> None:
    user = await work.user()
    about = {"version": "1.2", "platform": "Linux", "folders": ["/data"], "labels": {"gpu": "a\0b"}}
    first = await work.register(user, name="Linux - box", slots=3, **about)
    second = await work.register(user, name="Linux - box", slots=4, **about)
    assert first.device.row == second.device.row
    assert second.device.generation == first.device.generation + 1
    device = await shown(work, user)
    assert (device.name, device.slots.total, device.status, device.is_default) == (
        "Linux - box",
        4,
        "online",
        False,
    )
    assert (device.version, device.folders, device.labels) == ("1.2", ["/data"], {"gpu": "a\0b"})


async def test_the_same_computer_of_two_users_is_two_devices(work: Work) -> None:
    ada, bob = await work.user(), await work.user()
    assert (await work.register(ada)).device.row != (await work.register(bob)).device.row
    await devices.rename(work.store.database, ada, "d-1", "Ada's")
    assert (await shown(work, bob)).name == "d-1"


async def test_a_given_name_outlives_registers(work: Work) -> None:
    user = await work.user()
    await work.register(user, name="before")
    await work.register(user, name="after")
    assert (await shown(work, user)).name == "after"
    await devices.rename(work.store.database, user, "d-1", "mine")
    await work.register(user, name="later")
    assert (await shown(work, user)).name == "mine"


async def test_of_two_connections_of_one_executor_the_lower_number_loses(work: Work) -> None:
    user = await work.user()
    newer = await work.register(user, instance="i", connection=2)
    with pytest.raises(ReplacedError):
        await work.register(user, instance="i", connection=1)
    async with work.store.database.read() as connection:
        assert await devices.get(connection, user, "d-1") == newer.device
    await work.register(user, instance="i", connection=3)
    other = await work.register(user, instance="j", connection=1)
    assert other.device.instance == "j"


async def test_registers_at_once_leave_one_session_in_charge(work: Work) -> None:
    user = await work.user()
    sessions = await asyncio.gather(*(work.register(user) for _ in range(6)))
    assert sorted(session.device.generation for session in sessions) == [1, 2, 3, 4, 5, 6]
    async with work.store.database.read() as connection:
        row = await devices.get(connection, user, "d-1")
    assert row == next(session.device for session in sessions if session.device.generation == 6)
    present = await work.store.presence.read([row.row])
    assert present[row.row].generation == 6


async def test_an_older_session_cannot_touch_its_successors_presence(work: Work) -> None:
    user = await work.user()
    old, new = await work.register(user), await work.register(user)
    row = new.device.row
    assert await work.store.presence.write(row, Presence(old.device.generation, True)) == new.device.generation
    await work.store.presence.clear(row, old.device.generation)
    assert (await work.store.presence.read([row]))[row] == Presence(new.device.generation)
    await work.store.presence.clear(row, new.device.generation)
    assert (await shown(work, user)).status == "offline"


async def test_status_and_slots_come_from_the_rows(work: Work) -> None:
    user = await work.user()
    session = await work.register(user, slots=2)
    rows = [await work.send(user, device_id="d-1") for _ in range(3)]
    device = await shown(work, user)
    assert (device.status, device.slots.used, device.queued, device.running) == ("online", 0, 3, [])
    await work.start(session)
    device = await shown(work, user)
    assert (device.status, device.slots.used, device.queued) == ("busy", 2, 1)
    assert device.running == [rows[0].id, rows[1].id]


async def test_the_default_is_one_of_the_users_own_and_goes_with_its_device(work: Work) -> None:
    user, other = await work.user(), await work.user()
    for device_id in ("d-1", "d-2"):
        await work.register(user, device_id)
    await work.register(other, "theirs")
    database = work.store.database
    await devices.set_default(database, user, "d-1")
    await devices.set_default(database, user, "d-2")
    assert [(await shown(work, user, device)).is_default for device in ("d-1", "d-2")] == [False, True]
    await devices.unset_default(database, user, "d-1")
    assert (await shown(work, user, "d-2")).is_default
    with pytest.raises(ProtocolError) as error:
        await devices.set_default(database, user, "theirs")
    assert error.value.code is Code.NOT_FOUND
    await devices.delete(work.store, user, "d-2")
    async with database.read() as connection:
        assert await devices.default_row(connection, user) is None


async def test_deleting_fails_what_is_unsettled_and_keeps_the_rest(work: Work) -> None:
    user = await work.user()
    session = await work.register(user, slots=2)
    done = await work.running(user, session)
    await work.append(done, 1, "a")
    await work.complete(done)
    running = await work.running(user, session)
    await work.append(running, 1, "half")
    offered = await work.send(user, device_id="d-1")
    await work.claim(session)
    queued = await work.send(user, device_id="d-1")
    await devices.delete(work.store, user, "d-1")
    for row in (running, offered, queued):
        failed = await work.row(row.id)
        assert failed.state is State.FAILED
        assert failed.error is not None
        assert failed.error.code == "device_deleted"
        assert (failed.device, failed.device_id) == (None, "d-1")
    assert await work.stored(running) == ["half"]
    assert (await work.row(done.id)).state is State.COMPLETED
    assert await devices.show(work.store, user) == []
    assert await work.store.presence.read([session.device.row]) == {}
    anew = await work.register(user)
    assert anew.device.row != session.device.row


async def test_a_deleted_cloud_executor_gives_back_what_it_did_not_start(work: Work) -> None:
    user, operator = await work.user(), await work.user()
    session = await work.register(operator, kind="cloud")
    row = await work.send(user, device_id="cloud")
    await work.claim(session)
    await devices.delete(work.store, operator, "d-1")
    given_back = await work.row(row.id)
    assert (given_back.state, given_back.device, given_back.is_cloud) == (State.QUEUED, None, True)


@pytest.fixture
async def session(work: Work) -> Session:
    """A device's session."""
    return await work.register(await work.user("ada"))


async def test_what_runs_and_is_listed_goes_on_from_what_is_held(work: Work, session: Session) -> None:
    row = await work.running("ada", session)
    await work.append(row, 1, "a", "b")
    registration = await listed(work, "ada", Running(row.id, 1, 9))
    assert verdicts(registration) == [("continue", 2)]
    assert [one.id for one in registration.going_on] == [row.id]
    await work.store.redis.flushall()
    assert verdicts(await listed(work, "ada", Running(row.id, 1, 9))) == [("continue", 0)]


async def test_what_runs_and_is_not_listed_failed_with_the_executors_restart(work: Work, session: Session) -> None:
    row = await work.running("ada", session)
    await work.append(row, 1, "a")
    cancelling = await work.running("ada", session)
    await work.happen(cancelling, Event.CANCEL)
    await listed(work, "ada")
    for one in (row, cancelling):
        failed = await work.row(one.id)
        assert failed.state is State.FAILED
        assert failed.error is not None
        assert failed.error.code == "executor_restarted"
    assert await work.stored(row) == ["a"]


async def test_a_listed_offer_counts_as_accepted_and_an_unlisted_one_waits_again(
    work: Work, session: Session
) -> None:
    accepted, missed = await work.send("ada", device_id="d-1"), await work.send("ada", device_id="d-1")
    await work.claim(session)
    registration = await listed(work, "ada", Running(accepted.id, 1, 0))
    assert verdicts(registration) == [("continue", 0)]
    assert (await work.row(accepted.id)).state is State.RUNNING
    waiting = await work.row(missed.id)
    assert (waiting.state, waiting.attempt, waiting.failed_offers) == (State.QUEUED, 1, 0)


async def test_an_old_attempt_in_the_list_is_stopped_and_the_present_one_waits_again(
    work: Work, session: Session
) -> None:
    row = await work.send("ada", device_id="d-1")
    (offered,) = await work.claim(session)
    await work.happen(offered, Event.REQUEUE)
    await work.claim(session)
    assert verdicts(await listed(work, "ada", Running(row.id, 1, 4))) == [("stop", 0)]
    assert (await work.row(row.id)).state is State.QUEUED


async def test_settled_cancelling_unknown_and_foreign_ones_are_stopped(work: Work, session: Session) -> None:
    settled = await work.running("ada", session)
    await work.append(settled, 1, "a", "b")
    await work.complete(settled)
    cancelling = await work.running("ada", session)
    await work.append(cancelling, 1, "a")
    await work.happen(cancelling, Event.CANCEL)
    stranger = await work.user("bob")
    foreign = await work.running(stranger, await work.register(stranger, "d-1"))
    await work.append(foreign, 1, "secret")
    ids = [settled.id, cancelling.id, foreign.id, "unknown", "x\u00fc"]
    registration = await listed(work, "ada", *(Running(one, 1, 7) for one in ids))
    assert verdicts(registration) == [("stop", 2), ("stop", 1), ("stop", 0), ("stop", 0), ("stop", 0)]
    assert [(await work.row(one)).state for one in ids[:3]] == [
        State.COMPLETED,
        State.CANCELLING,
        State.RUNNING,
    ]
