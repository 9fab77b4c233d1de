"""Variables that come with Python code and go back: a real kernel takes and gives pickles."""

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy
import pandas
import pytest
from aiohttp import web
from matplotlib import pyplot
from support.processes import Program, eventually
from support.scripted_backend import Record, ScriptedBackend

from wegent.protocol.device_messages import Complete
from wegent.protocol.output_events import CellOutput, File
from wegent.protocol.resources import MAX_FILE

matplotlib.use("Agg")
pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def program(start_executor) -> Program:
    return start_executor("--shell", "Python", "--allow-results")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the executor keeps its files."""
    return tmp_path / "programs/home/.wegent-executor"


Run = Callable[..., Any]


@pytest.fixture
def run(backend: ScriptedBackend, program: Program) -> Run:
    """Run turns of one task."""
    numbers = iter(range(1, 100))

    async def run(
        code: str, inputs: Mapping[str, Any] = {}, outputs: Any = (), **fields: Any
    ) -> tuple[Record, Complete]:
        for name, value in inputs.items():
            content = value if isinstance(value, bytes) else pickle.dumps(value, 5)
            backend.files[f"id-{name}"] = (f"{name}.pickle", content)
        options = {"inputs": {name: f"id-{name}" for name in inputs}, "outputs": list(outputs)}
        record = await backend.offer(
            f"turn-{next(numbers)}", code, shell="Python", task_id="task", options=options, **fields
        )
        return record, await record.ended(60)

    return run


def given(backend: ScriptedBackend, end: Complete) -> dict[str, Any]:
    """Return the variables that came back."""
    assert end.result is not None
    return {
        name: pickle.loads(backend.uploads[int(id[1:]) - 1].body) for name, id in end.result["outputs"].items()
    }


def shown(record: Record) -> list[Any]:
    """Return what the cell has put out."""
    return [event.output for event in record.events if isinstance(event, CellOutput)]


def why(end: Complete) -> str:
    assert (end.status, end.error and end.error.code) == ("failed", "shell_failed")
    assert end.error is not None
    return end.error.message


def scratch(home: Path) -> list[Path]:
    """Return what is left of the folders of turns."""
    assert (home / "outbox").is_dir()
    return list(home.glob("outbox/*/scratch")) + list(home.glob("workspace/**/*.pickle"))


async def test_variables_go_into_the_kernel_and_come_back_and_leave_no_trace(
    backend: ScriptedBackend, run: Run
) -> None:
    plain, _ = await run("x = 1\nx + 41")
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "数"]})
    nested = {"list": [1, (2, {3})], "array": numpy.arange(4)}
    code = "df['c'] = df.a * 2\ntotal = int(nested['array'].sum())\nx + 41"
    record, end = await run(code, {"df": frame, "nested": nested}, ["df", "total", "nested", "df"])
    assert end.status == "completed", end.error
    assert {"kernel": "python3", "execution_count": 2}.items() <= (end.result or {}).items()
    (one,), (two,) = shown(plain), shown(record)
    assert two == one | {"execution_count": 2}
    back = given(backend, end)
    assert back["total"] == 6 and back["df"].c.tolist() == [2, 4] and back["df"].b.tolist() == ["x", "数"]
    assert back["nested"]["list"] == nested["list"] and back["nested"]["array"].tolist() == [0, 1, 2, 3]
    names = [event.name for event in record.events if isinstance(event, File)]
    assert names == ["df.pickle", "total.pickle", "nested.pickle"]
    # The next turn of the task has them still, and nothing else came into its kernel.
    look = "assert df.c.tolist() == [2, 4]\n(_, len(In), sorted(n for n in globals() if 'wegent' in n.lower()))"
    record, end = await run(look)
    assert shown(record)[0]["data"]["text/plain"] == "(42, 4, [])"
    assert end.result == {"kernel": "python3", "execution_count": 3}


async def test_a_figure_goes_there_and_back_and_shows_only_where_the_code_shows_it(
    backend: ScriptedBackend, run: Run
) -> None:
    figure = pyplot.figure()
    figure.gca().plot([1, 2, 4], label="before")
    record, end = await run(
        "axes = fig.axes[0]\naxes.set_title('there')\nlen(axes.lines)", {"fig": figure}, ["fig"]
    )
    pyplot.close(figure)
    assert [each["data"] for each in shown(record)] == [{"text/plain": "1"}]
    back = given(backend, end)["fig"]
    assert back.axes[0].get_title() == "there" and not pyplot.get_fignums()
    record, _ = await run("fig")
    assert set(shown(record)[0]["data"]) == {"image/png", "text/plain"}


async def test_one_that_cannot_go_back_is_named_with_what_to_do_and_the_others_come(
    backend: ScriptedBackend, home: Path, run: Run
) -> None:
    code = f"""
