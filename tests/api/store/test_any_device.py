"""What is sent to any of one's devices, on both databases: the first that suits and has a free slot takes it."""

import asyncio

import pytest
from support.store_work import Session, Work

from api.store import devices, sending, settle, subtasks
from api.store.settle import FAILED_OFFERS
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import ANY
from wegent.protocol.states import HOLDS_SLOT, Event, State

GPU = {"gpu": "yes"}


async def refusal(work: Work, user: str, **fields: object) -> ProtocolError:
    """Send what cannot be sent to any device, see that nothing was written, and return why."""
    before = await work.dump()
    with pytest.raises(ProtocolError) as error:
        await work.send(user, **{"device_id": ANY, **fields})
    assert await work.dump() == before
    return error.value


async def leave(work: Work, *sessions: Session) -> None:
    """Take devices offline."""
    for session in sessions:
        await work.store.presence.clear(session.device.row, session.device.generation)


async def test_the_first_device_with_a_free_slot_takes_it_and_each_is_taken_once(work: Work) -> None:
    user = await work.user()
    sessions = [await work.register(user, f"d-{n}", slots=2) for n in range(3)]
    rows = [await work.send(user, device_id=ANY) for _ in range(8)]
    assert {(row.device, row.device_id, row.is_cloud) for row in rows} == {(None, ANY, False)}
    claimed = await asyncio.gather(*(work.claim(session) for session in sessions * 3))
    for session in sessions:
        claimed.append(await work.claim(session))
    taken = [row for rows in claimed for row in rows]
    assert len(taken) == len({row.id for row in taken} & {row.id for row in rows}) == 6
    names = {session.device.row: session.device.device_id for session in sessions}
    assert all(row.device is not None and row.device_id == names[row.device] for row in taken)
    assert all(row.labels == {} and row.state in HOLDS_SLOT for row in taken)


async def test_only_a_device_with_all_the_labels_and_the_shell_takes_it(work: Work) -> None:
    user = await work.user()
    plain = await work.register(user, "plain")
    half = await work.register(user, "half", labels={"gpu": "no", "os": "linux"})
    shellless = await work.register(user, "shellless", labels={**GPU, "os": "linux"}, shells=["Notebook"])
    full = await work.register(user, "full", labels={**GPU, "os": "linux", "more": "x"})
    row = await work.send(user, device_id=ANY, labels={"os": "linux", **GPU})
    for session in (plain, half, shellless):
        assert await work.claim(session) == []
    assert [one.id for one in await work.claim(full)] == [row.id]


async def test_only_a_device_that_offers_the_folder_takes_it(work: Work) -> None:
    user = await work.user()
    others = [
        await work.register(user, "none"),
        await work.register(user, "short", folders=["/data/ap"]),
        await work.register(user, "case", folders=["/Data/App"]),
    ]
    owner = await work.register(user, "owner", folders=["/else", "/data/app/"])
    row = await work.send(user, device_id=ANY, options={"workdir": "/data//app/sub"})
    for session in others:
        assert await work.claim(session) == []
    assert [one.id for one in await work.claim(owner)] == [row.id]
    assert (await refusal(work, user, options={"workdir": "/data/app/\0"})).code is Code.BAD_MESSAGE


async def test_a_name_and_a_value_are_compared_whole(work: Work) -> None:
    user = await work.user()
    odd = {"a=b": "c", 'quo"te': "ü\0", "empty": ""}
    tricky = await work.register(user, "tricky", labels={"a": "b=c", 'quo"te': "ü", "empty": "no"})
    session = await work.register(user, "odd", labels=odd)
    row = await work.send(user, device_id=ANY, labels=odd)
    assert await work.claim(tricky) == []
    assert [one.id for one in await work.claim(session)] == [row.id]


async def test_many_that_suit_others_do_not_hide_the_one_that_suits(work: Work) -> None:
    user = await work.user()
    await work.register(user, "gpu", labels=GPU)
    for _ in range(40):
        await work.send(user, device_id=ANY, labels=GPU)
    session = await work.register(user, "plain", slots=1)
    behind = await work.send(user, device_id=ANY)
    assert [row.id for row in await work.claim(session)] == [behind.id]


async def test_nobody_elses_device_and_no_cloud_executor_takes_it(work: Work) -> None:
    user, other = await work.user(), await work.user()
    theirs = await work.register(other, "theirs", labels=GPU)
    in_cloud = await work.register(user, "cloud-1", kind="cloud", labels=GPU)
    assert (await refusal(work, user)).code is Code.NOT_FOUND
    mine = await work.register(user, "mine", labels=GPU)
    row = await work.send(user, device_id=ANY, labels=GPU)
    assert await work.claim(theirs) == await work.claim(in_cloud) == []
    assert [one.id for one in await work.claim(mine)] == [row.id]


async def test_a_label_that_changed_at_a_later_register_counts(work: Work) -> None:
    user = await work.user()
    await work.register(user, "other", labels=GPU)
    row = await work.send(user, device_id=ANY, labels=GPU)
    assert await work.claim(await work.register(user, "d-1")) == []
    session = await work.register(user, "d-1", labels=GPU)
    assert [one.id for one in await work.claim(session)] == [row.id]


