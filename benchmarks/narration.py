"""What a long session with Claude Code emits, made up: words, code, tools and their results, edits, todo lists."""

from collections.abc import Iterator
from itertools import islice

from wegent.protocol.output_events import (
    AnyEvent,
    Diff,
    Text,
    Thinking,
    Todo,
    TodoItem,
    ToolResult,
    ToolUse,
    encode_event,
)

SAID = (
    "The parser reads one record after the other and keeps what it has seen in a map, so that a record which comes"
    " twice is counted once. That is right for small files. A large one needs `bounded` memory, and so the map is"
    " now a window of the last hour; what is older is written out and forgotten. Two tests pin that down."
)
CODE = """\
```python
for record in records:
    if record.id not in seen:
        seen.add(record.id)
        yield record
```

"""
PATCH = """\
--- a/src/window.py
+++ b/src/window.py
@@ -10,3 +10,4 @@
 def window(records):
-    seen = {}
+    seen = Window(hours=1)
+    seen.start()
     for record in records:
"""
CHANGE = {"file_path": "src/window.py", "old_string": "seen = {}", "new_string": "seen = Window(hours=1)"}
TEST_OUTPUT = "".join(f"tests/test_window.py::test_{number} PASSED\n" for number in range(12))


def narration(count: int) -> list[bytes]:
    """Return ``count`` encoded events; the last one is :func:`last_words`."""
    events = [encode_event(event) for event in islice(_session(), count - 1)]
    return [*events, encode_event(Text(f"\n\n{last_words(count)}\n"))]


def last_words(count: int) -> str:
    """What the last of ``count`` events says."""
    return f"This was the end of {count} events."


def _session() -> Iterator[AnyEvent]:
    number = 0
    while True:
        number += 1
        yield Thinking("Let me look at how the records are read before I change anything.")
        yield from _said(number)
        yield from _used(f"bash-{number}", "Bash", {"command": f"pytest -q tests/test_window.py -k {number}"})
        if number % 3 == 0:
            yield from _used(f"edit-{number}", "Edit", CHANGE, Diff("src/window.py", PATCH))
        if number % 10 == 0:
            yield Todo([TodoItem(f"Step {step}", "completed" if step < 3 else "pending") for step in range(1, 6)])


def _said(number: int) -> Iterator[AnyEvent]:
    yield Text(f"## Step {number}\n\n")
    yield from (Text(f"{word} ") for word in SAID.split(" "))
    yield Text("\n\n- first, what is there\n- then, what is wrong\n\n")
    yield Text(CODE if number % 4 == 0 else "\n\n")


def _used(id: str, name: str, given: object, *between: AnyEvent) -> Iterator[AnyEvent]:
    yield ToolUse(id, name, given)
    yield from between
    yield ToolResult(id, TEST_OUTPUT, seconds=0.4)
