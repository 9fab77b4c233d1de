"""The kernels that this device offers: those that are installed, and Pythons that its owner names."""

import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import msgspec

from wegent.protocol.timing import InvalidSettingError

log = logging.getLogger(__name__)

DEFAULT = "python3"
_MOST = 64
"""Kernels that a register may tell."""
_LONGEST_NAME = 64
_PYTHONS = ("python", "python3", f"python3.{sys.version_info.minor}")
"""By these a kernelspec means the Python of whoever starts it (jupyter_client does the same)."""


class Kernel(msgspec.Struct, frozen=True, omit_defaults=True):
    """One kernel: what its ``kernel.json`` says, and the folder that this is in."""

    name: str
    argv: list[str]
    language: str = ""
    display_name: str = ""
    env: dict[str, str] = {}
    interrupt_mode: str = "signal"
    metadata: dict[str, object] = {}
    folder: str = ""

    @property
    def is_python(self) -> bool:
        """Whether Python source runs in it."""
        return self.language.lower() == "python"


class _Spec(msgspec.Struct):
    """``kernel.json`` (jupyter-client.readthedocs.io, "Kernel specs")."""

    argv: list[str]
    language: str = ""
    display_name: str = ""
    env: dict[str, str] = {}
    interrupt_mode: str = "signal"
    metadata: dict[str, object] = {}


def offered(wanted: Sequence[str] | None, pythons: Sequence[str]) -> dict[str, Kernel]:
    """Return the kernels by name: the installed ones, or those ``wanted`` of them, and the owner's ``pythons``.

    A Python is ``NAME=PATH`` or ``PATH``: an interpreter, or the folder of an environment. Raises
    InvalidSettingError for one that is not there.
    """
    found = {kernel.name: kernel for kernel in map(_of_python, pythons)}
    installed = _installed()
    if wanted is not None:
        missing = [name for name in wanted if name not in installed and name not in found]
        if missing:
            there = ", ".join(installed) or "none"
            raise InvalidSettingError(f"There is no kernel {', '.join(missing)} here. Installed: {there}.")
        installed = {name: kernel for name, kernel in installed.items() if name in wanted}
    for name, kernel in installed.items():
        found.setdefault(name, kernel)
    if len(found) > _MOST:
        log.warning("More than %d kernels: the rest is not offered. Name those to offer with --kernel.", _MOST)
    return dict(list(found.items())[:_MOST])


def default(kernels: dict[str, Kernel]) -> str:
    """Return the kernel to use where none is asked for: ``python3``, else one for Python, else the first."""
    if DEFAULT in kernels:
        return DEFAULT
    return next((name for name, kernel in kernels.items() if kernel.is_python), next(iter(kernels)))


def _installed() -> dict[str, Kernel]:
    """Look where Jupyter looks; the first of a name counts."""
    try:
        from jupyter_core.paths import jupyter_path  # an executor without it offers no kernels
    except ImportError:
        return {}
    found: dict[str, Kernel] = {}
    for folder in jupyter_path("kernels"):
        for kernel in _in_folder(Path(folder)):
            found.setdefault(kernel.name, kernel)
    return dict(sorted(found.items()))


def _in_folder(folder: Path) -> Iterator[Kernel]:
    try:
        paths = sorted(folder.glob("*/kernel.json"))
    except OSError as error:
        log.warning("Cannot look for kernels in %s: %s", folder, error)
        return
    for path in paths:
        try:
            spec = msgspec.json.decode(path.read_bytes(), type=_Spec)
        except (OSError, msgspec.DecodeError) as error:
            log.warning("The kernel in %s is not offered: %s", path.parent, error)
            continue
        name = path.parent.name.lower()
        if len(name) > _LONGEST_NAME or not spec.argv:
            continue
        if not _can_start(spec.argv):
            log.info("The kernel %s is not offered: %s cannot start it.", name, spec.argv[0])
            continue
        yield Kernel(name, **msgspec.structs.asdict(spec), folder=str(path.parent))


def _can_start(argv: Sequence[str]) -> bool:
    if argv[0] in _PYTHONS:
        return "ipykernel_launcher" not in argv or find_spec("ipykernel") is not None
    return "{" in argv[0] or shutil.which(argv[0]) is not None


def _of_python(told: str) -> Kernel:
    name, equals, text = told.partition("=")
    path = Path(text if equals else told).expanduser().absolute()
    python = _interpreter(path)
    if python is None or (equals and not name):
        raise InvalidSettingError(
            f"--python {told!r}: there is no Python. Give an interpreter, or the folder of an environment,"
            " such as --python gpu=/opt/envs/gpu."
        )
    name = (name or (path if path.is_dir() else python.parent.parent).name)[:_LONGEST_NAME]
    if not _seems_to_have_ipykernel(python):
        log.warning("%s seems to lack ipykernel. If it does not start: %s -m pip install ipykernel", name, python)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    return Kernel(name, argv, language="python", display_name=f"Python ({name})")


def _interpreter(path: Path) -> Path | None:
    if path.is_file() and os.access(path, os.X_OK):
        return path
    inside = ("Scripts/python.exe", "python.exe") if sys.platform == "win32" else ("bin/python", "bin/python3")
    return next((found for part in inside if (found := path / part).is_file()), None)


def _seems_to_have_ipykernel(python: Path) -> bool:
    """Look without starting it, which would hold up the executor's start."""
    roots = (python.parent, python.parent.parent)
    return any(
        next(root.glob(pattern), None)
        for root in roots
        for pattern in ("lib*/python*/*-packages/ipykernel", "Lib/site-packages/ipykernel")
    )