class Odd:
    def __reduce__(self): raise SystemError("odd")
good, lock, odd, big = 1, __import__("threading").Lock(), Odd(), bytearray({MAX_FILE})
"""
    _, end = await run(code, outputs=["good", "lock", "odd", "big", "missing"])
    told = why(end)
    for part in (
        "The variable lock is not sent back: it cannot be pickled (TypeError: cannot pickle '_thread.lock'"
        " object). Take what it holds",
        "The variable odd is not sent back: it cannot be pickled (SystemError: odd).",
        "The variable big is not sent back: it has 24.0 MiB as a pickle, more than the 24 MiB that can be sent.",
        "The variable missing is not sent back: there is no such variable once the code has run. Assign it",
    ):
        assert part in told
    assert given(backend, end) == {"good": 1}
    # What the code itself says counts more than that nothing comes back from it.
    _, end = await run("y = 3\n1 / 0", outputs=["y"])
    assert why(end) == "ZeroDivisionError: division by zero"
    # A server that does not take one is told of in the same way.
    backend.upload_answers = [web.json_response({"detail": "Your files fill your space."}, status=413)]
    _, end = await run("pass", outputs=["good", "y"])
    assert "good is not sent back: good.pickle cannot be sent: the server answered HTTP 413 Your files" in why(end)
    assert given(backend, end) == {"y": 3}
    assert not scratch(home)


async def test_one_that_does_not_arrive_is_named_and_the_code_does_not_run(
    backend: ScriptedBackend, home: Path, run: Run
) -> None:
    await run("runs = []")
    made_elsewhere = b"cabsent_module\nThing\n.\n# Python 3.99.1"
    record, end = await run(
        "runs.append(1)", {"good": 1, "model": made_elsewhere, "thing": b"c__main__\nThing\n."}
    )
    told = why(end)
    assert "The variable model did not arrive: it cannot be unpickled (ModuleNotFoundError:" in told
    assert "Install the package that has the module absent_module" in told
    assert "It was made by Python 3.99.1; this is Python 3." in told
    assert "The variable thing did not arrive" in told and "Define there first what it is made of" in told
    assert not shown(record)
    _, end = await run("runs.append(2)", {"broken": b"no pickle"})
    assert "The variable broken did not arrive: it cannot be unpickled (UnpicklingError" in why(end)
    backend.files.clear()
    record = await backend.offer(
        "gone", "runs.append(3)", shell="Python", task_id="task", options={"inputs": {"df": "id-df"}}
    )
    told = why(await record.ended(60))
    assert told.startswith("The variable df did not arrive: The attached file id-df is not on the server")
    _, end = await run("runs.append('good' in globals())", outputs=["runs"])
    assert given(backend, end) == {"runs": [False]}, "none came where not all did"
    assert not scratch(home)


async def test_what_the_code_puts_in_the_way_of_its_pickles_leads_to_no_other_file(
    backend: ScriptedBackend, home: Path, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    # When x is pickled, a thing of the code's own comes into the place of the pickles.
    trap = """
import os, glob, pathlib
class Trap:
    def __init__(self, what): self.what = what
    def __reduce__(self):
        (folder,) = glob.glob({pattern!r})
        eval(self.what, globals(), {{"to": pathlib.Path(folder), "secret": {secret!r}}})
        return str, ("harmless",)
