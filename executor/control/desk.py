"""Answers the owner's commands: what each of them does, and how the executor is."""

import os
import time
from datetime import UTC, datetime

from executor import keep_awake
from executor.config import Config
from executor.device import Device
from executor.link import Link
from executor.steering import Steering
from executor.subtask import Phase, Subtask
from wegent.client import claims as token_claims
from wegent.client import credentials
from wegent.control.messages import (
    Answer,
    Connection,
    Login,
    Question,
    Slots,
    Status,
    TaskStatus,
)
from wegent.protocol.version import program_version

_SHOWN = 100
"""Characters of a prompt that say which task it is."""
_LOOKED_AT = 2000


class Desk:
    """Speaks for one running executor."""

    def __init__(self, config: Config, device: Device, link: Link, steering: Steering) -> None:
        self._config = config
        self._device = device
        self._link = link
        self._steering = steering
        self._started_at = time.time()
        self._is_laptop = keep_awake.may_sleep(config.keep_awake)

    async def handle(self, question: Question) -> Answer:
        """Do what is asked and return how the executor is then."""
        try:
            await self._do(question)
        except OSError as error:
            return Answer(error=f"The executor cannot write to {self._config.home}: {error}.")
        except LookupError:
            version = program_version()
            return Answer(error=f"This executor (version {version}) does not know {question.ask[:64]!r}.")
        return Answer(self.status())

    async def _do(self, question: Question) -> None:
        match question.ask:
            case "status":
                pass
            case "pause":
                await self._steering.pause()
            case "resume":
                self._steering.resume()
            case "drain":
                await self._steering.drain()
            case "restart" if question.now:
                self._steering.stop(restarts=True)
            case "restart":
                await self._steering.drain(restarts=True)
            case "stop":
                self._steering.stop()
            case _:
                raise LookupError

    def status(self) -> Status:
        """Return how the executor is."""
        session = self._link.session
        registered = session.registered if session is not None else None
        return Status(
            pid=os.getpid(),
            version=program_version(),
            home=str(self._config.home),
            mode=self._steering.mode,
            started_at=_rfc3339(self._started_at),
            uptime_seconds=round(time.time() - self._started_at, 1),
            connection=self._connection(),
            device_id=self._device.device_id,
            device_name=registered.device.name if registered is not None else self._config.name,
            login=_login(self._device.login),
            slots=Slots(self._device.busy, self._config.slots),
            tasks=[_task(subtask) for subtask in self._device],
            load=self._device.load.latest,
            may_sleep=self._is_laptop,
            tethered_to=os.getppid() if self._config.is_tethered else 0,
        )

    def _connection(self) -> Connection:
        next_try = self._link.next_try
        return Connection(
            url=self._config.url,
            is_connected=self._link.session is not None,
            trouble=self._link.trouble,
            next_try=None if next_try is None else _rfc3339(next_try),
        )


def _login(login: credentials.Login) -> Login:
    claims = token_claims.read(login.token)
    return Login(login.user, login.expires_at if claims is None else _rfc3339(claims.exp))


def _task(subtask: Subtask) -> TaskStatus:
    meta = subtask.outbox.meta
    is_stopping = subtask.phase is Phase.RUNNING and subtask.stop_wanted is not None
    return TaskStatus(
        subtask_id=subtask.id,
        task_id=meta.task_id,
        shell=meta.shell,
        state="stopping" if is_stopping else subtask.phase.value,
        since=_rfc3339(subtask.since),
        waiting_bytes=0 if subtask.sender.is_drained else subtask.outbox.spool.size,
        title="" if subtask.offer is None else _title(subtask.offer.prompt),
    )


def _title(prompt: str) -> str:
    """Return the first line of a prompt that says something, as far as it is shown."""
    return prompt[:_LOOKED_AT].strip().partition("\n")[0].strip()[:_SHOWN]


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
