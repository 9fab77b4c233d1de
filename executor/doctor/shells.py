"""What runs tasks: the shells that are offered, Claude Code with its login, and Jupyter's kernels."""

import asyncio
import contextlib
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from executor import kernels, shells
from executor.doctor.check import Finding, failed, ok, skipped, warning
from executor.doctor.patient import Patient
from executor.shells.base import Here
from executor.shells.claude_code import SDKS, find_cli
from wegent.protocol.timing import InvalidSettingError

_KERNEL_SHELLS = {"Python", "Notebook"}

_LOGINS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
_ELSEWHERE = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
"""Variables by which Claude Code logs in at a cloud's own service, which nobody is asked for here."""


async def look_at_claude(patient: Patient) -> Finding:
    """Whether Claude Code is here and logged in; it is no fault where its shell is not offered."""
    if "ClaudeCode" not in (patient.settings.shells or ["ClaudeCode"]):
        return skipped("claude_not_offered")
    sdk = next((name for name in SDKS if find_spec(name)), None)
    if sdk is None:
        return failed("claude_no_sdk")
    cli = find_cli(patient.environ)
    if cli is None:
        return failed("claude_no_cli", sdk=sdk)
    version = await _version(cli, patient.environ)
    if version is None:
        return failed("claude_broken", cli=cli)
    login = claude_login(patient.environ)
    if login is None:
        return warning("claude_no_login", version=version, cli=cli)
    return ok("claude_fine", version=version, sdk=sdk, login=login)


async def look_at_kernels(patient: Patient) -> Finding:
    """Which kernels are offered."""
    said = patient.settings
    try:
        patient.kernels = await asyncio.to_thread(kernels.offered, said.kernels, said.pythons or ())
    except InvalidSettingError as error:
        return failed("kernels_invalid", reason=str(error))
    if patient.kernels:
        return ok("kernels_found", names=", ".join(patient.kernels))
    return failed("kernels_none") if _KERNEL_SHELLS & set(said.shells or ()) else warning("kernels_none")


async def look_at_shells(patient: Patient) -> Finding:
    """Whether each shell that is to be offered can run here, and why not."""
    named = patient.settings.shells or ()
    unknown = [name for name in named if name not in shells.known()]
    if unknown:
        return failed("shells_unknown", names=", ".join(unknown), known=", ".join(shells.known()))
    here = Here(patient.environ, patient.kernels)
    wanted = named or shells.DEFAULTS
    reasons = {name: await asyncio.to_thread(shells.unusable, name, here) for name in wanted}
    why = "; ".join(f"{name}: {reason}" for name, reason in reasons.items() if reason is not None)
    usable = ", ".join(name for name, reason in reasons.items() if reason is None)
    if not why:
        return ok("shells_fine", names=usable)
    return (
        warning("shells_some", names=usable, why=why)
        if usable and not named
        else failed("shells_unusable", why=why)
    )


def claude_login(environ: Mapping[str, str], platform: str = sys.platform) -> str | None:
    """Return where Claude Code's login comes from; None where none is seen. Nobody is asked whether it is good."""
    for name in (*_LOGINS, *_ELSEWHERE):
        if environ.get(name):
            return name
    folder = Path(environ.get("CLAUDE_CONFIG_DIR") or Path(environ.get("HOME") or Path.home()) / ".claude")
    file = folder / ".credentials.json"
    if file.exists():
        return str(file)
    # macOS keeps it in the keychain, which would ask its owner before it tells.
    return "the keychain, perhaps" if platform == "darwin" and folder.exists() else None


async def _version(cli: str, environ: Mapping[str, str]) -> str | None:
    pipe, null = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        child = await asyncio.create_subprocess_exec(
            cli, "--version", stdin=null, stdout=pipe, stderr=null, env=dict(environ)
        )
    except OSError:
        return None
    try:
        said, _ = await child.communicate()
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
    return said.decode(errors="replace").strip()[:64] or None if child.returncode == 0 else None
