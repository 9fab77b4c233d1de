"""Transcript: events become HTML in which nobody else can write, bounded, rendered anew only where some came."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest

from wegent.html.transcript import MOST_CHARACTERS, Transcript
from wegent.html.words import Words
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
    TodoItem,
    ToolResult,
    ToolUse,
    Unknown,
    Usage,
)

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
HARMLESS = {"a": {"href", "rel", "target"}, "img": {"class", "src", "alt"}}
EVERYWHERE = {"class", "role", "aria-hidden", "aria-label", "open", "style", "colspan", "rowspan"}
FRAME = {"class", "sandbox", "referrerpolicy", "loading", "title", "srcdoc"}


class Page(HTMLParser):
    """What a browser would make of HTML: elements with attributes, and whether all that begins ends."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("br", "hr", "img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def html_of(*events: AnyEvent, language: str = "en") -> str:
    transcript = Transcript(Words(language))
    transcript.extend(events)
    return transcript.html()


def output(**data: object) -> CellOutput:
    return CellOutput(
        1, {"output_type": "display_data", "data": {k.replace("_", "/"): v for k, v in data.items()}}
    )


def hostile(text: str) -> Sequence[AnyEvent]:
    return [
        Text(text),
        Text(f"```{text}\n{text}\n```\n\n| {text} |\n|-|\n| {text} |\n\n[{text}](http://x/{text})"),
        Stream("stdout", text),
        Stream("stderr", f"\x1b[31{text}m{text}\x1b]0;{text}\x07"),
        Thinking(text),
        ToolUse(text, text, {text: text, "command": text}, text),
        ToolResult(text, [{"text": text}], True, 1.0),
        Subagent("s", "started", text, text),
        Subagent("s", text, text=text, seconds=1),
        Diff(text, f"@@ -1 +1 @@\n-{text}\n+{text}"),
        Todo([TodoItem(text, text)]),
        Approval("a1", text, {text: text}, text, [text]),
        ApprovalDone("a1", text, text, text),
        FollowUp(text, text),
        Usage(1, 2, cost_usd=0.1, seconds=1, model=text),
        Notice(text, text, text),
        File(text, text, 5, text),
        Cell(1, 2, text),
        CellOutput(1, {"output_type": "stream", "name": text, "text": [text]}),
        CellOutput(1, {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]}),
        CellOutput(1, {"output_type": text}),
        output(**{"text_html": text}),
        output(
            **{"text_html": f"<table onclick='x'><tr><td colspan='{text}'>{text}</td></table></div></div>{text}"}
        ),
        output(**{"text_markdown": text}),
        output(**{"text_plain": text}),
        output(**{"image_svg+xml": f"<svg onload='alert(1)'>{text}</svg>"}),
        output(**{"image_png": 'x" onerror="alert(1)'}),
        output(**{text: text}),
        Unknown(text, {"x": text}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        '"><script>alert(1)</script>',
        "' onmouseover='alert(1)",
        "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)>",
        "[x](data:text/html,<script>) [x](vbscript:x) ![x](data:image/svg+xml,<svg>)",
        "</div></details></pre></table><style>*{display:none}</style><iframe src=//x>",
        "<a href='javascript:alert(1)'>x</a><form action=//x><input autofocus onfocus=alert(1)>",
        "{{constructor}} ${x} \x00 \x1b[8m",
    ],
)
def test_nothing_that_is_said_becomes_markup(text: str) -> None:
    page = Page(html_of(*hostile(text)))
    assert page.open == []
    for tag, attributes in page.elements:
        assert tag not in ("script", "style", "form", "input", "object", "svg", "link", "meta")
        assert attributes.keys() <= (FRAME if tag == "iframe" else EVERYWHERE | HARMLESS.get(tag, set()))
        if tag == "a":
            assert re.match(r"https?:|mailto:|$", attributes["href"] or "")
            assert attributes["rel"] == "noopener noreferrer"
        if tag == "img":
            assert re.match(r"data:image/(png|jpeg|gif|webp|svg\+xml)[;,]", attributes["src"] or "")
        if tag == "iframe":
            assert attributes["sandbox"] == "" and "default-src 'none'" in (attributes["srcdoc"] or "")


def test_changes_of_direction_and_control_characters_are_shown_not_obeyed() -> None:
    evil = "safe\u202etxt.exe\u2066&#x202e;&#8294;\x07\x1b[2Jend"
    html = html_of(*hostile(evil))
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]", html)


@pytest.mark.parametrize(
    "text",
    [
        "<![<x>",
        "<!--" * 50_000,
        "<a " * 100_000,
        "</" * 200_000,
        "<b>" * 100_000 + "</i>" * 100_000,
        "<table>" + "<td>" * 50_000 + "</td>" * 50_000,
    ],
)
def test_html_that_no_table_is_gets_a_frame_and_holds_nobody_up(text: str) -> None:
    html = html_of(output(**{"text_html": text, "text_plain": "x"}))
    assert '<iframe class="wg-frame" sandbox=""' in html


