"""What `import wegent` gives, and what it costs."""

import inspect
import subprocess
import sys

import pytest

import wegent
from wegent.client import errors


def test_every_name_is_there() -> None:
    assert sorted(wegent.__all__) == list(wegent.__all__)
    for name in wegent.__all__:
        assert getattr(wegent, name).__name__ == name
    assert set(wegent.__all__) <= set(dir(wegent))


def test_every_error_is_exported() -> None:
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and "Error" in name}
    assert kinds - {"Code"} <= set(wegent.__all__)
    assert all(issubclass(getattr(wegent, name), wegent.WegentError) for name in kinds)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        wegent.nothing  # noqa: B018


def test_importing_it_imports_nothing_heavy() -> None:
    heavy = ("aiohttp", "rich", "msgspec", "asyncio")
    script = f"import sys, wegent; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_without_nbformat_notebooks_say_what_to_install_and_all_else_works() -> None:
    script = """
import sys
sys.modules["nbformat"] = None
import wegent
client = wegent.Client("http://127.0.0.1:9", "token")
try:
    client.run_notebook("model.ipynb")
except wegent.MissingPackageError as error:
    print(error.hint)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout == "Type: pip install 'wegent[notebook]'\n", done.stderr


def test_the_tree_at_the_top_of_errors_is_the_tree() -> None:
    drawn = [line for line in (errors.__doc__ or "").splitlines() if "Error" in line and line.startswith("  ")]
    assert {next(word for word in line.split() if word.endswith("Error")) for line in drawn} == {
        name for name in wegent.__all__ if name.endswith("Error")
    }


@pytest.mark.parametrize(
    ("blocking", "asynchronous", "alone"),
    [
        (wegent.Client, wegent.AsyncClient, {"url", "device_id", "target", "watch"}),
        (wegent.Task, wegent.AsyncTask, {"begin_waiting", "last_seen", "watch"}),
        (wegent.Stream, wegent.EventStream, {"read", "aclose"}),
        (wegent.TaskList, wegent.AsyncTaskList, set()),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_both_forms_of_the_client_offer_the_same(blocking: type, asynchronous: type, alone: set[str]) -> None:
    assert public(blocking) ^ public(asynchronous) <= alone
    for name in public(blocking) & public(asynchronous):
        one, other = vars(blocking)[name], vars(asynchronous)[name]
        if isinstance(one, property):
            assert isinstance(other, property), name
            continue
        given, expected = (inspect.signature(each).parameters.values() for each in (one, other))
        assert [(each.name, each.kind, each.default) for each in given] == [
            (each.name, each.kind, each.default) for each in expected
        ], name


def public(kind: type) -> set[str]:
    """Return what a class itself offers by name."""
    return {name for name in vars(kind) if not name.startswith("_")}
