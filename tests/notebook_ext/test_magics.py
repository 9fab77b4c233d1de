"""`%wegent` and `%%wegent` in a real kernel, against a real stack with a real executor."""

import asyncio
import re
from pathlib import Path
from typing import Any

from support.kernel import CellRun, Kernel
from support.processes import eventually
from support.stack import Stack, StackUser

PYTHON = ("--shell", "Python", "--shell", "Command", "--allow-results")


async def ready(stack: Stack, start_kernel: Any, name: str = "workstation") -> tuple[StackUser, Kernel]:
    """Start a device, and a kernel that is logged in beside it."""
    user = await stack.user()
    kernel, _ = await asyncio.gather(start_kernel(stack, user), stack.start_executor(user, name, *PYTHON))
    return user, kernel


async def has_said(stack: Stack, user: StackUser, text: str) -> None:
    """Wait until the newest task has said something."""

    async def look() -> bool:
        newest = (await stack.get(user, "/tasks"))["items"][:1]
        events = await stack.events(user, newest[0]["last_subtask"]["subtask_id"]) if newest else []
        return any(text in str(event) for event in events)

    await eventually(look, 30, f"{text} is said")


async def test_python_runs_on_the_device_and_appears_as_if_it_had_run_here(
    stack: Stack, start_kernel: Any
) -> None:
    _, kernel = await ready(stack, start_kernel)
    first = await kernel.run(
        "%%wegent -d workstation -s Python\n"
        "import sys\nx = 20\nprint('out')\nprint('err', file=sys.stderr)\n"
        "h = display('before', display_id=True)\nh.update('after')\nx + 1"
    )
    assert first.error is None, first.error
    assert (first.stdout, first.stderr) == ("out\n", "err\n")
    assert first.outputs[-1]["output_type"] == "execute_result"
    assert [each["text/plain"] for each in first.bundles] == ["'after'", "21"]
    assert await kernel.value("_") == "21"

    kept = await kernel.run("%%wegent -d workstation -s Python\nx * 2")
    assert kept.plain == "40"
    assert await kernel.value("'x' in globals()") == "False"

    failed = await kernel.run("%%wegent -d workstation -s Python\nprint('so far')\n1 / 0")
    assert failed.stdout == "so far\n"
    assert failed.error is not None and failed.error["ename"] == "ZeroDivisionError"
    traceback = re.sub("\x1b[^m]*m", "", "\n".join(failed.error["traceback"]))
    assert "1 / 0" in traceback and "notebook_ext" not in traceback
    assert failed.reply is not None and failed.reply["status"] == "error"

    anew = await kernel.run("%%wegent -d workstation -s Python --new\nx")
    assert anew.error is not None and anew.error["ename"] == "NameError"


async def test_a_picture_too_large_for_an_event_is_shown_whole(stack: Stack, start_kernel: Any) -> None:
    _, kernel = await ready(stack, start_kernel)
    run = await kernel.run(
        "%%wegent -d workstation -s Python\nimport base64, os\nfrom IPython.display import display\n"
        "display({'image/png': base64.b64encode(bytes(300_000)).decode(), 'text/plain': 'grey'}, raw=True)"
    )
    assert run.error is None, run.error
    assert [len(each["image/png"]) for each in run.bundles] == [400_000]


async def test_variables_go_to_the_device_and_come_back(stack: Stack, start_kernel: Any) -> None:
    _, kernel = await ready(stack, start_kernel)
    await kernel.run("numbers = [1, 2, 3]")
    run = await kernel.run(
        "%%wegent -d workstation --in numbers --out total double\n"
        "total = sum(numbers)\ndouble = [2 * each for each in numbers]"
    )
    assert run.error is None, run.error
    assert "pickles" in run.stdout
    assert await kernel.value("(total, double)") == "(6, [2, 4, 6])"
    later = await kernel.run("%%wegent -d workstation --out more --bg job\nmore = total + 1")
    assert "job.variables()" in later.stdout and "pickles" not in later.stdout
    assert await kernel.value("job.variables()") == "{'more': 7}"