async def test_what_one_device_declined_waits_for_any_again(work: Work) -> None:
    user = await work.user()
    first, second = await work.register(user, "d-1"), await work.register(user, "d-2")
    await work.send(user, device_id=ANY)
    (offered,) = await work.claim(first)
    back = await settle.give_back(work.store, offered, "no room")
    assert back is not None
    assert (back.device, back.device_id, back.failed_offers) == (None, ANY, 1)
    (taken,) = await work.claim(second)
    assert (taken.device_id, taken.attempt, taken.waiting_reason) == ("d-2", 2, "no room")
    for _ in range(FAILED_OFFERS - 2):
        await settle.give_back(work.store, taken, "no room")
        (taken,) = await work.claim(first)
    failed = await settle.give_back(work.store, taken, "no room")
    assert failed is not None
    assert failed.state is State.FAILED


async def test_what_a_device_was_only_offered_outlives_its_reconnect_and_its_deletion(work: Work) -> None:
    user = await work.user()
    session, other = await work.register(user, "d-1", slots=2), await work.register(user, "d-2")
    offered = await work.send(user, device_id=ANY)
    running = await work.send(user, device_id=ANY)
    await work.claim(session)
    await work.happen(await work.row(running.id), Event.ACCEPT)
    await work.store.log.open(running.id, 0)
    waiting = await work.send(user, device_id=ANY)
    await devices.delete(work.store, user, "d-1")
    lost = await work.row(running.id)
    assert lost.error is not None
    assert (lost.state, lost.error.code, lost.device_id) == (State.FAILED, Code.DEVICE_DELETED, "d-1")
    for row in (offered, waiting):
        now = await work.row(row.id)
        assert (now.state, now.device, now.device_id) == (State.QUEUED, None, ANY)
    assert [row.id for row in await work.claim(other)] == [offered.id, waiting.id]
    await work.register(user, "d-2")  # and knows nothing of either offer
    assert {(await work.row(row.id)).device_id for row in (offered, waiting)} == {ANY}


async def test_what_no_device_of_ones_own_could_take_is_refused_with_its_reason(work: Work) -> None:
    user, other = await work.user(), await work.user()
    await work.register(other, "theirs", labels=GPU)
    assert (await refusal(work, user)).message == "You have no device yet."
    await work.register(user, "laptop", name="Laptop")
    tower = await work.register(
        user, "tower", name="Tower", labels={**GPU, "os": "linux"}, shells=["Python"], folders=["/data"]
    )
    unknown = await refusal(work, user, labels={"gpu": "no"})
    assert (unknown.code, unknown.message) == (Code.NOT_FOUND, "None of your devices has the labels gpu=no.")
    assert "Laptop: none; Tower: gpu=yes, os=linux." in unknown.hint
    shell = await refusal(work, user, labels=GPU, shell="Command")
    assert shell.code is Code.SHELL_NOT_OFFERED
    assert shell.message == "None of your devices with gpu=yes offers Command."
    assert "Offered: Python." in shell.hint
    assert (await refusal(work, user, labels=GPU, options={"workdir": "/etc"})).code is Code.FORBIDDEN
    assert (await refusal(work, user, device_id="tower", labels=GPU)).code is Code.BAD_MESSAGE
    assert (await refusal(work, user, device_id=None, labels=GPU)).code is Code.BAD_MESSAGE
    assert (await work.send(user, device_id=ANY, labels=GPU)).shell == "Python"
    assert (await work.send(user, device_id=ANY)).shell == "ClaudeCode"
    await leave(work, tower)
    offline = await refusal(work, user, labels=GPU)
    assert (offline.code, "Tower" in offline.message) == (Code.DEVICE_OFFLINE, True)
    assert (await work.send(user, device_id=ANY, labels=GPU, wait=True)).state is State.QUEUED


async def test_places_count_among_what_asks_for_the_same(work: Work) -> None:
    user, other = await work.user(), await work.user()
    for owner in (user, other):
        await work.register(owner, labels=GPU)
    rows = [await work.send(user, device_id=ANY, labels=labels) for labels in (GPU, {}, GPU, {})]
    rows += [await work.send(other, device_id=ANY, labels=GPU), await work.send(user, device_id="d-1")]
    async with work.store.database.read() as connection:
        found = await subtasks.queue_positions(connection, rows)
    assert [found[row.id] for row in rows] == [1, 1, 2, 2, 1, 1]


async def test_further_turns_wait_with_the_first_until_it_has_run_and_then_stay_where_it_did(work: Work) -> None:
    user = await work.user()
    one, two = await work.register(user, "d-1", labels=GPU), await work.register(user, "d-2", labels=GPU)
    first = await work.send(user, device_id=ANY, labels=GPU)
    second = await work.send(user, task_id=first.task_id)
    assert (second.device_id, second.labels) == (ANY, GPU)
    (running,) = await work.start(one)
    assert await work.claim(two) == []
    await work.complete(running)
    (later,) = await work.start(two)
    assert later.id == second.id
    third = await work.send(user, task_id=first.task_id)
    assert (third.device_id, third.device, third.labels) == ("d-2", two.device.row, None)


async def test_what_waits_may_be_moved_to_any_and_back(work: Work) -> None:
    user = await work.user()
    one, two = await work.register(user, "d-1"), await work.register(user, "d-2", labels=GPU)
    row = await work.send(user, device_id="d-1")
    moved = await sending.move(work.store, row, ANY, GPU)
    assert (moved.device, moved.device_id, moved.labels) == (None, ANY, GPU)
    assert await work.claim(one) == []
    with pytest.raises(ProtocolError, match="None of your devices"):
        await sending.move(work.store, moved, ANY, {"gpu": "no"})
    back = await sending.move(work.store, moved, "d-1")
    assert (back.device_id, back.labels) == ("d-1", None)
    assert await work.claim(two) == []
    assert [taken.id for taken in await work.claim(one)] == [row.id]
