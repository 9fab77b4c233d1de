"""How a device's subtask ends: the report, checked against the log and against what SQL has."""

from api.device_output import Ingest
from api.store import settle, subtasks
from api.store.devices import DeviceRow
from api.store.store import Store
from api.store.subtasks import SubtaskRow
from api.websocket import Wire
from wegent.protocol.device_messages import Complete
from wegent.protocol.errors import MEANINGS, Code, ProtocolError
from wegent.protocol.resources import TaskError
from wegent.protocol.states import Event, State

_EVENTS = {"completed": Event.COMPLETE, "failed": Event.FAIL, "cancelled": Event.STOPPED}


class Reports:
    """Takes the completes of one device session."""

    def __init__(self, store: Store, device: DeviceRow, wire: Wire, ingest: Ingest) -> None:
        self._store = store
        self._device = device
        self._wire = wire
        self._ingest = ingest

    async def complete(self, message: Complete) -> None:
        """Settle a subtask as reported, once all of its output is held.

        A report that repeats what is recorded is accepted again. Raises ``not_found``, ``not_current``,
        ``settled`` (it ended otherwise) or ``unavailable`` (output is missing, and does not come).
        """
        row = await self._row(message)
        if row.is_settled:
            await self._complete_settled(row, message)
            return
        while True:
            stream = await self._ingest.find(message.subtask_id, message.attempt)
            await self._ingest.hold(stream, message.seq)
            try:
                settled = await self._settle(message)
            except settle.LostOutputError:  # Redis was flushed and nobody has noticed yet
                await self._ingest.resolve(stream)
                continue
            if settled is None:
                await self._complete_settled(await self._row(message), message)
            return

    async def _settle(self, message: Complete) -> SubtaskRow | None:
        return await settle.settle(
            self._store,
            message.subtask_id,
            _EVENTS[message.status],
            attempt=message.attempt,
            error=_error(message),
            result=message.result,
            at_least=message.seq,
        )

    async def _row(self, message: Complete) -> SubtaskRow:
        async with self._store.database.read() as connection:
            row = await subtasks.find(connection, message.subtask_id)
        if row is None or row.device != self._device.row:
            raise ProtocolError(Code.NOT_FOUND, "There is no such subtask on this device.")
        if row.attempt != message.attempt or row.state in (State.QUEUED, State.OFFERED):
            raise ProtocolError(Code.NOT_CURRENT)
        return row

    async def _complete_settled(self, row: SubtaskRow, message: Complete) -> None:
        """It has ended: by this very report, whose answer was lost, or otherwise; then output is kept as late."""
        if _is_recorded(row, message):
            await settle.announce(self._store, row)
            return
        stream = await self._ingest.find(message.subtask_id, message.attempt)
        if not stream.is_late:
            await self._ingest.resolve(stream)
        await self._ingest.hold(stream, message.seq)
        self._ingest.end(row.id)
        raise ProtocolError(Code.SETTLED, f"The subtask is {row.state} already.")


def _error(message: Complete) -> TaskError | None:
    if message.status != "failed":
        return None
    if message.error is None:
        return settle.task_error(Code.SHELL_FAILED)
    known = message.error.code in Code.__members__.values()
    hint = MEANINGS[Code(message.error.code)].hint if known else ""
    default = MEANINGS[Code(message.error.code)].message if known else ""
    return TaskError(message.error.code, message.error.message or default, hint)


def _is_recorded(row: SubtaskRow, message: Complete) -> bool:
    if row.state != message.status or (row.seq or 0) < message.seq:  # with more output: its rest is kept as late
        return False
    error = _error(message)
    return (row.error.code if row.error else None) == (error.code if error else None)
