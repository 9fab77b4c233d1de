"""This computer: its settings, folder and disk, an executor that runs, the folders that it offers."""

import asyncio
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from executor import settings
from executor.doctor.check import Finding, failed, ok, warning
from executor.doctor.patient import Patient
from executor.settings import Settings
from wegent.control.client import ControlClient, NotRunningError, RefusedError
from wegent.control.messages import Status
from wegent.protocol.timing import InvalidSettingError, Timing

MISSING = "missing"
LITTLE, TOO_LITTLE = 2 << 30, 200 << 20
"""Bytes of free disk that are worth a warning, and with which work fails."""


async def look_at_config(patient: Patient) -> Finding:
    """Whether flags, environment and config.toml can be read; what they say is for the later checks."""
    try:
        file = Settings.of_file(patient.home)
        patient.environ = {**(file.environment or {}), **patient.environ}
        os.environ.update(patient.environ)  # proxies and authorities are read from there
        said = Settings.of_flags(patient.flags).over(Settings.of_environment(patient.environ)).over(file)
        Timing.from_env(patient.environ)
    except InvalidSettingError as error:
        return failed("config_invalid", reason=str(error))
    patient.settings, patient.file = said, file
    path = patient.home / settings.FILE
    return ok("config_read", file=str(path)) if path.exists() else ok("config_none", file=str(path))


async def look_at_home(patient: Patient) -> Finding:
    """Whether the executor's folder is there, its owner's alone, and writable."""
    home = patient.home
    if not home.exists():
        return ok("home_none", home=str(home))
    if not home.is_dir():
        return failed("home_no_folder", home=str(home))
    if (reason := await asyncio.to_thread(_why_not_writable, home)) is not None:
        return failed("home_not_writable", home=str(home), reason=reason)
    if sys.platform != "win32":
        about = home.stat()
        if about.st_uid != os.geteuid():
            return warning("home_foreign", home=str(home))
        if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            return warning("home_open", home=str(home), mode=f"{stat.S_IMODE(about.st_mode):o}")
    return ok("home_fine", home=str(home))


async def look_at_disk(patient: Patient) -> Finding:
    """Whether there is room for what tasks put out."""
    folder = next(each for each in (patient.home, *patient.home.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    said = {"free": f"{free / (1 << 30):.1f} GiB", "folder": str(folder)}
    if free < TOO_LITTLE:
        return failed("disk_full", **said)
    return warning("disk_little", **said) if free < LITTLE else ok("disk_fine", **said)


async def look_at_executor(patient: Patient) -> Finding:
    """Whether an executor runs here, and is connected."""
    try:
        status = await asyncio.to_thread(_ask, patient.home)
    except NotRunningError:
        return ok("executor_none", home=str(patient.home))
    except (RefusedError, OSError) as error:
        return warning("executor_mute", home=str(patient.home), reason=str(error) or type(error).__name__)
    if status is None:
        return ok("executor_none", home=str(patient.home))
    if not status.connection.is_connected:
        return warning("executor_cut_off", pid=status.pid, reason=status.connection.trouble or "…")
    if status.mode != "working":
        return warning("executor_paused", pid=status.pid, mode=status.mode)
    return ok("executor_fine", pid=status.pid, name=status.device_name)


async def look_at_workspaces(patient: Patient) -> Finding:
    """Whether every folder that is offered is there and can be written to."""
    folders = [Path(folder).expanduser().absolute() for folder in patient.settings.workspaces or ()]  # noqa: ASYNC240
    if not folders:
        return ok("workspaces_none")
    for folder in folders:
        reason = await asyncio.to_thread(_why_not_writable, folder)
        if reason == MISSING:
            return failed("workspace_missing", folder=str(folder))
        if reason is not None:
            return warning("workspace_not_writable", folder=str(folder), reason=reason)
    return ok("workspaces_fine", folders=", ".join(map(str, folders)))


def _ask(home: Path) -> Status | None:
    with ControlClient.open(home) as client:
        return client.ask("status").status


def _why_not_writable(folder: Path) -> str | None:
    """Write a file there: permissions alone do not tell of full quotas and read-only disks."""
    if not folder.is_dir():
        return MISSING
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".wegent-doctor-"):
            return None
    except OSError as error:
        return error.strerror or str(error)