def test_a_notice_that_lasts_beyond_the_calendar_is_shown_without_its_end() -> None:
    assert "limit reached" in html_of(Notice("warning", "limit reached", until="9999-12-31T23:59:59-23:00"))


def test_text_is_joined_and_reads_as_markdown() -> None:
    html = html_of(Text("Hello **wo"), Text("rld**\n\n- one"), Text("\n- two\n\n| a |\n|-|\n| 1 |\n"))
    assert "<strong>world</strong>" in html and "<li>one</li>" in html and "<td>1</td>" in html


def test_a_long_answer_reads_the_same_however_it_came() -> None:
    whole = "".join(
        f"# Part {n}\n\nSome *text*\nin lines.\n\n```python\nx = {n}\n\ny = 2\n```\n\n" for n in range(300)
    )
    pieces = [Text(whole[at : at + 37]) for at in range(0, len(whole), 37)]

    def plain(html: str) -> str:
        return html.replace('</div><div class="wg-text">', "")

    assert plain(html_of(*pieces)) == plain(html_of(Text(whole)))
    assert html_of(*pieces).count("<h1>") == 300 and html_of(*pieces).count("<pre><code") == 300


def test_a_code_block_that_is_too_long_goes_on_as_code() -> None:
    html = html_of(
        *[Text("```python\n"), *[Text(f"line_{n} = '*{n}*'\n") for n in range(5000)], Text("```\nAfter.")]
    )
    assert "<em>" not in html and html.count("line_") == 5000 and "<p>After.</p>" in html


def test_a_tool_card_pairs_call_and_result() -> None:
    use = ToolUse("1", "Bash", {"command": "ls -l", "description": "look"})
    assert "running" in html_of(use)
    done = html_of(use, Text("meanwhile"), ToolResult("1", "total 0", seconds=2.0))
    assert done.count("<details") == 1 and done.index("total 0") < done.index("meanwhile")
    assert "✓" in done and "2.0 s" in done and "completed" in done
    failed = html_of(use, ToolResult("1", "no such file", is_error=True))
    assert "wg-failed" in failed and "✗" in failed and "failed" in failed
    assert "wg-child" in html_of(ToolUse("2", "Read", {}, parent="1"))


def test_a_question_is_told_with_its_answer() -> None:
    transcript = Transcript(Words())
    transcript.add(Approval("a", "Bash", {"command": "rm x"}, choices=["allow", "deny"]))
    assert list(transcript.questions) == ["a"] and "asks for permission" in transcript.html()
    transcript.add(ApprovalDone("a", "deny", "anna"))
    assert not transcript.questions and "denied by anna" in transcript.html() and "rm x" in transcript.html()
    transcript.add(ApprovalDone("unheard of", "deny", "anna"))


def test_colours_become_spans_and_carriage_returns_overwrite() -> None:
    html = html_of(
        Stream("stdout", "\x1b[31mred\x1b[0m \x1b[1;38;5;196mx\x1b[0m\n"), Stream("stdout", " 10%\r 50%")
    )
    assert '<span class="wg-fg-red">red</span>' in html and "#ff0000" in html
    assert "10%" not in html and "50%" in html
    assert "done   " in html_of(
        Stream("stdout", "working\r"), Stream("stdout", "done   \r\n"), Stream("stdout", "x")
    )
    assert "ab\n" in html_of(Stream("stdout", "ax\bb\r"), Stream("stdout", "\ny"))


def test_a_progress_bar_of_a_hundred_thousand_steps_is_one_line() -> None:
    transcript = Transcript(Words())
    for number in range(100_000):
        transcript.add(Stream("stderr", f"\r{number:6} of 100000"))
    assert len(transcript.html()) < 200 and " 99999 of" in transcript.html()


def test_colour_goes_on_in_the_next_block() -> None:
    html = html_of(Stream("stdout", "\x1b[32m" + "green\n" * 40_000))
    blocks = html.split("<pre")[1:]
    assert len(blocks) > 1 and all("wg-fg-green" in block for block in blocks)