x, y, z = 1, Trap({what!r}), 3
"""
    pattern = str(home / "outbox" / "*" / "scratch" / "outputs")
    for what, refused in (
        (
            "(os.unlink(to / '0.pickle'), os.symlink(secret, to / '0.pickle'))",
            "x is not sent back: its pickle cannot",
        ),
        ("(os.unlink(to / '0.pickle'), os.mkfifo(to / '0.pickle'))", "x is not sent back: no plain file"),
        ("os.symlink(secret, to / '1.pickle')", "y is not sent back: [Errno 17] File exists"),
        ("(os.rename(to, str(to) + '2'), os.symlink(str(to) + '2', to))", "outputs leads elsewhere now"),
        ("os.truncate(to / '0.pickle', 25 << 20)", "x is not sent back: it has more than 24 MiB"),
    ):
        backend.uploads.clear()
        _, end = await run(
            trap.format(pattern=pattern, secret=str(tmp_path / "secret"), what=what), outputs=["x", "y", "z"]
        )
        assert refused in why(end)
        assert not any(b"secret" in upload.body for upload in backend.uploads)
    assert not scratch(home)
    assert (tmp_path / "secret").read_text() == "secret"


async def test_a_stop_ends_the_wait_for_variables_and_the_kernel_keeps_its_state(
    backend: ScriptedBackend, home: Path, run: Run
) -> None:
    await run("x = 7")
    slow = b"cbuiltins\nexec\n(Vimport time; open('begun', 'w').close(); time.sleep(600)\ntR."
    backend.files["slow"] = ("slow.pickle", slow)
    options = {"inputs": {"slow": "slow"}}
    record = await backend.offer("in", "x = 8", shell="Python", task_id="task", options=options)
    await eventually((home / "workspace/task/begun").exists, 60)
    await backend.cancel(record)
    assert (await record.ended(30)).status == "cancelled"
    # While the server takes no files, too.
    backend.upload_answers = [web.Response(status=503, headers={"Retry-After": "600"})]
    record = await backend.offer("out", "y = 9", shell="Python", task_id="task", options={"outputs": ["y"]})
    await eventually(lambda: not backend.upload_answers, 60)
    await backend.cancel(record)
    assert (await record.ended(30)).status == "cancelled"
    _, end = await run("state = (x, y)", outputs=["state"])
    assert given(backend, end) == {"state": (7, 9)}
    # A kernel that dies of them is told of.
    _, end = await run("1", {"deadly": b"cos\n_exit\n(I9\ntR."})
    assert "The kernel died with exit code 9 on the variables." in why(end)
    assert not scratch(home)


async def test_who_may_not_or_cannot_carry_variables_is_told_so_at_once(
    backend: ScriptedBackend, start_executor, tmp_path: Path
) -> None:
    kernel = tmp_path / "data/kernels/tongue"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text('{"argv": ["sh", "{connection_file}"], "language": "Tongue"}')
    start_executor("--shell", "Python", JUPYTER_PATH=str(tmp_path / "data"))

    async def declined(options: dict[str, Any]) -> str:
        count = len(backend.declines)
        await backend.offer(f"bad-{count}", "1", shell="Python", options=options)
        await eventually(lambda: len(backend.declines) > count)
        assert backend.declines[-1]["retry"] is False
        return str(backend.declines[-1]["reason"])

    refused = await declined({"outputs": ["x"]})
    assert "--allow-results" in refused and "leave options.outputs out" in refused
    for options in (
        {"inputs": ["x"]},
        {"inputs": {"x": 1}},
        {"inputs": {"x": "../../etc/passwd"}},
        {"inputs": {f"x{number}": "id" for number in range(21)}},
        {"outputs": "x"},
        {"outputs": [1]},
        {"outputs": ["x"] * 21},
    ):
        assert "The options are not valid: " in await declined(options), options
    for name in ("not valid", "../x", "class", "x.y", "1"):
        assert f"{name!r} cannot be a variable's name" in await declined({"inputs": {name: "id"}})
        assert f"{name!r} cannot be a variable's name" in await declined({"outputs": [name]})
    backend.files["id"] = ("x.pickle", pickle.dumps(1))
    record = await backend.offer("t", "1", shell="Python", options={"inputs": {"x": "id"}, "kernel": "tongue"})
    assert "Variables are carried to and from kernels for Python, and tongue is one for Tongue" in why(
        await record.ended(60)
    )


async def test_a_cloud_executor_carries_no_variables(backend: ScriptedBackend, start_executor) -> None:
    start_executor("--shell", "Python", "--mode", "cloud", "--allow-results")
    for options in ({"inputs": {"x": "id"}}, {"outputs": ["x"]}):
        count = len(backend.declines)
        await backend.offer(f"cloud-{count}", "1", shell="Python", options=options)
        await eventually(lambda count=count: len(backend.declines) > count)
        assert "only between one's own machines" in backend.declines[-1]["reason"]
