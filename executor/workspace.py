"""Where a task works: a folder of its own, or one that the device's owner offers."""

import hashlib
import re
from pathlib import Path, PurePosixPath, PureWindowsPath

LONGEST = 4096
"""Characters of a path (PATH_MAX, limits.h)."""
_SAFE = re.compile(r"[a-z0-9_-][a-z0-9_.-]{0,127}")


class ForbiddenFolderError(Exception):
    """A folder that the device's owner does not offer; the message is for the sender."""


def folder_name(identifier: str) -> str:
    """Return ``identifier`` as a file name: itself where that is safe everywhere, else a hash of it.

    Ids come over the wire: ``../..`` must not lead out, and two that differ in case must not meet on a
    file system that ignores it.
    """
    if _SAFE.fullmatch(identifier):
        return identifier
    return "~" + hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()


def own_folder(home: Path, identifier: str) -> Path:
    """Return the folder of the task ``identifier``."""
    return home / "workspace" / folder_name(identifier)


def scratch_folder(home: Path, subtask_id: str) -> Path:
    """Return the folder that is, in the cloud, one subtask's alone and removed at its end."""
    return own_folder(home, f"cloud-{subtask_id}")


def output_file(home: Path, task_id: str, subtask_id: str) -> Path:
    """Return the file that has all output of a subtask, where that is more than is sent."""
    return own_folder(home, task_id) / "output" / f"{folder_name(subtask_id)}.log"


def lies_in(folder: Path, folders: tuple[Path, ...]) -> bool:
    """Whether ``folder`` is one of ``folders`` or in one, links followed."""
    return any(folder.resolve().is_relative_to(each.resolve()) for each in folders)


def resolve(workdir: str, own: Path, offered: tuple[Path, ...]) -> Path:
    """Return the folder that ``options.workdir`` names, relative to the task's own.

    Symbolic links are followed first, so that none leads out of what is offered; the task's own folder must be
    none. Raises :class:`ForbiddenFolderError` for a folder that is not inside the task's own or an offered one.
    """
    if "\0" in workdir or len(workdir) > LONGEST:
        raise ForbiddenFolderError("options.workdir is not a path.")
    try:
        return _inside((own.parent.resolve() / own.name), workdir, offered)
    except (OSError, RuntimeError, ValueError) as error:
        raise ForbiddenFolderError(f"options.workdir {workdir[:200]!r} cannot be resolved: {error}.") from None


def _inside(own: Path, workdir: str, offered: tuple[Path, ...]) -> Path:
    if own.is_symlink():
        raise ForbiddenFolderError(f"{own} was replaced by a link. Remove it, or begin a new task.")
    wanted = (own / Path(workdir).expanduser()).resolve()
    if wanted.is_relative_to(own):
        there = next(path for path in (wanted, *wanted.parents) if path.exists())
        if there.is_dir():
            return wanted
        raise ForbiddenFolderError(f"{there} is not a folder on this device.")
    for folder in offered:
        if wanted.is_relative_to(folder.resolve()):
            if wanted.is_dir():
                return wanted
            raise ForbiddenFolderError(f"{wanted} is not a folder on this device.")
    listed = ", ".join(map(str, offered)) or "none"
    raise ForbiddenFolderError(
        f"{wanted} is not inside a folder that this device offers (offered: {listed})."
        " Its owner can offer it: wegent-executor --workspace DIR."
    )


def is_inside(pattern: str) -> bool:
    """Whether a pattern names files inside whatever folder it is relative to, on any system."""
    parts = pattern.replace("\\", "/").split("/")
    is_rooted = PurePosixPath(pattern).is_absolute() or bool(PureWindowsPath(pattern).anchor)
    is_clear = all(part == "**" or "**" not in part for part in parts)
    return (
        bool(PurePosixPath(pattern).parts) and not is_rooted and is_clear and not {"..", "\0"} & {*parts, *pattern}
    )


def enter(folder: Path) -> None:
    """Make a resolved folder where it is missing; raise ForbiddenFolderError if a link is in its place by now."""
    for make in (True, False):
        if folder.resolve() != folder:
            raise ForbiddenFolderError(f"{folder} leads elsewhere now: a link was put in its way. Remove it.")
        if make:
            folder.mkdir(parents=True, exist_ok=True)
