"""What can go wrong for whoever sends tasks.

::

    WegentError                  code, message, hint
    ├── LoginError               no login here, or one that is not valid (any more)
    ├── ConnectionFailedError    the server cannot be reached, or what answers is not Wegent
    ├── RefusedError             the server understood and will not do it
    │   ├── ForbiddenError       this login may not do that
    │   ├── NotFoundError        there is no such thing among one's own
    │   ├── DeviceOfflineError   the device, or the cloud, cannot take it now
    │   ├── SettledError         it has already ended
    │   ├── AlreadyAnsweredError somebody else answered the approval first
    │   └── UnavailableError     the server cannot answer just now; ask again
    ├── DeviceChoiceError        no device, or several, are called that
    ├── FileError                a file here cannot be read, sent or written
    ├── VariableError            a variable cannot go to a device, or cannot be had back
    ├── MissingPackageError      a package that this needs is not installed here (also an ImportError)
    ├── TaskFailedError          it ran and failed; carries its result, output and remote traceback
    ├── TaskCancelledError       it was stopped
    └── WaitTimeoutError         it has not ended within the timeout (also a TimeoutError)
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from wegent.client.tracebacks import shown, uncoloured
from wegent.protocol.errors import MEANINGS, Code

if TYPE_CHECKING:
    from nbformat import NotebookNode


class WegentError(Exception):
    """Something that a person can act on: ``code``, ``message`` (what happened), ``hint`` (what to do next)."""

    default_code = ""
    sent: Sequence[Any] = ()
    unsent: Sequence[str] = ()
    """Of ``map``, which it stopped: the handles of what had been sent, and the prompts that had not."""

    def __init__(self, message: str = "", *, code: str = "", hint: str = "") -> None:
        self.code = code or self.default_code
        meaning = MEANINGS[Code(self.code)] if self.code in set(Code) else None
        self.message = message or (meaning.message if meaning else self.code or type(self).__name__)
        self.hint = hint or (meaning.hint if meaning else "")
        super().__init__(self.message)

    def __str__(self) -> str:
        """Say what happened and what to do next."""
        return f"{self.message} {self.hint}".strip()

    def _render_traceback_(self) -> list[str]:
        """Show it in IPython and Jupyter: what happened and what to do, and none of the client's own lines."""
        coded = f"{self.message}" + (f" [{self.code}]" if self.code else "")
        said = f"{coded}\n{self.hint}" if self.hint else coded
        return shown(self, said, getattr(self, "traceback", None))


class LoginError(WegentError):
    """There is no login here, or it is not valid."""

    default_code = Code.UNAUTHENTICATED


class ConnectionFailedError(WegentError):
    """The server cannot be reached; ``is_lasting`` where trying again cannot help."""

    default_code = "connection_failed"

    def __init__(self, message: str = "", *, hint: str = "", is_lasting: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.is_lasting = is_lasting


class RefusedError(WegentError):
    """The server understood and will not do it; ``status`` is HTTP's, ``details`` the whole problem."""

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        hint: str = "",
        status: int = 0,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.status = status
        self.details = dict(details or {})


class ForbiddenError(RefusedError):
    """This login may not do that."""

    default_code = Code.FORBIDDEN


class NotFoundError(RefusedError):
    """There is no such thing among one's own."""

    default_code = Code.NOT_FOUND


class DeviceOfflineError(RefusedError):
    """The device, or the cloud, cannot take it now."""

    default_code = Code.DEVICE_OFFLINE


class SettledError(RefusedError):
    """It has already ended."""

    default_code = Code.SETTLED


class AlreadyAnsweredError(RefusedError):
    """Somebody else answered the approval first."""

    default_code = Code.ALREADY_ANSWERED


class UnavailableError(RefusedError):
    """The server cannot answer just now; ask again, not before ``retry_after`` seconds."""

    default_code = Code.UNAVAILABLE
    retry_after: float = 0


class DeviceChoiceError(WegentError):
    """No device, or several, are called that."""

    default_code = "device_choice"


class FileError(WegentError):
    """A file on this computer cannot be read, sent or written."""

    default_code = "bad_file"


class VariableError(WegentError):
    """A variable cannot go to a device, or cannot be had back; ``name`` is which one, where it is one."""

    default_code = "bad_variable"

    def __init__(self, message: str = "", *, name: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.name = name


class MissingPackageError(WegentError, ImportError):
    """A package that this needs is not installed here."""

    default_code = "missing_package"


class TaskFailedError(WegentError):
    """A subtask failed: ``result`` as it was reported, ``output`` its last lines, ``traceback`` the remote one.

    ``notebook`` is the executed notebook as far as it came, where one was waited for; ``cell`` counts from 1.
    """

    notebook: "NotebookNode | None" = None

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        hint: str = "",
        result: Mapping[str, Any] | None = None,
        output: str = "",
        traceback: str | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.result = dict(result or {})
        self.output = output
        self.traceback = traceback
        if traceback:
            self.add_note(f"Remote traceback:\n{uncoloured(traceback).rstrip()}")
        elif output:
            self.add_note(f"The end of its output:\n{uncoloured(output).rstrip()}")

    @property
    def cell(self) -> int | None:
        """Which cell of a notebook failed."""
        number = self.result.get("cell")
        return number if isinstance(number, int) else None


class TaskCancelledError(WegentError):
    """A subtask was stopped; ``notebook`` is the executed notebook as far as it came, where one was waited for."""

    default_code = "cancelled"
    notebook: "NotebookNode | None" = None

    def __init__(self, message: str = "The task was stopped before it ended.") -> None:
        super().__init__(message)


class WaitTimeoutError(WegentError, TimeoutError):
    """It has not ended within the timeout; it goes on."""

    default_code = "wait_timeout"

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Say how long was waited."""
        return cls(f"It has not ended within {seconds:g} s.", hint="It goes on; wait again, or cancel it.")


_BY_CODE: dict[str, type[RefusedError]] = {
    Code.FORBIDDEN: ForbiddenError,
    Code.NOT_FOUND: NotFoundError,
    Code.DEVICE_OFFLINE: DeviceOfflineError,
    Code.NO_CLOUD: DeviceOfflineError,
    Code.SETTLED: SettledError,
    Code.ALREADY_ANSWERED: AlreadyAnsweredError,
    Code.UNAVAILABLE: UnavailableError,
    Code.RATE_LIMITED: UnavailableError,
}
_BY_STATUS: dict[int, str] = {
    401: Code.UNAUTHENTICATED,
    403: Code.FORBIDDEN,
    429: Code.RATE_LIMITED,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.UNAVAILABLE,
}
_LOGIN_CODES = frozenset({Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED, Code.TOKEN_REVOKED})


def refusal(
    code: str, message: str = "", hint: str = "", status: int = 0, details: Mapping[str, Any] | None = None
) -> WegentError:
    """Return the error that belongs to a code of the protocol."""
    if code in _LOGIN_CODES:
        return LoginError(message, code=code, hint=hint)
    kind = _BY_CODE.get(code, RefusedError)
    return kind(message, code=code, hint=hint, status=status, details=details)


def from_problem(status: int, problem: Mapping[str, Any]) -> WegentError:
    """Return the error that a problem+json answer (RFC 9457) tells, or that the status alone tells."""
    code = str(problem.get("code") or _BY_STATUS.get(status, ""))
    message = str(problem.get("detail") or problem.get("title") or "")
    if not code and not message:
        message = f"The server answered with HTTP status {status}."
    return refusal(code, message, str(problem.get("hint") or ""), status, problem)