def test_cells_outputs_and_clearing() -> None:
    stream = CellOutput(1, {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]})
    html = html_of(
        Cell(1, 3, "import x\nx.y()"), stream, output(**{"image_png": "aGk=", "text_plain": "<Figure>"})
    )
    assert "[1/3]" in html and "a\nb" in html
    assert 'src="data:image/png;base64,aGk="' in html and 'alt="&lt;Figure&gt;"' in html
    table = output(**{"text_html": "<style>x</style><table border=1><tr><th>n<td>1</table>", "text_plain": "n 1"})
    assert "<table><tr><th>n<td>1</td></th></tr></table>" in html_of(table)
    plot = output(**{"text_html": "<div id=p></div><script>plot()</script>", "text_plain": "plot"})
    assert '<iframe class="wg-frame" sandbox=""' in html_of(plot) and "<script" not in html_of(plot)
    clear = CellOutput(1, {"output_type": "clear_output", "wait": True})
    assert "a\nb" in html_of(Cell(1, 1), stream, clear)
    assert "a\nb" not in html_of(Cell(1, 1), stream, clear, output(**{"text_plain": "new"}))
    first = {"output_type": "display_data", "data": {"text/plain": "0 %"}, "transient": {"display_id": "d"}}
    second = {**first, "output_type": "update_display_data", "data": {"text/plain": "9 %"}}
    html = html_of(Cell(1, 1), CellOutput(1, first), stream, CellOutput(1, second))
    assert "0 %" not in html and html.index("9 %") < html.index("a\nb")


def test_the_rest_is_told_in_a_line_or_a_card() -> None:
    html = html_of(
        Thinking("I wonder"),
        Diff("a.py", "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new"),
        Todo([TodoItem("first", "completed"), TodoItem("second", "pending")]),
        Todo([TodoItem("first", "completed"), TodoItem("second", "in_progress")]),
        Subagent("s", "started", "Explore", "look around"),
        Subagent("s", "completed", text="found it", seconds=3),
        FollowUp("hurry", "anna"),
        Usage(1000, 50, cost_usd=0.0123, seconds=4.2, model="m"),
        Notice("warning", "limit", until="2099-01-01T00:00:00Z"),
        File("plot.png", "image/png", 2048, "f1"),
        Unknown("novel", {"type": "novel", "x": 1}),
    )
    for said in ("✻", "wg-diff-added", "+1 −1", "☑ first", "◐ second", "Explore: look around", "found it"):
        assert said in html
    for said in ("hurry", "1,000 tokens in, 50 out · $0.0123 · 4.2 s · m", "limit Until 2099", "novel"):
        assert said in html
    assert "plot.png (2.0 kB, id f1)" in html and "☐ second" not in html
    assert "待办" in html_of(Todo([TodoItem("x", "pending")]), language="zh")


@pytest.mark.parametrize(
    "event",
    [
        Stream("stdout", "some line of output\n"),
        Text("A paragraph with **some** words.\n\n"),
        Text("words without an end "),
        Thinking("hm "),
        ToolUse("1", "Bash", {"command": "x" * 50}),
        Approval("a", "Bash", {"command": "x"}),
        Notice("info", "so it is"),
        Diff("a.py", "@@ -1 +1 @@\n" + "+x\n" * 500),
        output(**{"image_png": "aGk=" * 5000}),
    ],
    ids=lambda event: type(event).__name__,
)
def test_any_number_of_events_is_bounded_and_says_what_gave_way(event: AnyEvent) -> None:
    transcript = Transcript(Words())
    count = 100_000 if isinstance(event, Stream) else 5000
    for _ in range(count):
        transcript.add(event)
    html = transcript.html()
    assert len(html) < 1.5 * MOST_CHARACTERS and len(transcript.sections()) < 1100
    assert len(transcript.questions) <= 200
    if isinstance(event, Stream):
        assert f"… {transcript.earlier_lines} earlier lines; `task.log()` has all" in html
        assert transcript.earlier_lines + html.count("some line") == count


def test_one_huge_output_is_cut() -> None:
    huge = "x" * 5_000_000
    events = [
        ToolUse("1", "T", {"a": huge}),
        ToolResult("1", huge),
        output(**{"text_plain": huge}),
        Notice("", huge),
    ]
    events += [
        Stream("stdout", huge),
        Text(huge),
        Thinking(huge),
        output(**{"image_png": huge}),
        Unknown("u", {"x": huge}),
        Cell(1, 1, huge),
        FollowUp(huge, "x"),
    ]
    assert len(html_of(*events)) < 2 * MOST_CHARACTERS


def test_only_the_newest_section_changes_as_output_comes() -> None:
    transcript = Transcript(Words())
    for number in range(5000):
        transcript.add(Stream("stdout", f"line {number}\n"))
    before = {section.number: section.html() for section in transcript.sections()}
    for number in range(100):
        transcript.add(Stream("stdout", f"more {number}\n"))
    after = {section.number: section.html() for section in transcript.sections()}
    changed = [number for number in after if after[number] != before.get(number)]
    assert len(before) > 3 and changed == sorted(after)[-len(changed) :] and len(changed) <= 2
    assert sum(len(after[number]) for number in changed) < 40_000
