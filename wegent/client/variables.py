"""Variables that go to a device with code, and come back."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

import msgspec

from wegent.client import pickles
from wegent.client.devices import Where
from wegent.client.errors import NotFoundError, VariableError
from wegent.client.files import download, upload
from wegent.client.rest import Rest, path_of
from wegent.protocol.resources import ANY, CLOUD, MAX_FILE, MAX_VARIABLES, Subtask, Task

if TYPE_CHECKING:
    from wegent.client.async_client import AsyncClient
    from wegent.client.tasks import AsyncTask

CLOUD_HINT = "Unpickling runs code, so variables go only between your own machines: name one, or send files."


def check(inputs: Mapping[str, Any], outputs: Sequence[str]) -> None:
    """Raise :class:`VariableError` for what can be no variables, or for too many."""
    if isinstance(outputs, str):
        raise VariableError(f"outputs={outputs!r} is a text.", hint=f"Write outputs=[{outputs!r}].")
    for name in (*inputs, *outputs):
        if not isinstance(name, str) or not name.isidentifier() or iskeyword(name):
            raise VariableError(f"{name!r} cannot be a variable's name.", hint="Use a name as in Python code.")
    if max(len(inputs), len(outputs)) > MAX_VARIABLES:
        raise VariableError(
            f"More than {MAX_VARIABLES} variables.", hint="Put what belongs together into a dict or a list."
        )


async def place(client: "AsyncClient", device: Where | None, task: "str | AsyncTask | None") -> Where:
    """Return which of one's own machines it goes to; raise :class:`VariableError` for the cloud."""
    if isinstance(device, Mapping):
        return device
    chosen = await client.device_id(device)
    if chosen is None and task is not None:
        task_id = task if isinstance(task, str) else task.task_id
        last = (await client.rest.call(Task, "GET", path_of("tasks", task_id))).last_subtask
        chosen = None if last is None or last.device_id == ANY else last.device_id
    if chosen is None:
        chosen = next((each.device_id for each in await client.devices if each.is_default), CLOUD)
    if chosen == CLOUD:
        raise VariableError("Variables do not go to the cloud.", hint=CLOUD_HINT)
    return chosen


async def send(
    rest: Rest, inputs: Mapping[str, Any], outputs: Sequence[str], progress: Callable[[int], object] | None
) -> dict[str, Any]:
    """Store each input on the server for a day and return the options of the code.

    All are pickled before the first one is sent. ``progress`` is told how many bytes have gone, of all together.
    Raises :class:`VariableError` for one that cannot be pickled, or has more than ``MAX_FILE`` bytes then.
    """
    check(inputs, outputs)
    pickled = {name: await _pickled(name, value) for name, value in inputs.items()}
    ids: dict[str, str] = {}
    gone = 0
    for name, content in pickled.items():
        told = None if progress is None else _beginning_at(gone, progress)
        ids[name] = (await upload(rest, content, f"{name}.pickle", told)).id
        gone += len(content)
    return {"inputs": ids, "outputs": list(outputs)}


async def fetch(rest: Rest, subtask: Subtask, result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that came back from code that has ended well, as it was asked for them.

    Raises :class:`VariableError` for what ran in the cloud, for a variable whose day is over, and for one that
    cannot be unpickled here.
    """
    asked = subtask.options.get("outputs") if subtask.shell == "Python" else None
    if not asked:
        return {}
    if subtask.device_id == CLOUD:
        raise VariableError("It ran in the cloud.", hint=CLOUD_HINT)
    try:
        ids = msgspec.convert(result.get("outputs"), dict[str, str])
        return {name: await _fetched(rest, name, ids[name]) for name in dict.fromkeys(asked)}
    except (msgspec.ValidationError, KeyError):
        raise VariableError(
            "The device sent no variables.", hint="Its executor may be an older one: update it, then run it again."
        ) from None


async def _pickled(name: str, value: object) -> bytes:
    try:
        return await asyncio.to_thread(pickles.pickled, value, MAX_FILE)
    except pickles.PickleError as error:
        raise VariableError(f"The variable {name} was not sent: {error}.", name=name) from error.__cause__


async def _fetched(rest: Rest, name: str, id: str) -> object:
    try:
        content = (await download(rest, id)).content
    except NotFoundError:
        raise VariableError(
            f"The variable {name} is not on the server any more: it keeps files for 24 hours.",
            name=name,
            hint="The device's kernel may still have it: run a further turn of the task that sends it back.",
        ) from None
    try:
        return await asyncio.to_thread(pickles.unpickled, content)
    except pickles.PickleError as error:
        raise VariableError(f"The variable {name} came back, but {error}.", name=name) from error.__cause__


def _beginning_at(gone: int, progress: Callable[[int], object]) -> Callable[[int], object]:
    return lambda size: progress(gone + size)
