"""This computer as a device: its slots, what runs in them, and what the server asks of it."""

import asyncio
import logging
from collections.abc import Callable, Iterator

from executor import fault, shells
from executor.admission import Refusal, admit
from executor.config import Config
from executor.load import LoadMeter
from executor.outbox.backlog import Backlog
from executor.outbox.box import Meta, Outbox
from executor.processes.kept import Keeper, Kind
from executor.redaction.owner_secrets import OwnerSecrets
from executor.redaction.pieces import Secrets
from executor.redaction.redactor import Redactor
from executor.runner import Runner
from executor.shells.base import Job, Outcome
from executor.subtask import Phase, Stop, Subtask, stopped_outcome
from executor.workspace import scratch_folder
from wegent.protocol.device_messages import Execute, Running
from wegent.protocol.errors import Code

log = logging.getLogger(__name__)

_MOST_WARM = 2
_LOW_MEMORY = 1 << 30
"""Bytes that must be free for Claude Code to stay warm."""


class Device:
    """Holds every subtask whose accept was sent and whose complete is unanswered."""

    def __init__(self, config: Config, device_id: str, group: asyncio.TaskGroup) -> None:
        self.config = config
        self.device_id = device_id
        self.login = config.login
        """The login to use now: it is renewed, and another one taken when somebody has logged in again."""
        self.load = LoadMeter()
        self.is_paused = False
        """Takes nothing new until its owner resumes it."""
        self.is_draining = False
        """Takes nothing new any more: it is about to end."""
        self.begun = 0
        """How many subtasks have begun."""
        self.changed = asyncio.Event()
        """Set whenever there may be something to send."""
        self.secrets = OwnerSecrets(config, self._token)
        self._redactor = Redactor(lambda: Secrets(self.secrets.known()), self.secrets.patterns)
        self._group = group
        usual = Kind("kernel", config.kept, config.kept_seconds)
        warm = Kind("claude", _MOST_WARM, config.warm_seconds, memory=_LOW_MEMORY, has_state=False)
        self.keeper = Keeper(config.home, usual, [warm], config.timing.terminate, group)
        self._subtasks: dict[str, Subtask] = {}
        self._jobs: dict[str, Job] = {}
        self._runners: dict[str, Runner] = {}
        self._left = asyncio.Event()

    def __iter__(self) -> Iterator[Subtask]:
        return iter(list(self._subtasks.values()))

    def get(self, subtask_id: str) -> Subtask | None:
        """Return a subtask that is held here."""
        return self._subtasks.get(subtask_id)

    def runner(self, subtask_id: str) -> Runner | None:
        """Return what runs a subtask; None while it has not begun and once it has ended."""
        return self._runners.get(subtask_id)

    def listed(self) -> list[Running]:
        """Return what register and heartbeats list."""
        return [subtask.listed() for subtask in self]

    @property
    def busy(self) -> int:
        """How many slots are taken; what has ended and waits for its answer takes none."""
        return sum(subtask.phase is not Phase.ENDED for subtask in self)

    @property
    def running(self) -> int:
        """How many have begun and not ended."""
        return sum(subtask.phase is Phase.RUNNING for subtask in self)

    @property
    def takes_new(self) -> bool:
        """Whether it wants to be offered anything."""
        return not (self.is_paused or self.is_draining)

    async def redacted(self, text: str) -> str:
        """Return a text that is sent for no subtask that runs, without the owner's secrets."""
        await self.secrets.read()
        return self._redactor.text(text)

    def adopt(self, outbox: Outbox) -> None:
        """Take over what a former process left; it has an outcome already."""
        self._subtasks[outbox.meta.subtask_id] = Subtask(outbox, None, self.changed.set)

    def consider(self, offer: Execute) -> Subtask | Refusal | None:
        """Return a subtask to accept, why not, or None for an offer that is in hand already."""
        known = self.get(offer.subtask_id)
        if known is not None:
            if known.attempt == offer.attempt:
                return known if known.phase is Phase.ACCEPTING else None
            if known.phase is not Phase.ACCEPTING:
                return Refusal("An earlier attempt of it is still being reported from here.", retry=True)
            self.forget(known)
        if self.is_draining:
            return Refusal("The executor is stopping.", retry=True)
        if self.is_paused:
            return Refusal("The device is paused.", retry=True)
        if self.busy >= self.config.slots:
            return Refusal(f"All {self.config.slots} slots are taken.", retry=True)
        job = admit(offer, self.config)
        return job if isinstance(job, Refusal) else self._hold(offer, job)

    def _hold(self, offer: Execute, job: Job) -> Subtask | Refusal:
        """Write down that this will be accepted, before anybody is told so."""
        is_cloud = self.config.kind == "cloud"
        scratch = str(scratch_folder(self.config.home, offer.subtask_id)) if is_cloud else None
        meta = Meta(offer.subtask_id, offer.task_id, offer.attempt, offer.shell, scratch=scratch)
        try:
            outbox = Outbox.create(self.config.home, meta)
        except OSError as error:
            log.error("Cannot keep a subtask on disk: %s", error)
            return Refusal(f"The device cannot write to its disk: {error}.", retry=True)
        backlog = Backlog(outbox.spool, self.config.limits.outbox, self.config.timing.reconnect_max)
        subtask = Subtask(outbox, offer, self.changed.set, backlog)
        self._subtasks[subtask.id] = subtask
        self._jobs[subtask.id] = job
        return subtask

    def begin(self, subtask: Subtask) -> None:
        """Start the work: the server has answered yes. Harmless when it has begun."""
        if subtask.phase is not Phase.ACCEPTING:
            return
        subtask.mark_running()
        self.begun += 1
        self.notify()
        job = self._jobs.pop(subtask.id)
        if subtask.stop_wanted is not None:
            subtask.begun.set()
            self._group.create_task(self._end_unstarted(subtask, subtask.stop_wanted))
            return
        fault.reach(fault.AFTER_ACCEPT, self.config.armed_fault)
        assert subtask.offer is not None
        log.info("Running subtask %s (%s).", subtask.id, subtask.offer.shell)
        shell = shells.load(subtask.offer.shell)
        runner = Runner(subtask, job, shell, self.config, self._token, self.secrets, self.keeper)
        self._runners[subtask.id] = runner
        subtask.begun.set()
        self._group.create_task(self._run(subtask, runner))

    def _token(self) -> str:
        """The token of now: the login is renewed while subtasks run."""
        return self.login.token

    async def _run(self, subtask: Subtask, runner: Runner) -> None:
        try:
            await runner.run()
        except Exception as error:
            log.exception("Subtask %s could not be brought to its end.", subtask.id)
            told = await self.redacted(f"The executor failed: {error}. See its log.")
            await subtask.end(Outcome.failed(Code.SHELL_FAILED, told))
        finally:
            del self._runners[subtask.id]
        await asyncio.to_thread(subtask.outbox.remove_scratch)
        self._mark_ended(subtask)

    async def _end_unstarted(self, subtask: Subtask, reason: Stop) -> None:
        await subtask.end(stopped_outcome(reason))
        self._mark_ended(subtask)

    def _mark_ended(self, subtask: Subtask) -> None:
        assert subtask.outcome is not None
        fault.reach(fault.BEFORE_REPORT, self.config.armed_fault)
        log.info("Subtask %s is over: %s.", subtask.id, subtask.outcome.status)
        subtask.mark_ended()
        self.notify()

    def refuse(self, subtask: Subtask) -> None:
        """Stop a subtask that the server wants stopped; one that has not begun never will."""
        subtask.stop(Stop.CANCELLED)
        self.begin(subtask)

    def forget(self, subtask: Subtask) -> None:
        """Drop a subtask: the complete was answered, or the server never gave it to this device."""
        if self._subtasks.get(subtask.id) is subtask:
            del self._subtasks[subtask.id]
            self._jobs.pop(subtask.id, None)
            subtask.begun.set()
            subtask.outbox.remove()
            self.notify()

    def stop_all(self, reason: Stop) -> None:
        """Stop everything that runs, and start nothing that is only accepted."""
        for subtask in self:
            subtask.stop(reason)

    async def drop_all(self) -> None:
        """Stop everything and report nothing of it: the server has settled it all."""
        for subtask in self:
            if subtask.phase is Phase.ACCEPTING:
                self.forget(subtask)
        self.stop_all(Stop.CANCELLED)
        await self.wait_until(lambda device: device.busy == 0)
        await self.keeper.end_all("the device was deleted")
        for subtask in self:
            self.forget(subtask)

    def kill_all(self) -> None:
        """Kill every process of every subtask, without waiting and without a report."""
        for runner in list(self._runners.values()):
            runner.kill()
        self.keeper.end_now()

    async def wait_until(self, check: Callable[["Device"], bool]) -> None:
        """Wait until ``check`` holds; looked at whenever a subtask begins, ends or is dropped."""
        while not check(self):
            self._left.clear()
            await self._left.wait()

    def notify(self) -> None:
        """Let everybody look who waits for something of this device."""
        self._left.set()
        self.changed.set()
