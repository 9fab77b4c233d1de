"""What runs tasks: Claude Code with its login, and Jupyter's kernels."""

import asyncio
import contextlib
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from executor.doctor.check import Finding, failed, ok, skipped, warning
from executor.doctor.patient import Patient
from executor.shells.claude_code import SDKS

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
    cli = claude_cli(patient.environ)
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
    """Which kernels Jupyter knows here."""
    wanted = {"Python", "Notebook"} & set(patient.settings.shells or ())
    if find_spec("jupyter_client") is None:
        return failed("kernels_no_jupyter") if wanted else skipped("kernels_no_jupyter")
    names = sorted(await asyncio.to_thread(_kernels))
    if names:
        return ok("kernels_found", names=", ".join(names))
    return failed("kernels_none") if wanted else warning("kernels_none")


def claude_cli(environ: Mapping[str, str]) -> str | None:
    """Return the CLI that would be driven: the SDK's own, else the one on PATH."""
    spec = find_spec(SDKS[0])
    name = "claude.exe" if sys.platform == "win32" else "claude"
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (bundled := Path(folder) / "_bundled" / name).exists():
            return str(bundled)
    return shutil.which("claude", path=environ.get("PATH"))


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


def _kernels() -> list[str]:
    from jupyter_client.kernelspec import KernelSpecManager

    return list(KernelSpecManager().find_kernel_specs())
