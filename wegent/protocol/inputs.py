"""What a person can send to a running subtask, tagged by ``type``."""

from typing import Annotated

import msgspec
from msgspec import Meta

from wegent.protocol.types import Id, Prompt, Word


class Input(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of all inputs."""


class ApprovalInput(Input, frozen=True, tag="approval"):
    """The answer to an ``approval`` event; ``message`` tells the model why, when it is a denial."""

    id: Id
    choice: Word
    message: Annotated[str, Meta(max_length=16_384)] | None = None


class TextInput(Input, frozen=True, tag="text"):
    """A follow-up while the subtask runs."""

    text: Prompt


AnyInput = ApprovalInput | TextInput

ALLOW = "allow"
ALLOW_TASK = "allow_task"
DENY = "deny"
CHOICES = [ALLOW, ALLOW_TASK, DENY]
"""Allow once, allow this tool for the rest of the task, whatever its input is, deny."""
EXPIRED = "expired"
"""Why a question was denied that nobody answered in time."""
