"""Where a task works: a folder of its own, or one that the device's owner offers."""

import hashlib
import re
from pathlib import Path, PurePosixPath, PureWindowsPath

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


def resolve(workdir: str, own: Path, offered: tuple[Path, ...]) -> Path:
    """Return the folder that ``options.workdir`` names, relative to the task's own.

    Symbolic links are followed first, so that none leads out of what is offered. Raises
    :class:`ForbiddenFolderError` for a folder that is not inside the task's own or an offered one.
    """
    if "\0" in workdir:
        raise ForbiddenFolderError("options.workdir is not a path.")
    own = own.resolve()
    try:
        wanted = (own / Path(workdir).expanduser()).resolve()
    except (OSError, RuntimeError) as error:
        raise ForbiddenFolderError(f"options.workdir {workdir!r} cannot be resolved: {error}.") from None
    if wanted.is_relative_to(own):
        return wanted
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
