"""Live views in a real kernel, against the real stack: what widgets are told, and what their buttons do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from support.kernel import CellRun, Kernel
from support.processes import eventually
from support.scripted_api import ScriptedApi, problem
from support.scripted_turns import Turn
from support.stack import Stack

from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.output_events import Approval, ApprovalDone, CellOutput, Stream, Text
from wegent.protocol.states import State

StartKernel = Callable[..., Awaitable[Kernel]]
CELLS = "__import__('notebook_ext.views.cells', fromlist=['x']).CELLS"
VIEWS = f"[view for views in {CELLS}._views.values() for view in views]"
LEFT = "len(client.core.feed._subscriptions), len(client.core.feed._watches._all)"


class Scripted:
    """A kernel whose client's server does what a test says."""

    def __init__(self, kernel: Kernel, api: ScriptedApi) -> None:
        self.kernel = kernel
        self.api = api

    async def text(self) -> str:
        """All that the live views say now."""
        return await self.kernel.value(
            "''.join(w.value for w in list(__import__('ipywidgets.widgets.widget', fromlist=['x'])._instances"
            ".values()) if type(w).__name__ == 'HTML')"
        )

    async def says(self, text: str) -> None:
        """Wait until a view says something."""

        async def is_said() -> bool:
            return text in await self.text()

        await eventually(is_said, 30, f"a view says {text!r}")

    async def gone(self, text: str) -> None:
        """Wait until no view says something any more."""

        async def is_gone() -> bool:
            return text not in await self.text()

        await eventually(is_gone, 30, f"no view says {text!r}")

    async def model(self, expression: str) -> str:
        """Return the id of a widget's model; ``view`` is the newest view."""
        return (await self.kernel.value(f"(lambda view: {expression}.model_id)({VIEWS}[-1])")).strip("'")

    async def press(self, expression: str) -> None:
        """Press a button of the newest view."""
        self.kernel.press(await self.model(expression))


@pytest.fixture
def api() -> Any:
    """A server whose tasks do what a test says."""
    with ScriptedApi() as server:
        yield server


@pytest.fixture
async def scripted(api: ScriptedApi, start_kernel: StartKernel) -> AsyncIterator[Scripted]:
    """A kernel with a client of that server, as ``client``."""
    kernel = await start_kernel(**api.environ)
    await kernel.run("%load_ext notebook_ext\nimport wegent\nclient = wegent.Client()")
    yield Scripted(kernel, api)


def saved(run: CellRun) -> str:
    """Return the HTML that a notebook file has of a view."""
    return str(run.bundles[0]["text/html"])


async def ask(turn: Turn) -> None:
    await turn.set(State.RUNNING)
    await turn.say(Text("Shall I **really**? <script>"))
    if turn.body["prompt"] != "clean up":
        await turn.answer()
        return await turn.end(State.COMPLETED)
    await turn.say(Approval("a1", "Bash", {"command": "rm <all>"}, choices=["allow", "deny"]))
    answer = await turn.answer()
    await turn.say(ApprovalDone("a1", answer["choice"], "anna"))
    await turn.say(Text("Done."))
    await turn.end(State.COMPLETED, {"text": "Done."})


async def test_a_task_is_shown_answered_continued_and_saved(scripted: Scripted, api: ScriptedApi) -> None:
    api.script = ask
    kernel = scripted.kernel
    run = await kernel.run("client.run('clean up')", cell="c1")
    assert run.error is None and len(run.bundles) == 2
    assert run.bundles[1].keys() == {"application/vnd.jupyter.widget-view+json", "text/plain", "text/html"}
    await scripted.says("rm &lt;all&gt;")
    await scripted.says("<strong>really</strong>")
    assert "<script>" not in await scripted.text()
    await scripted.press("view.questions.box.children[0].children[1].children[0]")
    await scripted.says("allowed once by anna")
    await scripted.says("✓ completed")
    assert await kernel.value(f"len({VIEWS}[-1].questions.box.children)") == "0"
    await eventually(lambda: "Done." in saved(run), what="the saved state is the last one")
    assert "clean up" in saved(run) and "✓ completed" in run.bundles[0]["text/plain"]

    kernel.type(await scripted.model("view.say"), "and now the cellar")
    await scripted.press("view.send")
    await scripted.says("and now the cellar")
    await scripted.says("▶ running")
    kernel.type(await scripted.model("view.say"), "hurry up")
    await scripted.press("view.send")
    await eventually(lambda: "and now the cellar" in saved(run), what="both turns are saved")
    turns = list(api.turns.values())
    assert [turn.body["prompt"] for turn in turns] == ["clean up", "and now the cellar"]
    assert turns[0].task_id == turns[1].task_id
    assert await kernel.value(f"client and ({LEFT})") == "(0, 0)"