async def test_a_command_is_shown_and_waited_for_and_its_failure_stops_the_notebook(
    stack: Stack, start_kernel: Any
) -> None:
    _, kernel = await ready(stack, start_kernel)
    run = await kernel.run("%%wegent -d workstation -s Command --title 'my words'\necho one; echo two")
    assert run.error is None, run.error
    await eventually(lambda: "two" in run.html)
    assert await kernel.value("_wegent.result().exit_code") == "0"

    failed = await kernel.run("%%wegent -d workstation -s Command\nexit 3")
    assert failed.error is not None and failed.error["ename"] == "CellError"
    assert "Traceback" not in "".join(failed.error["traceback"])

    listed = await kernel.run("%wegent tasks -n 5 words")
    assert "my words" in listed.html and "my words" in listed.plain
    panel = await kernel.run("%wegent devices")
    assert "application/vnd.jupyter.widget-view+json" in panel.bundles[-1]


async def test_a_cell_goes_to_a_label_takes_files_and_options_along_and_is_continued(
    stack: Stack, start_kernel: Any, tmp_path: Path
) -> None:
    user, kernel = await ready(stack, start_kernel)
    await stack.start_executor(user, "gpu-box", *PYTHON, "--label", "gpu=yes")
    (tmp_path / "notes.txt").write_text("what is sent along\n")
    sent = await kernel.run(
        f"%%wegent -l gpu=yes -s Command --file {tmp_path}/notes.txt --option timeout_seconds=30\n"
        'cat "$WEGENT_ATTACHMENTS"/notes.txt'
    )
    assert sent.error is None, sent.error
    await eventually(lambda: "what is sent along" in sent.html)
    assert await kernel.value("_wegent.subtask().device_id") == "'gpu-box'"
    assert await kernel.value("_wegent.subtask().options['timeout_seconds']") == "30"

    first = await kernel.value("_wegent.task_id")
    asked = await kernel.run("%wegent ask " + await kernel.value("_wegent.id") + " 'echo and more' --bg more")
    assert asked.error is None, asked.error
    shown = await kernel.run("%wegent result more")
    assert "exit_code" in shown.plain
    assert await kernel.value("more.task_id") == first
    again = await kernel.run("%%wegent --task more\necho once more")
    assert again.error is None and await kernel.value("_wegent.task_id") == first

    anywhere = await kernel.run("%%wegent --any -s Python\n6 * 7")
    assert anywhere.plain == "42"
    nowhere = await kernel.run("%%wegent -l gpu=no -s Python\n1")
    assert "gpu=no" in nowhere.stderr or (nowhere.error and "gpu=no" in nowhere.error["evalue"])


async def test_a_task_in_the_background_is_a_variable_and_outlives_the_kernel(
    stack: Stack, start_kernel: Any, tmp_path: Path
) -> None:
    user, kernel = await ready(stack, start_kernel)
    waiting = f"while [ ! -e {tmp_path}/go ]; do sleep 0.1; done"
    sent = await kernel.run(f"%%wegent -d workstation -s Command --bg job\necho begun; {waiting}; echo over")
    assert sent.error is None and "job.result()" in sent.stdout
    assert await kernel.value("job.status in ('queued', 'offered', 'running')") == "True"
    task_id = (await kernel.value("job.id")).strip("'")
    assert task_id in await kernel.complete("%wegent attach ")
    assert "job" in await kernel.complete("%wegent cancel j")

    await kernel.restart()
    await kernel.run("%load_ext notebook_ext")
    attached = await kernel.begin(f"%wegent attach {task_id}")
    await has_said(stack, user, "begun")
    assert attached.reply is None
    (tmp_path / "go").touch()
    ended = await kernel.ended(attached)
    assert ended.error is None, ended.error
    await eventually(lambda: "begun" in ended.html and "over" in ended.html)
    unknown = await kernel.run("%wegent attach nothing")
    assert "nothing" in unknown.stderr and "%wegent tasks" in unknown.stderr


async def test_a_cell_that_is_run_again_keeps_nothing_of_its_former_views(stack: Stack, start_kernel: Any) -> None:
    user, kernel = await ready(stack, start_kernel)
    sent = await kernel.run("%%wegent -d workstation -s Command\necho over")
    assert sent.error is None, sent.error
    task_id = (await stack.get(user, "/tasks"))["items"][0]["last_subtask"]["subtask_id"]
    for _ in range(4):
        assert (await kernel.run(f"%wegent attach {task_id}", cell="again")).error is None
    await kernel.run("pass", cell="again")
    views = "[each for each in __import__('gc').get_objects() if type(each).__name__ == 'TaskView']"

    async def are_gone() -> bool:
        return await kernel.value(f"(__import__('gc').collect() and 0) or len({views})") == "1"

    await eventually(are_gone, 20, "only the first cell's view is there")


