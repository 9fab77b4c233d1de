"""``python scripts/typescript [--check]``: write web/src/protocol/wire.ts, the page's types."""

import importlib
import json
import pkgutil
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

from declarations import (
    RAW_EVENT,
    comment,
    declare,
    declare_enum,
    declare_list,
    declare_union,
    event_shape,
    structs,
)

import api.routes
from wegent.protocol import chat_messages, codec, inputs, output_events, resources
from wegent.protocol.close_codes import CloseCode
from wegent.protocol.errors import Code
from wegent.protocol.states import HOLDS_SLOT, TERMINAL, State
from wegent.protocol.types import MAX_INTEGER, Prompt

TARGET = Path(__file__).parents[2] / "web/src/protocol/wire.ts"
KINDS = ("string", "number", "boolean", "array", "object", "any")
HEAD = """/**
 * What goes over the wire, written from the server's own types by `make types`. Do not edit.
 *
 * Times are RFC 3339 UTC. What has a question mark may be absent, and then has its default.
 */
"""


def main(arguments: list[str]) -> int:
    """Write the file; with ``--check`` only compare, and return 1 where it differs."""
    text = generate()
    if "--check" not in arguments:
        TARGET.write_text(text)
        return 0
    if TARGET.exists() and TARGET.read_text() == text:
        return 0
    print(f"{TARGET} is not what the Python types give. Run: make types", file=sys.stderr)
    return 1


def generate() -> str:
    """Return the whole file."""
    return HEAD + "\n" + "\n".join([*_constants(), *_events(), *_messages(), *_bodies()])


def _constants() -> Iterator[str]:
    yield _number("MAX_FRAME", codec.MAX_FRAME, "Bytes of UTF-8 that one frame may have.")
    yield _number("MAX_EVENT", codec.MAX_EVENT, "Bytes that one encoded output event may have.")
    yield _number("MAX_INTEGER", MAX_INTEGER, "The largest number on the wire.")
    yield _number("MAX_PROMPT", typing.get_args(Prompt)[1].max_length, "Characters that a prompt may have.")
    yield _number("MAX_FILE", resources.MAX_FILE, "Bytes that an uploaded file may have.")
    about = "The device id that means the shared pool of cloud executors."
    yield comment(about) + f"export const CLOUD = {json.dumps(resources.CLOUD)};\n"
    about = "The device id that means any of the sender's own devices; no device can have it."
    yield comment(about) + f"export const ANY = {json.dumps(resources.ANY)};\n"
    yield declare_enum("State", State, "STATES")
    yield declare_list("TERMINAL", [one for one in State if one in TERMINAL], "Settled, for ever.")
    yield declare_list("HOLDS_SLOT", [one for one in State if one in HOLDS_SLOT], "Takes one of a device's slots.")
    yield declare_enum("ErrorCode", Code, "ERROR_CODES")
    yield declare_list("CHOICES", inputs.CHOICES, "Allow once, allow this tool for the rest of the task, deny.")
    codes = "".join(f"  {code.name}: {code.value},\n" for code in CloseCode)
    yield comment(CloseCode.__doc__) + f"export const CLOSE_CODES = {{\n{codes}}} as const;\n"
    for name in ("DeviceStatus", "DeviceKind"):
        members = map(json.dumps, typing.get_args(getattr(resources, name)))
        yield declare_union(name, members, "")


def _number(name: str, value: int, about: str) -> str:
    return comment(about) + f"export const {name} = {value};\n"


def _events() -> Iterator[str]:
    about = "An output event as it came: maybe of a type, or with fields, that this page does not know."
    yield comment(about) + (
        f"export interface {RAW_EVENT} {{\n  readonly type: string;\n  readonly [field: string]: unknown;\n}}\n"
    )
    known = typing.get_args(output_events.Known)
    for struct in structs(output_events):
        if struct in known or struct is output_events.TodoItem:
            yield declare(struct)
    yield declare_union("OutputEvent", [one.__name__ for one in known], "Every output event that this page knows.")
    shapes = ""
    for struct in known:
        shape = ", ".join(f'{name}: "{kind}"' for name, kind in event_shape(struct).items())
        shapes += f"  {struct.__struct_config__.tag}: {{ {shape} }},\n".replace("{  }", "{}")
    yield declare_union("Kind", map(json.dumps, KINDS), "What `typeof` says of a field; a list is an array.")
    yield (
        comment("The fields that an event of each type must have, and what they are.")
        + f"export const EVENT_SHAPES = {{\n{shapes}}}"
        ' as const satisfies Record<OutputEvent["type"], Record<string, Kind>>;\n'
    )


def _messages() -> Iterator[str]:
    for module in (resources, inputs, chat_messages):
        for struct in structs(module):
            yield declare(struct)
    union = [one.__name__ for one in typing.get_args(inputs.AnyInput)]
    yield declare_union("AnyInput", union, "What a person can send to a running subtask.")
    yield declare(codec.ErrorData)
    yield _by_event("FromViewer", chat_messages.FROM_VIEWER, "What the page sends, by event.")
    yield _by_event("ToViewer", chat_messages.TO_VIEWER, "What the page is told, by event.")


def _by_event(name: str, types: dict[str, type], about: str) -> str:
    fields = "".join(f'  readonly "{event}": {struct.__name__};\n' for event, struct in types.items())
    return comment(about) + f"export interface {name} {{\n{fields}}}\n"


def _bodies() -> Iterator[str]:
    for info in pkgutil.iter_modules(api.routes.__path__):
        for struct in structs(importlib.import_module(f"{api.routes.__name__}.{info.name}")):
            yield declare(struct)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
