"""Runs one subtask: its shell, the way of its output to the outbox, its stop, and how it ended."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from executor import workspace
from executor.approvals import Approvals
from executor.config import Config
from executor.environment import Mark
from executor.files.attachments import AttachmentError, Attachments
from executor.files.results import Results
from executor.files.uploads import Uploads
from executor.output import whole as whole_output
from executor.output.coalescer import Coalescer
from executor.output.limit import OutputLimit
from executor.output.whole import WholeOutput
from executor.processes.kept import Keeper, Kept
from executor.processes.tree import Child, Tree, born
from executor.redaction.outgoing import Outgoing
from executor.redaction.owner_secrets import OwnerSecrets, TaskSecrets
from executor.redaction.redactor import Redactor
from executor.shells.base import Job, Outcome, Shell, Tools
from executor.subtask import Stop, Subtask, stopped_outcome
from wegent.protocol.errors import Code
from wegent.protocol.inputs import ApprovalInput
from wegent.protocol.output_events import AnyEvent, FollowUp, Notice
from wegent.protocol.time_limit import time_limit

log = logging.getLogger(__name__)

NOT_TAKEN = "A follow-up was not taken; send it as a further turn of the task:"
SHOWN_TAKEN = 32_768
"""Characters of a follow-up that its output shows: an event has its limit."""
SHOWN_REFUSED = 200
"""Characters of it that are told."""
AFTER_STOP = 5.0
"""Seconds that a shell has, once its processes are gone, to hand over what they had written."""


class StoppedError(Exception):
    """A process was to be started although the subtask is being stopped."""


class Runner:
    """Runs ``subtask`` with a shell of ``kind``; ``token`` gives what its files are fetched and sent with.

    Nothing leaves it but what went through its redactor, which knows the ``secrets`` of the device's owner.
    """

    def __init__(
        self,
        subtask: Subtask,
        job: Job,
        kind: type[Shell],
        config: Config,
        token: Callable[[], str],
        secrets: OwnerSecrets,
        keeper: Keeper,
    ) -> None:
        self._subtask = subtask
        self._job = job
        self._config = config
        self._mark = Mark(str(config.home), subtask.id)
        self._children: list[Child] = []
        self._keeper = keeper
        self._lent: list[Kept] = []
        self._is_over = False
        self._disk_failure = ""
        self._coalescer = Coalescer(
            subtask.append,
            config.timing.coalesce_ms / 1000,
            on_failure=self._fail,
        )
        self._secrets = TaskSecrets(secrets, job.options.env, job.folder)
        self._redactor = Redactor(self._secrets, secrets.patterns)
        self._outgoing = Outgoing(self._redactor, self._coalescer.add)
        self._approvals = Approvals(config.home, job.task_id, self._emit, config.approval_seconds)
        draft, file = subtask.outbox.folder / "output", whole_output.file_of(config.home, subtask.id)
        whole = WholeOutput(draft, file, config.limits.output_file)
        self._limit = OutputLimit(self._outgoing.add, self._outgoing.skip, config.limits.output, whole)
        self._token = token
        self._attachments = Attachments(config.url, token, job.attachments, self._emit)
        self._uploads = Uploads(config.url, token, subtask.id, self._emit, self._redactor)
        self._shell = kind(job, self._tools())

    async def run(self) -> None:
        """Run to the end; afterwards nothing of it runs any more and its outcome is on disk."""
        outcome = await self._outcome()
        self._is_over = True
        if self._job.options.results:
            await self._send_results()
        with contextlib.suppress(OSError):  # the failure became the outcome already
            outcome = _with_file(outcome, self._limit.finish())
            outcome = self._redactor.value(outcome)  # before it is told how much was taken out
            self._outgoing.finish()
            self._coalescer.flush()
        if self._subtask.stop_wanted is Stop.DISK_FAILED:
            outcome = self._stopped_outcome()
        await self._subtask.end(self._redactor.value(outcome))

    async def deliver(self, text: str, by: str) -> bool:
        """Hand a follow-up to the shell; False if it takes none (any more); its output says which."""
        is_taken = not self._is_over and await self._shell.deliver(text)
        if not self._is_over:  # else the output is closed
            room = SHOWN_TAKEN if is_taken else SHOWN_REFUSED
            shown = text if len(text) <= room else f"{text[:room]}…"
            said = FollowUp(shown, by) if is_taken else Notice("warning", f"{NOT_TAKEN} {shown}")
            with contextlib.suppress(OSError):  # that failure ends the subtask, and is told as its end
                self._outgoing.add(said)
        return is_taken

    def answer(self, given: ApprovalInput, by: str) -> bool:
        """Hand over the answer to an approval; False if nothing waits for it."""
        return self._approvals.answer(given, by)

    def kill(self) -> None:
        """Kill its processes at once; whoever starts next reports it."""
        for child in self._children:
            child.tree.end_now()
        for kept in self._lent:
            kept.child.tree.end_now()

    async def _outcome(self) -> Outcome:
        work = asyncio.create_task(self._work())
        stop = asyncio.create_task(self._subtask.stopping.wait())
        watch = asyncio.create_task(self._secrets.watch())
        try:
            await asyncio.wait({work, stop}, timeout=self._job.timeout, return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                self._subtask.stop(Stop.TIMED_OUT)
                await self._stop(work)
                return msgspec.structs.replace(self._stopped_outcome(), result=_known_result(work))
            return work.result()
        except asyncio.CancelledError:
            self.kill()
            raise
        finally:
            for task in (stop, work, watch):
                task.cancel()
            await asyncio.wait({work, stop, watch}, timeout=AFTER_STOP)
            await self._sweep()

    def _stopped_outcome(self) -> Outcome:
        reason = self._subtask.stop_wanted or Stop.CANCELLED
        return stopped_outcome(reason, self._job.timeout, self._disk_failure)

    async def _work(self) -> Outcome:
        """Run the shell; what it did not expect becomes a failure, never a subtask without an end."""
        try:
            await self._secrets.read()
            if (refusal := await self._approved()) is not None:
                return refusal
            return await self._shell.run(await self._attachments.fetch(self._job.options.attached))
        except AttachmentError as error:
            return Outcome.failed(Code.SHELL_FAILED, str(error))
        except Exception as error:
            if not self._subtask.stopping.is_set():
                log.exception("Subtask %s failed unexpectedly.", self._subtask.id)
            causes = error.exceptions if isinstance(error, ExceptionGroup) else [error]
            told = "; ".join(f"{type(cause).__name__}: {cause}" for cause in causes)
            return Outcome.failed(Code.SHELL_FAILED, f"The executor could not run it: {told}. See its log.")

    async def _send_results(self) -> None:
        """Send back what was asked for, unless it is stopped meanwhile: then how it ended is enough."""
        sending = asyncio.create_task(Results(self._job, self._uploads.send, self._emit).send())
        unwanted = asyncio.create_task(self._subtask.unwanted.wait())
        try:
            await asyncio.wait({sending, unwanted}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                with contextlib.suppress(OSError):  # the disk's; it becomes the outcome
                    sending.result()
        finally:
            sending.cancel()
            unwanted.cancel()
            await asyncio.wait({sending, unwanted}, timeout=AFTER_STOP)

    async def _approved(self) -> Outcome | None:
        """Ask before a shell that itself asks for nothing, unless its owner named it or trusts more."""
        offer = self._subtask.offer
        assert offer is not None
        if self._shell.asks or offer.shell in self._config.named_shells or self._config.permission_mode != "ask":
            return None
        asked = {"prompt": offer.prompt, "options": offer.options, "folder": str(self._job.folder)}
        decision = await self._approvals.ask(offer.shell, asked, reason="It runs code without asking again.")
        if decision.is_allowed:
            return None
        return Outcome.failed(Code.DECLINED, f"It was not allowed to run. {decision.message}".strip())

    def _tools(self) -> Tools:
        return Tools(
            emit=self._emit,
            start=self._start,
            keep=self._keep,
            ask=self._approvals.ask,
            send_file=self._uploads.send,
            fetch_file=self._fetch_file,
            scratch=self._subtask.outbox.folder / "scratch",
        )

    async def _fetch_file(self, id: str, folder: Path) -> Path:
        (path,) = await Attachments(self._config.url, self._token, folder, self._emit).fetch([id])
        return path

    async def _emit(self, event: AnyEvent) -> None:
        with self._on_disk():
            await self._subtask.wait_for_room()
        self._limit.add(event)

    async def _start(self, argv: Sequence[str], env: Mapping[str, str], *, needs_input: bool = False) -> Child:
        """Start a child in the job's folder, and write it down before anything else happens."""
        self._refuse_when_stopping()
        folder = self._job.folder
        with self._on_disk():
            workspace.enter(folder)
        child = await Child.start(argv, cwd=Path(folder), env=env, mark=self._mark, needs_input=needs_input)
        self._children.append(child)
        leader = born(child.pid)
        if leader is not None:
            with self._on_disk():
                await asyncio.to_thread(self._subtask.outbox.add_process, leader)
        return child

    @contextlib.contextmanager
    def _on_disk(self) -> Iterator[None]:
        """Write something down without which nothing may go on."""
        try:
            yield
        except OSError as error:
            self._fail(error)
            raise

    def _fail(self, error: OSError) -> None:
        """End it, since the disk does not take what must be kept."""
        log.error("Subtask %s ends, since the disk fails: %s.", self._subtask.id, error)
        self._disk_failure = f"{error.strerror}: {error.filename or self._config.home}"
        self._subtask.stop(Stop.DISK_FAILED)

    async def _keep(
        self, kind: str, argv: Sequence[str], env: Mapping[str, str], *, about: str = "", is_choosy: bool = True
    ) -> Kept:
        """Lend what is kept for the task; :meth:`_sweep` gives it back."""
        self._refuse_when_stopping()
        with self._on_disk():
            workspace.enter(self._job.folder)
        kept = await self._keeper.lend(kind, self._job.task_id, argv, env, about=about, is_choosy=is_choosy)
        self._lent.append(kept)
        self._refuse_when_stopping()
        return kept

    def _refuse_when_stopping(self) -> None:
        if self._subtask.stopping.is_set():
            raise StoppedError("it is being stopped")

    async def _stop(self, work: asyncio.Task[Outcome]) -> None:
        """Interrupt, terminate, kill; return when nothing of it runs."""
        terminate = self._config.timing.terminate
        grace = self._subtask.stop_grace
        patience = self._config.timing.cancel if grace is None else max(grace - terminate, 0)
        if not self._children and not self._lent:
            work.cancel()
        try:
            async with time_limit(patience):
                await self._shell.interrupt()
                await asyncio.wait({work})
        except TimeoutError:
            log.info("Subtask %s does not stop by itself; ending its processes.", self._subtask.id)
        except OSError as error:
            log.info("Subtask %s cannot be interrupted (%s); ending its processes.", self._subtask.id, error)
        for child in self._children:
            await child.tree.end(terminate)
        for kept in self._lent:
            if not kept.is_at_rest:
                await kept.child.tree.end(terminate)
        await asyncio.wait({work}, timeout=AFTER_STOP)

    async def _sweep(self) -> None:
        """Whatever came from it and still runs is ended, also what was being started when it ended."""
        for kept in self._lent:
            await self._keeper.give_back(kept)
        trees = [child.tree for child in self._children] or [Tree(self._mark, None)]
        for tree in trees:
            await tree.end(self._config.timing.terminate)
        for child in self._children:
            child.close()


def _known_result(work: asyncio.Task[Outcome]) -> dict[str, Any] | None:
    """Return what a stopped shell still told, such as the session that a further turn goes on with."""
    if not work.done() or work.cancelled():
        return None
    return work.result().result


def _with_file(outcome: Outcome, file: Path | None) -> Outcome:
    """Name the file with all output, where it was more than was sent."""
    if file is None:
        return outcome
    return msgspec.structs.replace(outcome, result={**(outcome.result or {}), "output_file": str(file)})