async def test_an_interrupt_asks_to_stop_and_a_second_one_leaves(stack: Stack, start_kernel: Any) -> None:
    user, kernel = await ready(stack, start_kernel)
    stopped = await kernel.begin("%%wegent -d workstation -s Command\necho begun; sleep 100")
    await has_said(stack, user, "begun")
    await kernel.interrupt(stopped)
    await kernel.ended(stopped)
    assert stopped.error is not None and stopped.error["evalue"] == "The task was stopped."
    assert "Stopping" in stopped.stderr
    assert await kernel.value("_wegent.status.value") == "'cancelled'"

    left = await kernel.begin(
        "%%wegent -d workstation -s Python\nimport time\nprint('begun')\n"
        "for _ in range(200):\n    try:\n        time.sleep(0.1)\n"
        "    except KeyboardInterrupt:\n        print('no')"
    )
    await eventually(lambda: "begun" in left.stdout)
    await kernel.interrupt(left)
    await eventually(lambda: "Stopping" in left.stderr)
    await kernel.interrupt(left)
    await kernel.ended(left)
    assert left.error is not None and "%wegent attach" in left.error["evalue"]


async def test_what_goes_wrong_is_said_in_a_few_words_with_what_to_do(stack: Stack, start_kernel: Any) -> None:
    user = await stack.user()
    nobody = await start_kernel(stack)
    kernel = await start_kernel(stack, user)
    assert "%wegent login" in said(await nobody.run("%wegent devices"))
    device = await stack.start_executor(user, "workstation", *PYTHON)
    assert "Devices: " in said(await kernel.run("%%wegent -d worksation -s Command\ntrue"))
    assert "below its first line" in said(await kernel.run("%%wegent -d workstation\n \n"))
    assert "nothing_here" in said(await kernel.run("%%wegent -d workstation --in nothing_here\n1"))
    assert "usage: %%wegent" in said(await kernel.run("%%wegent --nothing\n1"))
    assert "--bg" in (await kernel.run("%%wegent -h\n1")).stdout
    about = (await kernel.run("%wegent")).stdout
    assert "login" in about and "usage: %%wegent" in about
    assert "SEARCH" in (await kernel.run("%wegent tasks -h")).stdout
    await device.stop()
    assert "--wait" in said(await kernel.run("%%wegent -d workstation -s Command\ntrue"))
    queued = await kernel.run("%%wegent -d workstation -s Command --wait --bg later\ntrue")
    assert queued.error is None
    assert await kernel.value("later.status.value") == "'queued'"
    assert "Stopped" in (await kernel.run("%wegent cancel later")).stdout
    assert "ended before" in (await kernel.run("%wegent cancel later")).stdout


async def test_tab_offers_what_fits(stack: Stack, start_kernel: Any) -> None:
    _, kernel = await ready(stack, start_kernel)
    await kernel.run("frame = 1")
    assert "login" in await kernel.complete("%wegent l")
    assert {"attach", "ask"} <= set(await kernel.complete("%wegent a"))
    assert "--help" in await kernel.complete("%wegent tasks --he")
    assert "workstation" in await kernel.complete("%%wegent -d work")
    cell = "%%wegent -d workstation --sh\nprint(1)"
    assert "--shell" in await kernel.complete(cell, cell.index("\n"))
    assert {"Command", "Python"} <= set(await kernel.complete("%%wegent -d workstation -s "))
    assert "frame" in await kernel.complete("%%wegent -s Python --in fra")


async def test_loading_twice_and_unloading_leave_ipython_as_it_was(stack: Stack, start_kernel: Any) -> None:
    _, kernel = await ready(stack, start_kernel)
    for line in ("%load_ext notebook_ext", "%reload_ext notebook_ext", "%wegent tasks"):
        assert (await kernel.run(line)).error is None
    assert (await kernel.run("%unload_ext notebook_ext")).error is None
    assert "not found" in said(await kernel.run("%wegent tasks"))
    assert (
        await kernel.value("[t.name for t in __import__('threading').enumerate() if 'wegent' in t.name]") == "[]"
    )
    assert (await kernel.run("%load_ext notebook_ext")).error is None
    assert (await kernel.run("%wegent tasks")).error is None


def said(run: CellRun) -> str:
    """Return what a failed cell says; it shows no stack."""
    text = run.stderr + "".join(run.error["traceback"] if run.error else ())
    assert run.reply is not None and run.reply["status"] == "error"
    assert "notebook_ext/" not in text and "Traceback" not in text
    return text
