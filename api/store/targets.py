"""Where a subtask is to run: on one device, in the cloud, or on any of its user's devices that has some labels.

Each says which columns of ``subtasks`` put one into its queue, and refuses what it could never take.
"""

from typing import Any, NamedTuple

from databases.core import Connection

from api.store import cloud, devices, folders, labels, subtasks
from api.store.devices import DeviceRow
from api.store.store import Store
from api.store.tables import devices as device_table
from wegent.protocol.errors import Code, ProtocolError
from wegent.protocol.resources import ANY, CLOUD

DEFAULT_SHELL = "ClaudeCode"
LISTED = 8
"""Devices that an error names."""


class Wish(NamedTuple):
    """What a sender asks of a target; without ``wait`` it is refused where nothing is online."""

    shell: str | None
    workdir: str | None
    wait: bool


class OneDevice(NamedTuple):
    """One device, whoever else is free."""

    device: DeviceRow

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that put a subtask into its queue."""
        return _queue(device=self.device.row, device_id=self.device.device_id)

    async def check(self, store: Store, wish: Wish) -> str:
        """Return the shell to use; raise ``device_offline``, ``forbidden`` or ``shell_not_offered``."""
        if not wish.wait and await devices.are_offline(store, [self.device]):
            raise ProtocolError(Code.DEVICE_OFFLINE, f"{self.device.name} is offline.")
        if not folders.offers(self.device, wish.workdir):
            raise _folder_refused(f"{self.device.name} does not offer", wish.workdir)
        return _shell(f"{self.device.name} does not offer", self.device.about.shells, wish.shell)


class TheCloud(NamedTuple):
    """Whichever of the operator's executors is free."""

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that put a subtask into its queue."""
        return _queue(is_cloud=True, device_id=CLOUD)

    async def check(self, store: Store, wish: Wish) -> str:
        """Return the shell to use; raise ``no_cloud`` or ``shell_not_offered``."""
        offered = cloud.shells(await cloud.online(store))
        if not offered and not wish.wait:
            raise ProtocolError(Code.NO_CLOUD)
        return _shell("The cloud does not offer", offered, wish.shell)


class AnyDevice(NamedTuple):
    """Whichever of the user's own devices that has the labels, shell and folder has a free slot first."""

    user_id: str
    labels: dict[str, str]

    @property
    def columns(self) -> dict[str, Any]:
        """The columns that put a subtask into its queue."""
        return _queue(device_id=ANY, labels=labels.encode(self.labels))

    async def check(self, store: Store, wish: Wish) -> str:
        """Return the shell to use.

        Raises ``not_found`` where no device has the labels, and ``shell_not_offered``, ``forbidden`` or
        ``device_offline`` where none of those that have them can take it.
        """
        async with store.database.read() as connection:
            mine = (device_table.c.user_id == self.user_id, device_table.c.kind == "local")
            own = await devices.select(connection, *mine)
        having = [device for device in own if self.labels.items() <= device.about.labels.items()]
        if not having:
            raise self._none_has_them(own)
        offered = dict.fromkeys(shell for device in having for shell in device.about.shells)
        shell = _shell(f"None of your devices{self._with_labels} offers", list(offered), wish.shell)
        offering = [device for device in having if shell in device.about.shells]
        able = [device for device in offering if folders.offers(device, wish.workdir)]
        if not able:
            raise _folder_refused(f"None of {_names(offering)} offers", wish.workdir)
        if not wish.wait and await devices.are_offline(store, able):
            raise ProtocolError(
                Code.DEVICE_OFFLINE,
                f"All of your devices that could take it are offline: {_names(able)}.",
                "Start the executor of one of them, ask for other labels, or send with wait=true.",
            )
        return shell

    @property
    def _with_labels(self) -> str:
        return f" with {_written(self.labels)}" if self.labels else ""

    def _none_has_them(self, own: list[DeviceRow]) -> ProtocolError:
        if not own:
            return ProtocolError(
                Code.NOT_FOUND, "You have no device yet.", "Start an executor: `wegent-executor`."
            )
        listed = "; ".join(f"{device.name}: {_written(device.about.labels) or 'none'}" for device in own[:LISTED])
        return ProtocolError(
            Code.NOT_FOUND,
            f"None of your devices has the labels {_written(self.labels)}.",
            f"The labels of your devices: {listed}. Their owner adds others with --label NAME=VALUE.",
            field="labels",
        )


Target = OneDevice | TheCloud | AnyDevice


def _queue(
    *, is_cloud: bool = False, device: int | None = None, device_id: str, labels: bytes | None = None
) -> dict[str, Any]:
    return {"is_cloud": is_cloud, "device": device, "device_id": device_id, "labels": labels}


async def named(
    connection: Connection, user_id: str, device_id: str, labels: dict[str, str] | None = None
) -> Target:
    """Return what a sender means by ``device_id`` and ``labels``; raise ``not_found`` or ``bad_message``."""
    if labels and device_id != ANY:
        raise _labels_alone()
    if device_id == ANY:
        return AnyDevice(user_id, labels or {})
    if device_id == CLOUD:
        return TheCloud()
    return OneDevice(await devices.get(connection, user_id, device_id))


async def choose(
    connection: Connection, user_id: str, task_id: str | None, device_id: str | None, labels: dict[str, str] | None
) -> Target:
    """Return the target named, else where the task was last, else the default device, else the cloud."""
    if device_id is not None:
        return await named(connection, user_id, device_id, labels)
    if labels:
        raise _labels_alone()
    if task_id is not None and (last := await _last(connection, task_id)) is not None:
        return last
    default = await _of_row(connection, await devices.default_row(connection, user_id))
    return TheCloud() if default is None else OneDevice(default)


async def _last(connection: Connection, task_id: str) -> Target | None:
    """Where the task's last turn ran or waits; None if there is none, or its device was deleted."""
    turns = await subtasks.last_turns(connection, task_id, limit=1)
    if not turns:
        return None
    if turns[0].is_cloud:
        return TheCloud()
    if turns[0].labels is not None and turns[0].started_at is None:
        return AnyDevice(turns[0].user_id, turns[0].labels)
    device = await _of_row(connection, turns[0].device)
    return None if device is None else OneDevice(device)


async def _of_row(connection: Connection, row: int | None) -> DeviceRow | None:
    found = await devices.select(connection, device_table.c.row == row)
    return found[0] if found else None


def _labels_alone() -> ProtocolError:
    return ProtocolError(
        Code.BAD_MESSAGE, "Labels choose among your devices.", f'Send them with device_id "{ANY}".', field="labels"
    )


def _shell(refusal: str, offered: list[str], wanted: str | None) -> str:
    """Return the shell to use; nobody knows what a target offers that is not there."""
    if wanted is None:
        return DEFAULT_SHELL if DEFAULT_SHELL in offered or not offered else offered[0]
    if offered and wanted not in offered:
        raise ProtocolError(
            Code.SHELL_NOT_OFFERED,
            f"{refusal} {wanted}.",
            f"Offered: {', '.join(offered)}. The owner adds others with --shell.",
        )
    return wanted


def _folder_refused(refusal: str, workdir: str | None) -> ProtocolError:
    return ProtocolError(
        Code.FORBIDDEN,
        f"{refusal} the folder {workdir}.",
        "Its owner offers folders with --workspace DIR.",
        field="options.workdir",
    )


def _written(labels: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()))


def _names(found: list[DeviceRow]) -> str:
    more = [f"{len(found) - LISTED} more"] if len(found) > LISTED else []
    return ", ".join([device.name for device in found[:LISTED]] + more)
