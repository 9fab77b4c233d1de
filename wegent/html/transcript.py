"""A task's output as HTML, folded event by event, bounded, and rendered anew only where something came.

Blocks lie in sections of some kilobytes. A section that is full changes no more, except where a tool's result or
an answer comes late; so whoever shows sections has little to send. When there is too much, the oldest go.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from wegent.html import cards
from wegent.html.blocks import Answer, Block, Console, Growing, Thought
from wegent.html.bundles import bundle_html, traceback_html
from wegent.html.escaping import escaped
from wegent.html.words import Words
from wegent.protocol.multiline import joined
from wegent.protocol.output_events import (
    AnyEvent,
    Approval,
    ApprovalDone,
    Cell,
    CellOutput,
    Diff,
    File,
    FollowUp,
    Notice,
    Stream,
    Subagent,
    Text,
    Thinking,
    Todo,
    ToolResult,
    ToolUse,
    Unknown,
    Usage,
)
from wegent.terminal.tool_calls import SHOWN_AS_LIST, main_input

SECTION = 12 << 10
MOST_CHARACTERS = 1 << 20
MOST_BLOCKS = 1000
PIECE = 8 << 10
"""Characters that a growing block takes at once."""
MOST_OPEN = 200
"""Calls and questions that are remembered while they wait."""


class Section:
    """Blocks that are shown together; ``html()`` is kept until one of them changes."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.blocks: list[Block] = []
        self._html: str | None = None

    @property
    def size(self) -> int:
        """How many characters it has, about."""
        return sum(block.size for block in self.blocks)

    def touch(self) -> None:
        """Note that something in it changed."""
        self._html = None

    def html(self) -> str:
        """Return it as HTML."""
        if self._html is None:
            self._html = "".join(block.html() for block in self.blocks)
        return self._html


