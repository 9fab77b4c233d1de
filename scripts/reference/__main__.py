"""``python scripts/reference [--check]``: write docs/python.md, what `wegent` offers in Python."""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

from signatures import signature

import wegent
from wegent.client import errors

TARGET = Path(__file__).parents[2] / "docs/python.md"
HEAD = """# Python

What `import wegent` gives. `make reference` writes this page from the signatures and docstrings.

```python
import wegent

client = wegent.Client()
task = client.run("Summarise ./data", device="workstation")
for event in task.stream():
    ...
task.result(timeout=60)
```

Any wait may be left at any time, by Ctrl-C, a timeout or the end of the program: what was sent goes on, and
`client.task(id)` gives its handle again. `Client` and `Task` work in scripts, in threads and in notebooks, where
`await task` works too; `AsyncClient` and `AsyncTask` are for programs with an event loop of their own.

Times are in seconds, sizes in bytes. A `Device` is what `client.devices` lists, a `File` an event of a task, a
`StoredFile` what `upload` returns; `Content` is a path or bytes, `Attachment` a path or a file on the server,
`Notebook` a path, a `NotebookNode` or a dict. A `Client` calls `progress` in the thread that waits.
"""
GROUPS = {
    "Clients": ["Client", "AsyncClient"],
    "Tasks": ["Task", "AsyncTask"],
    "Output": ["Stream", "EventStream", "Result"],
    "Many at once": ["TaskList", "AsyncTaskList", "as_completed", "wait"],
    "Devices": ["DeviceList"],
}
"""Whatever else is public is an error."""
TWINS = {"Client": "AsyncClient", "Task": "AsyncTask", "Stream": "EventStream", "TaskList": "AsyncTaskList"}
"""Synchronous classes, and whose docstrings say what their methods do."""


def main(arguments: list[str]) -> int:
    """Write the page; with ``--check`` only compare, and return 1 where it differs."""
    text = page()
    if "--check" not in arguments:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        print("docs/python.md is not what the code says; run `make reference`", file=sys.stderr)
        return 1
    return 0


def page() -> str:
    """Return the whole page."""
    grouped = {name for names in GROUPS.values() for name in names}
    failures = [name for name in wegent.__all__ if name not in grouped]
    assert all(name.endswith("Error") for name in failures), f"of no group: {failures}"
    tree = inspect.cleandoc(inspect.getdoc(errors).partition("::")[2])
    parts = [HEAD]
    for title, names in GROUPS.items():
        parts += [f"## {title}\n", *(part for name in names for part in described(name))]
    parts.append(f"## Errors\n\n```text\n{tree}\n```\n")
    parts += [f"- **`{name}`**: {indented(said(getattr(errors, name)))}" for name in failures]
    return "\n".join(parts) + "\n"


def described(name: str) -> Iterator[str]:
    """Yield what is said of one public name."""
    thing = getattr(wegent, name)
    yield f"### {name}\n\n{said(thing)}\n"
    if isinstance(thing, FunctionType):
        yield f"```python\n{signature(thing, name)}\n```\n"
    elif twin := next((one for one, other in TWINS.items() if other == name), None):
        yield f"It has what [`{twin}`](#{twin.lower()}) has, awaited.\n"
    else:
        yield from members(name, thing)


def members(name: str, kind: type) -> Iterator[str]:
    """Yield what is said of the public members that a class itself defines."""
    if name == "Client":  # handles are not made by hand
        yield f"```python\n{signature(vars(kind)['__init__'], name)}\n```\n"
    twin = getattr(wegent, TWINS[name]) if name in TWINS else kind
    for member, value in sorted(vars(kind).items(), key=lambda each: not isinstance(each[1], property)):
        if member.startswith("_"):
            continue
        text = said(value)
        if text.startswith("See `Async"):
            text = said(inspect.getattr_static(twin, member))
        if isinstance(value, property):
            yield f"- **`{member}`**: {indented(text)}"
        elif isinstance(value, FunctionType):
            yield f"#### {name}.{member}\n\n```python\n{signature(value, member)}\n```\n\n{text}\n"


def said(thing: object) -> str:
    """Return a docstring as Markdown."""
    text = inspect.cleandoc(thing.__doc__ or "")
    return re.sub(r":\w+:`([^`]+)`", r"`\1`", text).replace("``", "`")


def indented(text: str) -> str:
    """Return text that stands in a list's entry."""
    return re.sub(r"\n(?=.)", "\n  ", text) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
