"""TypeScript declarations of msgspec Structs, enums and unions, in the order in which they were written."""

import inspect
import json
import types
import typing
from collections.abc import Iterable, Mapping
from enum import Enum
from types import ModuleType
from typing import Annotated, Any, Literal, Union

import msgspec
from msgspec import NODEFAULT, Meta, Raw

RAW_EVENT = "RawEvent"
"""The type of an output event that was not looked at yet."""

WIDTH = 115
_SIMPLE: Mapping[Any, str] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    Any: "unknown",
    Raw: RAW_EVENT,
    types.NoneType: "null",
}


def structs(module: ModuleType) -> list[type[msgspec.Struct]]:
    """Return the public Structs with fields that ``module`` itself defines, in the order of its source."""
    found = [
        value
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]
    return [struct for struct in found if struct.__struct_fields__]


def declare(struct: type[msgspec.Struct]) -> str:
    """Write one Struct as an interface. What has a default may be absent, whoever sends it."""
    base = struct.__bases__[0]
    inherited = set(getattr(base, "__struct_fields__", ()))
    extends = f" extends {base.__name__}" if inherited else ""
    lines = []
    tag = struct.__struct_config__.tag
    if tag is not None:
        lines.append(f"  readonly {struct.__struct_config__.tag_field}: {json.dumps(tag)};")
    hints = typing.get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        if field.name in inherited:
            continue
        is_required = field.default is NODEFAULT and field.default_factory is NODEFAULT
        lines += _about(hints[field.name])
        lines.append(f"  readonly {field.encode_name}{'' if is_required else '?'}: {written(hints[field.name])};")
    body = "\n".join([f"export interface {struct.__name__}{extends} {{", *lines, "}"])
    return f"{comment(struct.__doc__)}{body}\n"


def declare_enum(name: str, enum: type[Enum], constant: str) -> str:
    """Write an enum as a union of strings, and the list of them as ``constant``."""
    return (
        f"{declare_list(constant, [member.value for member in enum], enum.__doc__)}\n"
        f"export type {name} = (typeof {constant})[number];\n"
    )


def declare_list(constant: str, values: Iterable[str], about: str | None) -> str:
    """Write a list of strings that TypeScript knows one by one."""
    items = [json.dumps(value) for value in values]
    line = f"export const {constant} = [{', '.join(items)}] as const;\n"
    if len(line) > WIDTH + 1:
        line = f"export const {constant} = [\n" + "".join(f"  {item},\n" for item in items) + "] as const;\n"
    return comment(about) + line


def declare_union(name: str, members: Iterable[str], about: str) -> str:
    """Write ``name`` as one of ``members``."""
    line = f"export type {name} = {' | '.join(members)};\n"
    if len(line) > WIDTH + 1:
        line = f"export type {name} =\n  | " + "\n  | ".join(members) + ";\n"
    return comment(about) + line


def written(hint: Any) -> str:
    """Return the TypeScript of one type hint; raise TypeError for what has none."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if inspect.isclass(hint) and (issubclass(hint, msgspec.Struct) or issubclass(hint, Enum)):
        return hint.__name__
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return written(arguments[0])
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(map(written, arguments)))
    if origin is Literal:
        return " | ".join(map(json.dumps, arguments))
    if origin is list:
        item = written(arguments[0])
        return f"readonly ({item})[]" if "|" in item else f"readonly {item}[]"
    if origin is dict:
        return f"Readonly<Record<{written(arguments[0])}, {written(arguments[1])}>>"
    raise TypeError(f"{hint!r} has no TypeScript here")


def event_shape(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the fields that such an event must have to be one, each with what JavaScript's ``typeof`` says.

    A list is "array", and what may be anything is "any".
    """
    shape = {}
    hints = typing.get_type_hints(struct)
    for field in msgspec.structs.fields(struct):
        if field.default is NODEFAULT and field.default_factory is NODEFAULT:
            shape[field.encode_name] = _kind(written(hints[field.name]))
    return shape


def comment(doc: str | None) -> str:
    """Write a docstring as TSDoc."""
    text = inspect.cleandoc(doc or "").replace("``", "`").replace("*/", "* /")
    if not text:
        return ""
    lines = text.split("\n")
    if len(lines) == 1:
        return f"/** {text} */\n"
    return "/**\n" + "".join(f" * {line}".rstrip() + "\n" for line in lines) + " */\n"


def _kind(type_: str) -> str:
    if type_.startswith("readonly"):
        return "array"
    if type_.startswith("Readonly"):
        return "object"
    if type_.startswith('"'):
        return "string"
    return "any" if type_ == "unknown" else type_


def _about(hint: Any) -> list[str]:
    if typing.get_origin(hint) is not Annotated:
        return []
    found = [meta.description for meta in hint.__metadata__ if isinstance(meta, Meta) and meta.description]
    return [f"  /** {text[0].upper()}{text[1:]}. */" for text in found]