class Transcript:
    """Takes events with :meth:`add`. ``questions`` are those that wait for an answer, ``cell`` how far it is."""

    def __init__(
        self, words: Words, most_characters: int = MOST_CHARACTERS, most_blocks: int = MOST_BLOCKS
    ) -> None:
        self._words = words
        self._most_characters = most_characters
        self._most_blocks = most_blocks
        self._sections: deque[Section] = deque([Section(0)])
        self._characters = 0  # of the sections that are full
        self._blocks = 0  # in those
        self._growing: Growing | None = None
        self._tools: dict[str, tuple[ToolUse, Block, Section]] = {}
        self._asked: dict[str, tuple[Approval, Block, Section]] = {}
        self._displays: dict[str, tuple[Block, Section]] = {}
        self._todo: tuple[Block, Section] | None = None
        self._is_cleared_next = False
        self._cell_began: tuple[Section, int] | None = None
        self.questions: dict[str, Approval] = {}
        self.cell: Cell | None = None
        self.usage: Usage | None = None
        self.earlier_lines = 0

    def extend(self, events: Iterable[AnyEvent]) -> None:
        """Take some events."""
        for event in events:
            self.add(event)

    def add(self, event: AnyEvent) -> None:
        """Take one event."""
        match event:
            case Text():
                self._grow("text", event.text)
            case Stream():
                self._grow(event.name, event.text)
            case Thinking():
                self._grow("thinking", event.text)
            case ToolUse():
                self._tool_use(event)
            case ToolResult():
                self._tool_result(event)
            case Approval():
                self._ask(event)
            case ApprovalDone():
                self._answer(event)
            case Cell():
                self.cell = event
                self._put(cards.cell_line(event))
                self._displays.clear()
                self._cell_began = self._sections[-1], len(self._sections[-1].blocks)
            case CellOutput():
                self._cell_output(event.output)
            case Todo():
                self._put_todo(event)
            case _:
                self._put(self._card(event))

    def sections(self) -> list[Section]:
        """Return what is shown, the oldest first."""
        return list(self._sections)

    def earlier(self) -> str:
        """Return the line for what had to give way; empty if nothing had to."""
        if not self.earlier_lines:
            return ""
        return f'<div class="wg-dim">{escaped(self._words("earlier_lines", count=self.earlier_lines))}</div>'

    def html(self) -> str:
        """Return all of it as HTML."""
        return self.earlier() + "".join(section.html() for section in self._sections)

    def activity(self) -> str:
        """Say what is going on right now; empty where the output itself says it."""
        if isinstance(self._growing, Thought):
            return self._words("thinking")
        if not self._tools:
            return ""
        use = next(reversed(self._tools.values()))[0]
        return "" if use.name == SHOWN_AS_LIST else f"{use.name} {main_input(use.input)[:80]}"

    def _card(self, event: AnyEvent) -> str:
        match event:
            case Subagent():
                return cards.subagent_line(event, self._words)
            case Diff():
                return cards.diff_card(event, self._words)
            case FollowUp():
                return cards.follow_up_line(event)
            case Usage():
                self.usage = event
                return cards.usage_line(event, self._words)
            case Notice():
                return cards.notice_line(event, self._words)
            case File():
                return cards.file_line(event, self._words)
            case Unknown():
                return cards.unknown_line(event)
        return ""

    def _grow(self, kind: str, text: str) -> None:
        growing = self._growing
        if growing is None or growing.kind != kind:
            growing = self._growing = self._begin(kind)
            self._append(growing)
        for begin in range(0, len(text), PIECE):
            self._sections[-1].touch()
            if growing.add(text[begin : begin + PIECE]):
                self._cut(growing)

    def _begin(self, kind: str) -> Growing:
        if kind == "text":
            return Answer(kind)
        return Thought(kind, self._words("thinking")) if kind == "thinking" else Console(kind)

    def _cut(self, growing: Growing) -> None:
        """Put what is settled of the growing block, which stays the last, before it."""
        section = self._sections[-1]
        for block in growing.cut():
            section.blocks.insert(-1, block)
        if len(section.blocks) > 1 and section.size - growing.size >= SECTION:
            section.blocks.pop()
            self._begin_section()
            self._sections[-1].blocks.append(growing)

    def _put(self, html: str) -> tuple[Block, Section] | None:
        if not html:
            return None
        block = Block(html, html.count("\n") + 1)
        self._growing = None
        self._append(block)
        return block, self._sections[-1]

    def _append(self, block: Block) -> None:
        if self._sections[-1].blocks and self._sections[-1].size + block.size >= SECTION:
            self._begin_section()
        self._sections[-1].blocks.append(block)
        self._sections[-1].touch()

    def _begin_section(self) -> None:
        full = self._sections[-1]
        full.touch()
        self._characters += full.size
        self._blocks += len(full.blocks)
        self._sections.append(Section(full.number + 1))
        while len(self._sections) > 2 and (
            self._characters > self._most_characters or self._blocks > self._most_blocks
        ):
            self._drop(self._sections.popleft())

    def _drop(self, section: Section) -> None:
        self._characters -= section.size
        self._blocks -= len(section.blocks)
        self.earlier_lines += sum(block.lines for block in section.blocks)

    def _change(self, block: Block, section: Section, html: str) -> None:
        """Show something else in a block, which may be gone from view by now."""
        before = block.size
        block.put(html)
        section.touch()
        if section is not self._sections[-1] and section.number >= self._sections[0].number:
            self._characters += block.size - before

    def _tool_use(self, event: ToolUse) -> None:
        placed = None
        if event.name != SHOWN_AS_LIST:
            placed = self._put(cards.tool_card(event, None, self._words))
        self._growing = None
        block, section = placed or (Block(), Section(-1))
        self._tools[event.id] = event, block, section
        _bound(self._tools)

    def _tool_result(self, event: ToolResult) -> None:
        use, block, section = self._tools.pop(event.id, (None, None, None))
        html = cards.tool_card(use or ToolUse(event.id, "", {}), event, self._words)
        if use is not None and use.name == SHOWN_AS_LIST and not event.is_error:
            return
        if block is None or section is None or section.number < 0:
            self._put(html)
        else:
            self._change(block, section, html)

    def _ask(self, event: Approval) -> None:
        placed = self._put(cards.question_line(event, self._words))
        assert placed is not None
        self._asked[event.id] = event, *placed
        self.questions[event.id] = event
        _bound(self._asked)
        _bound(self.questions)

    def _answer(self, event: ApprovalDone) -> None:
        self.questions.pop(event.id, None)
        if event.id in self._asked:
            asked, block, section = self._asked.pop(event.id)
            self._change(block, section, cards.question_card(asked, event, self._words))

    def _put_todo(self, event: Todo) -> None:
        """Show a newer list in the place of the one before, if nothing else was shown since."""
        html = cards.todo_card(event, self._words)
        if self._todo is not None and self._sections[-1].blocks[-1:] == [self._todo[0]]:
            self._change(*self._todo, html)
        else:
            self._todo = self._put(html)

    def _cell_output(self, output: dict[str, Any]) -> None:
        kind = output.get("output_type")
        if kind == "clear_output":
            self._is_cleared_next = True
            if not output.get("wait"):
                self._clear()
            return
        if self._is_cleared_next:
            self._clear()
        if kind == "stream":
            self._grow("stderr" if output.get("name") == "stderr" else "stdout", joined(output.get("text")))
        elif kind == "error":
            self._put(traceback_html(output))
        else:
            self._display(output)

    def _display(self, output: dict[str, Any]) -> None:
        data, transient = output.get("data"), output.get("transient")
        html = bundle_html(data if isinstance(data, dict) else {}, self._words)
        name = str(transient.get("display_id") or "") if isinstance(transient, dict) else ""
        if name and output.get("output_type") == "update_display_data" and name in self._displays:
            self._change(*self._displays[name], html)
        elif (placed := self._put(html)) and name:
            self._displays[name] = placed
            _bound(self._displays)

    def _clear(self) -> None:
        """Take away what this cell has put out, as far as it is in the newest section."""
        self._is_cleared_next = False
        self._growing = None
        self._displays.clear()
        section, begin = self._sections[-1], 0
        if self._cell_began is not None and self._cell_began[0] is section:
            begin = self._cell_began[1]
        del section.blocks[begin:]
        section.touch()


def _bound(known: dict[str, Any]) -> None:
    """Forget the oldest of what waits for something that may never come."""
    if len(known) > MOST_OPEN:
        del known[next(iter(known))]
