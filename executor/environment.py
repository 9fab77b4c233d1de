"""What a task's processes see of the executor's environment: what they need to work, and no secret of ours."""

import re
from collections.abc import Mapping
from typing import NamedTuple

SUBTASK = "WEGENT_SUBTASK_ID"
HOME = "WEGENT_EXECUTOR_HOME"


class Mark(NamedTuple):
    """What every process of a subtask carries in its environment: by it what left the process group is found.

    Two executors on one computer may know subtasks of the same id: ``home`` tells them apart.
    """

    home: str
    subtask_id: str

    def variables(self) -> dict[str, str]:
        """Return the mark as environment variables."""
        return {HOME: self.home, SUBTASK: self.subtask_id}

    def is_on(self, environ: Mapping[str, str]) -> bool:
        """Whether a process with this environment carries the mark."""
        return (environ.get(HOME), environ.get(SUBTASK)) == self


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

_RESERVED_PREFIX = "WEGENT_"
"""What a task may not set for any shell: it is the executor's own, the mark first of all."""
# Claude Code reads its own settings, its login and where to send both from variables; others make it, or what it
# starts before anybody is asked, run what the task says: loaders, interpreters, shells' start files, git, ripgrep.
_STEERS_CLAUDE_PREFIXES = (
    *("ANTHROPIC_", "CLAUDE", "AWS_", "GOOGLE_", "GCLOUD_", "VERTEX_", "AZURE_", "OTEL_", "MCP_", "DISABLE_"),
    *("NODE_", "BUN_", "NPM_", "PYTHON", "LD_", "DYLD_", "BASH_", "GIT_", "SSH_", "RIPGREP_", "XDG_"),
    *("SSL", "OPENSSL_", "REQUESTS_CA", "CURL_"),
)
_STEERS_CLAUDE_NAMES = frozenset(
    {
        *("ENV", "PATH", "HOME", "SHELL", "SHELLOPTS", "BASHOPTS", "ZDOTDIR", "IFS", "PS4", "PROMPT_COMMAND"),
        *("IS_SANDBOX", "USE_BUILTIN_RIPGREP", "GCONV_PATH", "EDITOR", "VISUAL", "PAGER", "BROWSER"),
        *("COMSPEC", "PATHEXT", "USERPROFILE", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA"),
        *("TMPDIR", "TMP", "TEMP"),
    }
)
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_reserved(name: str, shell: str) -> bool:
    """Whether a task may not set ``name`` by options.env, in any case, for ``shell``."""
    upper = name.upper()
    if upper.startswith(_RESERVED_PREFIX):
        return True
    if shell != "ClaudeCode":
        return False
    return (
        not _PLAIN_NAME.fullmatch(name)  # BASH_FUNC_ls%% and the like
        or upper in _STEERS_CLAUDE_NAMES
        or upper.startswith(_STEERS_CLAUDE_PREFIXES)
        or upper.endswith("_PROXY")
    )


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