async def test_code_that_asks_says_so_beside_its_outputs_and_leaves_nothing_else(
    scripted: Scripted, api: ScriptedApi
) -> None:
    async def code(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        await turn.say(CellOutput(1, {"output_type": "stream", "name": "stdout", "text": "out\n"}))
        await turn.say(Approval("a1", "Python", {"code": "print('out')"}))

    api.script = code
    run = await scripted.kernel.begin("%%wegent -s Python\nprint('out')")
    await eventually(lambda: "wegent approvals" in run.stderr, 30, "it says how to answer without buttons")
    assert "widget-view" in str(run.bundles[-1].keys())
    turn = next(iter(api.turns.values()))
    api.do(turn.say(ApprovalDone("a1", "allow", "anna")))
    api.do(turn.end(State.COMPLETED))
    await scripted.kernel.ended(run)
    assert run.stdout == "out\n"
    assert run.bundles == [], "no widget is left in the notebook"
    assert await scripted.kernel.value(f"client and ({LEFT})") == "(0, 0)"


async def test_stop_asks_to_stop_and_what_a_button_cannot_do_is_said(scripted: Scripted, api: ScriptedApi) -> None:
    async def run_on(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        await turn.say(Approval("a1", "Bash", {"command": "x"}))

    api.script = run_on
    await scripted.kernel.run("task = client.run('x')\ntask", cell="c1")
    await scripted.says("▶ running")
    await scripted.says("Bash asks for permission")
    turn = next(iter(api.turns.values()))
    api.do(turn.say(ApprovalDone("a1", "deny", "somebody else")))
    await scripted.says("denied by somebody else")
    assert await scripted.kernel.value(f"len({VIEWS}[-1].questions.box.children)") == "0"
    assert await scripted.kernel.value(f"{VIEWS}[-1].retry.layout.display") == "'none'"
    await scripted.press("view.stop")
    await scripted.says("■ stopping")
    assert await scripted.kernel.value(f"{VIEWS}[-1].stop.disabled") == "True"
    api.do(turn.end(State.CANCELLED))
    await scripted.says("■ Stopped.")
    assert await scripted.kernel.value(f"{VIEWS}[-1].retry.layout.display") != "'none'"
    api.failures.append(problem(ProtocolError(Code.QUEUE_FULL, "Too <many>.", "Wait a bit.")))
    await scripted.press("view.retry")
    await scripted.says("✗ Too &lt;many&gt;. Wait a bit.")
    assert await scripted.kernel.value(f"{VIEWS}[-1].retry.disabled") == "False"


async def test_a_cell_that_is_run_again_leaves_nothing_behind(scripted: Scripted, api: ScriptedApi) -> None:
    async def run_on(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        await turn.say(Stream("stdout", "here I am\n"))

    api.script = run_on
    kernel = scripted.kernel
    await kernel.run("from wegent import Client\ntask = client.run('x')")
    count = "len(__import__('ipywidgets.widgets.widget', fromlist=['x'])._instances)"

    async def widgets() -> tuple[str, str]:
        await scripted.says("here I am")
        left = await eventually(lambda: kernel.value(f"({LEFT})"), what="it is known")
        return await kernel.value(count), left

    await kernel.run("task", cell="c1")
    first = await widgets()
    threads = await kernel.value("__import__('threading').active_count()")
    for _ in range(5):
        await kernel.run("task", cell="c1")
    assert await widgets() == first and first[1] == "(1, 1)"
    assert await kernel.value("__import__('threading').active_count()") == threads
    await kernel.run("pass", cell="c1")
    assert await kernel.value(VIEWS) == "[]"

    async def is_left() -> bool:
        return await kernel.value(f"({LEFT})") == "(0, 0)" and await kernel.value(count) == "0"

    await eventually(is_left, what="nothing is left")
    assert next(iter(api.turns.values())).state is State.RUNNING


async def test_ten_views_at_two_thousand_events_a_second_paint_ten_times_each(
    scripted: Scripted, api: ScriptedApi
) -> None:
    async def burst(turn: Turn) -> None:
        await turn.set(State.RUNNING)
        for step in range(50):
            for number in range(40):
                await turn.say(Stream("stdout", f"line {step * 40 + number}\n"))
            await asyncio.sleep(0.02)
        await turn.end(State.COMPLETED)

    kernel = scripted.kernel
    await kernel.run("tasks = [client.run(str(n)) for n in range(10)]")
    api.script = burst
    await kernel.run("import time; began = time.monotonic()\nfor task in tasks: display(task)", cell="c1")
    for turn in api.turns.values():
        asyncio.run_coroutine_threadsafe(burst(turn), api._loop)
    for number in range(10):
        await eventually(lambda number=number: "completed" in _plain(kernel, number), 60, f"{number} has ended")
    seconds = float(await kernel.value("time.monotonic() - began"))
    whole = await kernel.value(f"[v.html().count('line ') + v.turn.transcript.earlier_lines for v in {VIEWS}]")
    assert whole == str([2000] * 10), "no line is lost or doubled"
    heads = [each["comm_id"] for each in kernel.widget_updates if "wg-text" not in str(each["state"])]
    sent: dict[str, int] = {}
    for each in kernel.widget_updates:
        if "value" in each["state"]:
            sent[each["comm_id"]] = sent.get(each["comm_id"], 0) + 1
    assert heads and max(sent.values()) <= seconds * 10 + 2
    sizes = [len(str(each["state"])) for each in kernel.widget_updates]
    assert max(sizes) < 64_000 and sum(sizes) < 10 * 2_000_000
    assert await kernel.value(f"({LEFT})") == "(0, 0)"


def _plain(kernel: Kernel, number: int) -> str:
    bundles = [run.bundles for run in kernel.runs.values() if len(run.bundles) == 20]
    return str(bundles[-1][2 * number]["text/plain"]) if bundles else ""


async def test_a_restarted_kernel_comes_back_without_a_lost_or_doubled_line(
    scripted: Scripted, api: ScriptedApi
) -> None:
    turn = api.new_turn("long")
    kernel = scripted.kernel
    api.do(turn.set(State.RUNNING))
    for number in range(300):
        api.do(turn.say(Stream("stdout", f"line {number};\n")))
    await kernel.run(f"client.task({turn.id!r})", cell="c1")
    await scripted.says("line 299;")
    await kernel.manager.restart_kernel(now=True)

    async def is_back() -> bool:
        try:
            return (await kernel.run("1", timeout=3)).error is None
        except AssertionError:
            return False

    await eventually(is_back, 60, "the kernel is back")
    await kernel.run("%load_ext notebook_ext\nimport wegent\nclient = wegent.Client()")
    run = await kernel.run(f"client.task({turn.id!r})", cell="c1")
    api.cut_all()
    for number in range(300, 400):
        api.do(turn.say(Stream("stdout", f"line {number};\n")))
    await scripted.says("line 399;")
    text = await scripted.text()
    assert [text.count(f"line {number};") for number in range(400)] == [1] * 400
    api.do(turn.end(State.COMPLETED))
    await eventually(lambda: saved(run).count("line ") == 400, what="the last state is saved")


async def test_a_table_follows_many_tasks_by_one_watch(scripted: Scripted, api: ScriptedApi) -> None:
    kernel = scripted.kernel
    run = await kernel.run("tasks = client.map([f'part {n}' for n in range(60)])\ntasks", cell="c1")
    await scripted.says("0 of 60 done")
    await scripted.says("part 59")
    assert await kernel.value(f"({LEFT})") == "(0, 1)"
    turns = list(api.turns.values())
    for turn in turns[:50]:
        api.do(turn.end(State.COMPLETED))
    await scripted.says("50 of 60 done · ✓ 50 completed")
    for turn in turns[50:]:
        api.do(turn.end(State.FAILED))
    await scripted.says("60 of 60 done · ✓ 50 completed · ✗ 10 failed")
    await eventually(lambda: "60 of 60 done" in run.bundles[0]["text/plain"], what="the last state is saved")
    assert await kernel.value(f"({LEFT})") == "(0, 0)"


async def test_the_panel_shows_devices_as_they_come_and_go_and_its_star_chooses(
    stack: Stack, start_kernel: StartKernel
) -> None:
    user = await stack.user()
    kernel = await start_kernel(stack, user)
    scripted = Scripted(kernel, None)  # type: ignore[arg-type]
    await kernel.run("import wegent\nclient = wegent.Client()")
    await kernel.run(
        "from notebook_ext.views.device_panel import DevicePanel\nDevicePanel(client).show()", cell="c1"
    )
    await scripted.says("No devices yet")
    async with stack.device(user) as device:
        await device.register("d1", name="<desk>")
        await scripted.says("🟢 online")
        await scripted.says("&lt;desk&gt;")
        await scripted.press("view.stars['d1']")
        await scripted.says("⭐")
        await scripted.press("view.stars['d1']")
        await scripted.gone("⭐")
        await kernel.run("client.run('try it', device='d1')", cell="c2")
        for outcome in ("failed", "completed"):
            offer = await device.start()
            assert offer.prompt == "try it"
            await device.complete(offer, 0, outcome)
            await scripted.says(f"{outcome}</span>")
            if outcome == "failed":
                await scripted.press("view.retry")
    await scripted.says("🔴 offline")
    await kernel.run(f"for view in {VIEWS}: view.close()")
    assert await kernel.value(f"({LEFT})") == "(0, 0)"


async def test_a_handle_without_the_extension_shows_a_snapshot(
    api: ScriptedApi, start_kernel: StartKernel
) -> None:
    turn = api.new_turn("say it")
    api.do(turn.say(Text("It is **said**.")))
    kernel = await start_kernel(**api.environ)
    run = await kernel.run(f"import wegent\ntask = wegent.Client().task({turn.id!r})\ntask")
    assert "<strong>said</strong>" in run.html and "say it" in run.html and "application" not in str(run.bundles)
    api.failures += [problem(ProtocolError(Code.FORBIDDEN)) for _ in range(2)]
    run = await kernel.run("task")
    assert "cannot be reached now" in run.html and "say it" in run.html
