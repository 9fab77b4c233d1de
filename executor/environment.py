"""What a task's processes see of the executor's environment: what they need to work, and no secret of ours."""

from collections.abc import Mapping

MARK = "WEGENT_SUBTASK_ID"
"""Every process of a subtask carries this, so that what left its process group is still found."""

_PERSON = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP")
_TOOLS = ("TERM", "COLORTERM", "DISPLAY", "SSH_AUTH_SOCK", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "JAVA_HOME")
_DEVICES = ("CUDA_VISIBLE_DEVICES", "CUDA_HOME")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_WINDOWS = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "PROGRAMDATA", "PROGRAMFILES")
_WINDOWS_PERSON = ("USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA")
_NAMES = frozenset(
    (*_PERSON, *_TOOLS, *_DEVICES, *_PROXIES, *_AUTHORITIES, *_WINDOWS, *_WINDOWS_PERSON, "GIT_SSL_CAINFO")
)
_PREFIXES = ("LC_", "XDG_", "CONDA_")
_CLAUDE_PREFIXES = ("ANTHROPIC_", "CLAUDE_")
_CLAUDE_NAMES = frozenset({"IS_SANDBOX", "DISABLE_TELEMETRY"})


def for_children(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what any shell's processes get of ``environ``."""
    return {name: value for name, value in environ.items() if _is_general(name.upper())}


def for_claude(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what Claude Code's processes get besides: its own settings and login."""
    return {
        name: value
        for name, value in environ.items()
        if _is_general(name.upper()) or name.startswith(_CLAUDE_PREFIXES) or name in _CLAUDE_NAMES
    }


def _is_general(name: str) -> bool:
    return name in _NAMES or name.startswith(_PREFIXES)
