"""What the server's messages do to the device."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from executor.admission import Refusal
from executor.device import Device
from executor.requests import Connection, RefusedError, ask
from executor.subtask import Phase, Stop, Subtask
from wegent.protocol.codec import MAX_FRAME, Frame, decode_data, encode, encode_error
from wegent.protocol.device_messages import (
    TO_DEVICE,
    Accept,
    Ack,
    Cancel,
    Decline,
    Execute,
    Replay,
    Resume,
    TaskInput,
)
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.inputs import AnyInput, ApprovalInput
from wegent.protocol.types import Attempt, Id

log = logging.getLogger(__name__)


class _Named(msgspec.Struct, frozen=True):
    """What an offer that cannot be used is declined by."""

    subtask_id: Id
    attempt: Attempt


Handler = Callable[[Any, int | None], Awaitable[None] | None]


class Dispatch:
    """Handles messages in the order in which they came; what takes time runs in ``group``."""

    def __init__(self, connection: Connection, device: Device, group: asyncio.TaskGroup) -> None:
        self._connection = connection
        self._device = device
        self._group = group
        self._accepting: set[Subtask] = set()
        self.handlers: dict[str, Handler] = {
            "task:execute": self._execute,
            "task:ack": self._ack,
            "task:replay": self._replay,
            "task:cancel": self._cancel,
            "task:input": self._input,
        }

    async def handle(self, frame: Frame) -> None:
        """Do what one message says; answer one that cannot be used with an error."""
        if frame.event == "ping":
            await self._connection.send(encode("ack", {}, frame.ref))
            return
        try:
            handler = self.handlers.get(frame.event)
            if handler is None:
                raise ProtocolError(Code.BAD_MESSAGE, f"There is no event {frame.event[:64]!r} for a device.")
            _check_size(frame)
            done = handler(decode_data(frame.data, TO_DEVICE[frame.event], frame.event), frame.ref)
            if done is not None:
                await done
        except ProtocolError as error:
            if not self._decline_unusable(frame, error):
                await self._connection.send(encode_error(error, frame.ref))

    def _decline_unusable(self, frame: Frame, error: ProtocolError) -> bool:
        """Decline an offer for good that cannot be used but can be named; return whether it was one."""
        if frame.event != "task:execute":
            return False
        try:
            named = decode_data(frame.data, _Named)
        except ProtocolError:
            return False
        refusal = Refusal(f"The device cannot use this offer: {error.message}", retry=False)
        self._group.create_task(self._decline(named, refusal))
        return True

    def resume(self, verdicts: list[Resume]) -> None:
        """Go on with what register listed, each as the server says; what it does not name it does not know."""
        by_id = {(verdict.subtask_id, verdict.attempt): verdict for verdict in verdicts}
        for subtask in self._device:
            verdict = by_id.get((subtask.id, subtask.attempt))
            subtask.resume(verdict.seq if verdict else subtask.outbox.spool.first - 1)
            if verdict is not None and verdict.verdict == "continue":
                self._device.begin(subtask)
            else:
                self._device.refuse(subtask)

    def stop(self, subtask_ids: list[str]) -> None:
        """Stop what a heartbeat's answer names."""
        for subtask_id in subtask_ids:
            subtask = self._device.get(subtask_id)
            if subtask is not None:
                self._device.refuse(subtask)

    def _execute(self, offer: Execute, ref: int | None) -> None:
        taken = self._device.consider(offer)
        if isinstance(taken, Refusal):
            self._group.create_task(self._decline(offer, taken))
        elif taken is not None and taken not in self._accepting:
            self._accepting.add(taken)
            self._group.create_task(self._accept(taken))

    async def _accept(self, subtask: Subtask) -> None:
        """Ask whether to start, and start only after the answer."""
        try:
            await ask(self._connection, "task:accept", Accept(subtask.id, subtask.attempt))
        except RefusedError as refused:
            log.info("Subtask %s is not to be started: %s", subtask.id, refused)
            if subtask.phase is Phase.ACCEPTING:
                self._device.forget(subtask)
            return
        finally:
            self._accepting.discard(subtask)
        if subtask.phase is Phase.ACCEPTING and self._device.get(subtask.id) is subtask:
            subtask.resume(0)
            self._device.begin(subtask)

    async def _decline(self, offer: Execute | _Named, refusal: Refusal) -> None:
        log.info("Declining subtask %s: %s", offer.subtask_id, refusal.reason)
        reason = (await self._device.redacted(refusal.reason))[:4096]
        decline = Decline(offer.subtask_id, offer.attempt, reason, refusal.retry)
        try:
            await ask(self._connection, "task:decline", decline)
        except RefusedError as refused:
            log.debug("Declining subtask %s changed nothing: %s", offer.subtask_id, refused)

    def _ack(self, ack: Ack, ref: int | None) -> None:
        subtask = self._device.get(ack.subtask_id)
        if subtask is not None:
            subtask.acknowledge(ack.seq, ack.stored)

    def _replay(self, replay: Replay, ref: int | None) -> None:
        subtask = self._device.get(replay.subtask_id)
        if subtask is not None:
            subtask.replay(replay.seq)

    def _cancel(self, cancel: Cancel, ref: int | None) -> None:
        subtask = self._device.get(cancel.subtask_id)
        if subtask is not None and subtask.attempt == cancel.attempt:
            log.info("Stopping subtask %s.", subtask.id)
            subtask.stop(Stop.CANCELLED, cancel.grace_seconds)

    def _input(self, message: TaskInput, ref: int | None) -> None:
        subtask = self._device.get(message.subtask_id)
        if subtask is None:
            raise ProtocolError(Code.NOT_FOUND, "This subtask is not on this device.")
        try:
            given = msgspec.convert(message.input, AnyInput)
        except msgspec.ValidationError as error:
            raise ProtocolError(Code.BAD_MESSAGE, f"The input is not valid: {error}.") from None
        by = message.input.get("by")
        self._group.create_task(
            self._hand_over(subtask, message.input_id, given, by if isinstance(by, str) else "user", ref)
        )

    async def _hand_over(self, subtask: Subtask, input_id: str, given: AnyInput, by: str, ref: int | None) -> None:
        """Give an input to the shell once it runs, and once only, and say whether it was taken."""
        await subtask.begun.wait()  # a subtask that is not begun is begun or dropped by the answer to its accept
        try:
            if input_id not in subtask.known_inputs:
                await self._deliver(subtask, input_id, given, by)
        except ProtocolError as error:
            await self._connection.send(encode_error(error, ref))
            return
        if ref is not None:
            await self._connection.send(encode("ack", {}, ref))

    async def _deliver(self, subtask: Subtask, input_id: str, given: AnyInput, by: str) -> None:
        runner = self._device.runner(subtask.id)
        if runner is None:
            raise ProtocolError(Code.SETTLED, "The subtask has ended on its device.")
        subtask.known_inputs.add(input_id)
        if isinstance(given, ApprovalInput):
            if not runner.answer(given, by):
                log.info("Subtask %s does not wait for the answer to %s (any more).", subtask.id, given.id)
        elif not await runner.deliver(given.text, by):
            raise ProtocolError(
                Code.CONFLICT, "The subtask takes no follow-up now.", "Send it as a further turn of the task."
            )


def _check_size(frame: Frame) -> None:
    size = len(memoryview(frame.data))
    if size > MAX_FRAME:
        raise ProtocolError(
            Code.TOO_LARGE, f"It has {size} bytes, a frame may have {MAX_FRAME}. Send less, or send it as a file."
        )
