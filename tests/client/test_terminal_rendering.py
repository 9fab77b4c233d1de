"""What a person reads of each output event, on a terminal and through pipes."""

import base64
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wegent.protocol.output_events import (
    AnyEvent,
    Approval,
    ApprovalDone,
    Cell,
    CellOutput,
    Diff,
    File,
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
    decode_event,
)
from wegent.terminal.rendering import Renderer, main_input
from wegent.terminal.screen import Screen
from wegent.terminal.visible import visible
from wegent.terminal.words import Words

Show = Callable[..., tuple[str, str]]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Show events through pipes, and return what came out of the two."""
    monkeypatch.setenv("COLUMNS", "60")

    async def shown(*events: AnyEvent, language: str = "en") -> tuple[str, str]:
        with (tmp_path / "out").open("w+") as out, (tmp_path / "err").open("w+") as err:
            screen = Screen(out, err, {})
            renderer = Renderer(screen, Words(language))
            for event in events:
                renderer.show(event)
                await screen.flush()
            renderer.end()
            await screen.flush()
            return (tmp_path / "out").read_text(), (tmp_path / "err").read_text()

    return shown


async def test_the_answer_alone_goes_to_standard_output(show: Show) -> None:
    out, err = await show(
        Text("Let me "),
        Text("look."),
        Thinking("Where could "),
        Thinking("it be?\nPerhaps there."),
        ToolUse("t1", "Bash", {"command": "pytest -q\n", "description": "run the tests"}),
        ToolResult("t1", "1 failed"),
        Text("It is fixed."),
        Usage(input_tokens=1000, output_tokens=20, cache_read_tokens=500, cost_usd=0.0123, seconds=2.5),
    )
    assert out == "Let me look.\n\nIt is fixed.\n"
    assert err.splitlines() == [
        "✻ Where could it be? Perhaps there.",
        "✓ Bash pytest -q",
        "1,500 tokens in, 20 out · $0.0123 · 2.5 s",
    ]


async def test_a_process_keeps_its_streams_and_every_byte(show: Show) -> None:
    out, err = await show(
        Stream("stdout", "\x1b[1mone\x1b[0m\r\n"), Stream("stderr", "warning: "), Stream("stdout", "two")
    )
    assert (out, err) == ("\x1b[1mone\x1b[0m\r\ntwo".replace("\r\n", "\n"), "warning: \n")


async def test_a_failed_tool_says_how(show: Show) -> None:
    blocks = [{"type": "text", "text": f"line {number}"} for number in range(12)]
    _, err = await show(ToolUse("t1", "Read", {"file_path": "/no"}), ToolResult("t1", blocks, True))
    lines = err.splitlines()
    assert lines[:2] == ["✗ Read /no", "    line 0"]
    assert lines[-1] == "    … 4 more lines"


async def test_a_tool_that_never_answered_is_shown_at_the_end(show: Show) -> None:
    assert (await show(ToolUse("t1", "Bash", {"command": "sleep 9"})))[1] == "· Bash sleep 9\n"


async def test_long_inputs_are_cut_to_the_width(show: Show) -> None:
    _, err = await show(ToolUse("t1", "Bash", {"command": "测试" * 80}), ToolResult("t1", ""))
    assert err.rstrip().endswith("…")
    assert len(err.rstrip()) < 60


async def test_diffs_todos_notices_files_and_cells(show: Show) -> None:
    patch = "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n-- old\n+new\n same\n"
    out, err = await show(
        Diff("x.py", patch),
        Todo([TodoItem("read", "completed"), TodoItem("fix", "in_progress"), TodoItem("test", "pending")]),
        Notice("warning", "careful"),
        File("plot.png", "image/png", 12345, "f1"),
        Cell(1, 2, "import x"),
        CellOutput(1, {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]}),
        CellOutput(1, {"output_type": "execute_result", "data": {"text/plain": "42"}}),
        CellOutput(2, {"output_type": "error", "traceback": ["Traceback", "ValueError"]}),
        Unknown("later", {"type": "later"}),
    )
    assert err.splitlines() == [
        "± x.py  +1 −1",
        "  @@ -1,2 +1,2 @@",
        "  -- old",
        "  +new",
        "   same",
        "To do",
        "  ☑ read",
        "  ◐ fix",
        "  ☐ test",
        "careful",
        "File plot.png (12.3 kB, id f1)",
        "[1/2]",
        "  import x",
        "Traceback",
        "ValueError",
    ]
    assert out == "a\nb\n42\n"


async def test_cells_show_their_outputs_in_every_form_that_nbformat_allows(show: Show) -> None:
    png = base64.b64encode(b"x" * 1200).decode()
    out, err = await show(
        Cell(2, 7, "\n".join(f"line{number}" for number in range(10))),
        CellOutput(2, {"output_type": "stream", "name": "stderr", "text": "warned\n"}),
        CellOutput(2, {"output_type": "display_data", "data": {"text/plain": ["<Fig", "ure>"], "image/png": png}}),
        CellOutput(
            2, {"output_type": "display_data", "data": {"text/html": "<b>hi</b>", "text/markdown": "*hi*"}}
        ),
        CellOutput(2, {"output_type": "display_data", "data": {"application/json": "{}"}}),
        CellOutput(2, {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []}),
        CellOutput(2, {"output_type": "stream"}),
        CellOutput(2, {}),
    )
    assert out == "<Figure>\n*hi*\n"
    assert err.splitlines() == [
        "[2/7]",
        *(f"  line{number}" for number in range(8)),
        "  … 2 more lines",
        "warned",
        "[image/png 1.2 kB]",
        "[application/json 2 bytes]",
        "KeyError: 'x'",
    ]


async def test_a_traceback_has_its_colours_only_where_they_are_wanted_and_never_more(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = {"output_type": "error", "traceback": ["\x1b[0;31mValueError\x1b[0m: \x1b]0;title\x07\x1b[2Jx"]}
    _, plain = await show(CellOutput(1, error))
    assert plain == "ValueError: ␛]0;title␇␛[2Jx\n"
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    _, coloured = await show(CellOutput(1, error))
    assert coloured == "\x1b[0;31mValueError\x1b[0m: ␛]0;title␇␛[2Jx\x1b[0m\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert (await show(CellOutput(1, error)))[1] == plain


async def test_a_field_that_a_newer_device_adds_changes_nothing(show: Show) -> None:
    call = b'{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"ls"},"someday":"t0"}'
    result = b'{"type":"tool_result","id":"t1","content":"","someday":"t0"}'
    _, err = await show(decode_event(call), decode_event(result))
    assert err == "✓ Bash ls\n"


async def test_a_todo_list_stands_for_the_call_that_wrote_it(show: Show) -> None:
    use = ToolUse("t1", "TodoWrite", {"todos": [{"content": "fix", "status": "pending"}]})
    out, err = await show(
        Text("A plan."),
        use,
        Todo([TodoItem("fix", "pending")]),
        ToolResult("t1", "Todos have been modified."),
        Text("\n\n"),
        Text("Now I begin."),
        Text("\n\n"),
        Text("It works."),
        use,
        ToolResult("t1", "No such thing.", True),
        ToolUse("t2", "TodoWrite", {}),
    )
    assert out == "A plan.\n\nNow I begin.\n\nIt works.\n"
    todo, fix, failed, why = err.splitlines()
    assert (todo, fix, why) == ("To do", "  ☐ fix", "    No such thing.")
    assert failed.startswith("✗ TodoWrite")


async def test_a_tool_took_what_the_device_measured(show: Show) -> None:
    _, err = await show(ToolUse("t1", "Bash", {"command": "make"}), ToolResult("t1", "", seconds=83.21))
    assert err == "✓ Bash make  83.2 s\n"


async def test_what_a_subagent_does_stands_between_its_begin_and_its_end(show: Show) -> None:
    _, err = await show(
        ToolUse("t1", "Task", {"description": "look"}),
        Subagent("t1", "started", kind="Explore", description="look"),
        ToolUse("t2", "Bash", {"command": "ls"}, "t1"),
        ToolResult("t2", "a.txt", parent="t1"),
        Subagent("t1", "completed", text="I found\na.txt.", seconds=2.5),
        Subagent("t3", "stopped"),
    )
    assert "▸ Explore: look\n  ✓ Bash ls\n◂ I found a.txt.  2.5 s\n✗ stopped" in err


async def test_a_notice_tells_when_it_is_over_in_the_readers_time(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        _, err = await show(
            Notice("warning", "The limit is reached.", "2030-01-02T20:30:00Z"), Notice("info", "x", "?")
        )
        _, chinese = await show(Notice("warning", "x", "2030-01-02T20:30:00Z"), language="zh")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "The limit is reached. Until 2030-01-03 04:30.\nx\n" in err
    assert "至 2030-01-03 04:30。" in chinese


async def test_an_approval_shows_the_whole_input(show: Show) -> None:
    _, err = await show(
        Approval("a1", "Write", {"file_path": "/etc/hosts", "content": "one\ntwo"}, "outside the workspace"),
        ApprovalDone("a1", "deny", "ann"),
    )
    assert err.splitlines() == [
        "? Write asks for permission:",
        "    file_path: /etc/hosts",
        "    content: ",
        "    one",
        "    two",
        "    outside the workspace",
        "✗ denied by ann",
    ]


async def test_an_edit_is_asked_for_as_a_diff_without_power_over_the_terminal(show: Show) -> None:
    edit = {"file_path": "x.py", "old_string": "a\nb\nc", "new_string": "a\n\x1b[2Jb\nc", "replace_all": True}
    _, err = await show(Approval("a1", "Edit", edit), ApprovalDone("a1", "deny", "the device", "expired"))
    assert err.splitlines() == [
        "? Edit asks for permission:",
        "    file_path: x.py",
        "    replace_all: true",
        "  @@ -1,3 +1,3 @@",
        "   a",
        "  -b",
        "  +␛[2Jb",
        "   c",
        "✗ nobody answered in time: denied",
    ]


@pytest.mark.parametrize("tool", ["mcp__files__run", "Edit"])
async def test_what_would_show_nothing_as_a_diff_is_shown_as_it_is(show: Show, tool: str) -> None:
    _, err = await show(Approval("a1", tool, {"old_string": "rm -r a", "new_string": "rm -r a"}))
    assert err.splitlines()[1:] == ["    old_string: rm -r a", "    new_string: rm -r a"]


async def test_only_an_edit_is_a_diff(show: Show) -> None:
    same = "".join(f"line {number}\n" for number in range(9))
    _, err = await show(Approval("a1", "mcp__files__run", {"old_string": same, "new_string": f"{same}more"}))
    assert err.count("line 0") == 2


async def test_what_is_asked_for_at_length_says_how_much_is_not_shown(show: Show) -> None:
    _, err = await show(Approval("a1", "Write", {"content": "line\n" * 1000}))
    assert err.splitlines()[-1] == "    … 801 more lines"


async def test_it_speaks_chinese(show: Show) -> None:
    _, err = await show(Todo([]), ApprovalDone("a", "allow", "ann"), language="zh")
    assert err == "待办\n✓ ann 允许了一次\n"


def test_what_a_task_says_has_no_power_over_the_terminal() -> None:
    assert visible("\x1b]0;title\x07 \x9b2J a\r\nb\tc \u202eevil") == "␛]0;title␇ \ufffd2J a\nb\tc \ufffdevil"


def test_the_main_input_is_found() -> None:
    assert main_input({"limit": 3, "file_path": "/x", "old_string": "y"}) == "/x"
    assert main_input({"what": "ever"}) == "ever"
    assert main_input({"n": [1, 2]}) == '{"n":[1,2]}'
    assert (main_input({}), main_input("text\nmore"), main_input(None)) == ("", "text more", "None")
