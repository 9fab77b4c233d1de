"""What the executor and the process that hosts Claude Code say to each other: JSON lines over its pipes."""

from typing import Any

import msgspec

from executor.permission import PermissionMode
from executor.shells.wire import line as line
from executor.shells.wire import lines as lines


class Command(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of what the executor says."""


class Image(msgspec.Struct, frozen=True):
    """A file that goes to the model as an image."""

    path: str
    media_type: str


class Start(Command, frozen=True, tag="start", kw_only=True):
    """A whole turn. The prompt goes this way since a command line shows and has limits.

    ``readable`` are folders besides its own that Claude reads without asking, ``is_trusted`` says whether the
    project's own settings count, ``may_stay`` whether the session may stay connected for the task's next turn.
    """

    prompt: str
    images: list[Image] = []
    folder: str
    readable: list[str] = []
    permission_mode: PermissionMode
    env: dict[str, str] = {}
    model: str | None = None
    system_prompt: str | None = None
    max_turns: int | None = None
    mcp_servers: dict[str, dict[str, Any]] = {}
    session: str | None = None
    is_trusted: bool = False
    may_stay: bool = False


class FollowUp(Command, frozen=True, tag="follow_up"):
    """A further message while the turn runs."""

    text: str


class Decided(Command, frozen=True, tag="decided"):
    """The answer to an :class:`Asked`."""

    key: int
    is_allowed: bool
    message: str = ""


class Interrupt(Command, frozen=True, tag="interrupt"):
    """Stop the turn."""


AnyCommand = Start | FollowUp | Decided | Interrupt


class Told(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of what the host says."""


class Begun(Told, frozen=True, tag="begun"):
    """The first answer to a start: from now on this turn is this process's."""


class Happened(Told, frozen=True, tag="happened"):
    """An output event."""

    event: msgspec.Raw


class Session(Told, frozen=True, tag="session"):
    """The session's id, as soon as it is known."""

    id: str


class Asked(Told, frozen=True, tag="asked"):
    """May this tool run with this input?"""

    key: int
    tool: str
    input: Any
    id: str = ""
    reason: str | None = None


class Taken(Told, frozen=True, tag="taken"):
    """Whether the follow-up was taken; one answer each, in order."""

    ok: bool


class Ended(Told, frozen=True, tag="ended"):
    """The last line: how the turn ended; without ``code`` well.

    ``stays`` are the ids of the processes that wait for the task's next turn: none when the host ends too.
    """

    code: str | None = None
    message: str = ""
    result: dict[str, Any] | None = None
    stays: list[int] = []


AnyTold = Begun | Happened | Session | Asked | Taken | Ended

commands: msgspec.json.Decoder[AnyCommand] = msgspec.json.Decoder(AnyCommand)
told: msgspec.json.Decoder[AnyTold] = msgspec.json.Decoder(AnyTold)
