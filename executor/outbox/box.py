"""What must outlive the executor of each subtask: that its accept was sent, its processes, output and end.

``outbox/<subtask>/`` holds ``meta.json``, the numbered output (:mod:`executor.outbox.spool`) and, at the end,
``outcome.json``. It exists from before the accept is sent until the server has answered the complete.
"""

import contextlib
import logging
import os
import shutil
from pathlib import Path

import msgspec

from executor.outbox.spool import FileSpool
from executor.processes.tree import Born
from executor.workspace import folder_name, scratch_folder
from wegent.protocol.device_messages import Complete

log = logging.getLogger(__name__)

_META = "meta.json"
_OUTCOME = "outcome.json"


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which subtask this is, and the leaders of its process groups: the ledger of processes."""

    subtask_id: str
    task_id: str
    attempt: int
    shell: str
    processes: list[Born] = []
    scratch: str | None = None
    """A folder that is removed at the end."""


class Outbox:
    """One subtask's folder."""

    def __init__(self, folder: Path, meta: Meta) -> None:
        self.folder = folder
        self.meta = meta
        self.spool = FileSpool(folder)
        self._outcome: Complete | None = None

    @classmethod
    def create(cls, home: Path, meta: Meta) -> "Outbox":
        """Make the folder; from now on the subtask is listed, also after a restart."""
        folder = home / "outbox" / folder_name(meta.subtask_id)
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(mode=0o700, parents=True)
        try:
            write(folder / _META, meta)
            return cls(folder, meta)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @classmethod
    def load(cls, folder: Path) -> "Outbox | None":
        """Read what a former process left; None if it never got as far as to send its accept."""
        try:
            meta = msgspec.json.decode((folder / _META).read_bytes(), type=Meta)
        except (OSError, msgspec.DecodeError) as error:
            log.warning("Dropping %s: %s", folder, error)
            shutil.rmtree(folder, ignore_errors=True)
            return None
        return cls(folder, meta)

    def add_process(self, process: Born) -> None:
        """Note the leader of a process group, so that a later executor finds what is left of it."""
        self.meta = msgspec.structs.replace(self.meta, processes=[*self.meta.processes, process])
        write(self.folder / _META, self.meta)

    @property
    def outcome(self) -> Complete | None:
        """How it ended, if it has."""
        if self._outcome is not None:
            return self._outcome
        try:
            return msgspec.json.decode((self.folder / _OUTCOME).read_bytes(), type=Complete)
        except FileNotFoundError:
            return None
        except msgspec.DecodeError as error:
            log.warning("Cannot read %s: %s", self.folder / _OUTCOME, error)
            return None

    def write_outcome(self, outcome: Complete) -> None:
        """Keep how it ended, for good: a power cut after this does not change it.

        A disk that does not take it is no reason not to tell it: it is reported from memory then.
        """
        self._outcome = outcome
        try:
            write(self.folder / _OUTCOME, outcome, durable=True)
        except OSError as error:
            log.error(
                "Cannot write how subtask %s ended (%s); it is reported from memory.", outcome.subtask_id, error
            )

    def remove(self) -> None:
        """Forget the subtask: the server has answered, or never knew it."""
        self.spool.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def remove_scratch(self) -> None:
        """Delete the folder that was made for this subtask alone; no other one, whatever the ledger says."""
        if not self.meta.scratch:
            return
        scratch = Path(self.meta.scratch)
        if scratch != scratch_folder(self.folder.parent.parent, self.meta.subtask_id):
            log.warning("Not deleting %s: it was not made for subtask %s.", scratch, self.meta.subtask_id)
            return
        shutil.rmtree(scratch, ignore_errors=True)


def leftovers(home: Path) -> list[Outbox]:
    """Return what former processes left in ``home``."""
    folder = home / "outbox"
    if not folder.is_dir():
        return []
    return [found for path in sorted(folder.iterdir()) if path.is_dir() and (found := Outbox.load(path))]


def write(path: Path, content: msgspec.Struct, durable: bool = False) -> None:
    """Replace a file in one step, ``durable`` against power cuts too."""
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(content))
        file.flush()
        if durable:
            os.fsync(file.fileno())
    os.replace(temporary, path)
    if durable:
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every system can open a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
