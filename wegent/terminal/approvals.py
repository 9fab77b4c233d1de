"""Questions that wait for a person: asked in the terminal, gone when somebody else has answered."""

import asyncio
import contextlib
from collections.abc import Callable

from wegent.client.errors import AlreadyAnsweredError, SettledError, WegentError
from wegent.client.tasks import AsyncTask
from wegent.protocol.inputs import ALLOW, ALLOW_TASK, CHOICES, DENY
from wegent.protocol.output_events import AnyEvent, Approval, ApprovalDone
from wegent.protocol.time_limit import time_limit
from wegent.terminal.keyboard import Keyboard
from wegent.terminal.screen import Screen
from wegent.terminal.visible import visible
from wegent.terminal.words import Words

HEARD_WITHIN = 2.0
"""Seconds in which an answer that the server has taken is seen in the output."""
LETTERS = {"y": ALLOW, "yes": ALLOW, "a": ALLOW_TASK, "n": DENY, "no": DENY}


def parse(typed: str, choices: list[str]) -> tuple[str, str | None] | None:
    """Read an answer as a choice and, behind a denial, the words for it; None if it is no clear choice."""
    word, _, rest = typed.strip().partition(" ")
    word = word.rstrip(",.:;，。：；")
    choice = LETTERS.get(word.lower(), word)
    rest = rest.strip()
    if choice not in choices or (rest and choice != DENY):
        return None
    return choice, rest or None


class Approvals:
    """The open questions of one task, which ``show`` puts on the screen; one after the other is asked.

    Without a terminal to ask in, it says how to answer elsewhere.
    """

    def __init__(
        self,
        task: AsyncTask,
        screen: Screen,
        words: Words,
        keyboard: Keyboard,
        show: Callable[[Approval], None],
    ) -> None:
        self._show = show
        self._shown = "", 0  # the question that was shown last, and when
        self._task = task
        self._screen = screen
        self._words = words
        self._keyboard = keyboard
        self._open: dict[str, Approval] = {}
        self._told: set[str] = set()
        self._changed = asyncio.Event()
        self._asking: Approval | None = None

    def note(self, event: AnyEvent) -> None:
        """Note a question that was shown, or that one was answered."""
        match event:
            case Approval():
                self._open[event.id] = event
                self._shown = event.id, self._screen.puts
            case ApprovalDone():
                self._open.pop(event.id, None)

    def settle(self) -> None:
        """Ask what is open now; called when a batch of events was shown, so that old questions are not asked."""
        self._changed.set()
        if self._asking is not None and self._asking.id in self._open:
            self._screen.ask(self._words("choose"))
        if not self._keyboard.is_there:
            for approval_id in self._open.keys() - self._told:
                self._told.add(approval_id)
                self._screen.line(self._words("waits_for_answer", id=self._task.id), "yellow")

    def make_room(self) -> None:
        """Take the question off the screen, as something else comes."""
        if self._asking is not None:
            self._screen.take_back()

    async def run(self) -> None:
        """Ask one question after the other, for as long as there is somebody to ask."""
        while self._keyboard.is_there:
            await self._changed.wait()
            self._changed.clear()
            if self._open:
                await self._ask(next(iter(self._open.values())))
                self._changed.set()
        self.settle()
        await self._screen.flush()

    async def _ask(self, approval: Approval) -> None:
        choices = approval.choices or CHOICES
        if self._shown != (approval.id, self._screen.puts):  # something else stands below it
            self._show(approval)
        named = [self._words(f"choice_{each}") if each in CHOICES else f"[{visible(each)}]" for each in choices]
        self._screen.line("  ".join(named))
        while approval.id in self._open and self._keyboard.is_there:
            typed = await self._line(approval)
            answer = parse(typed, choices) if typed is not None else None
            if answer is not None:
                await self._answer(approval, *answer)
            elif typed is not None and typed.strip():
                self._screen.line(self._words("not_a_choice", answer=visible(typed.strip())), "yellow")

    async def _line(self, approval: Approval) -> str | None:
        """Wait for a line, but not longer than the question is open; what was typed before is no answer."""
        self._keyboard.discard()
        self._screen.ask(self._words("choose"))
        self._asking = approval
        await self._screen.flush()
        typing = asyncio.ensure_future(self._keyboard.line())
        try:
            while approval.id in self._open and not typing.done():
                self._changed.clear()
                change = asyncio.ensure_future(self._changed.wait())
                await asyncio.wait({typing, change}, return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
            return typing.result() if typing.done() else None
        finally:
            self._asking = None
            if typing.done():
                self._screen.answered()
            else:
                self._screen.take_back()
                self._keyboard.discard()  # half an answer must not reach whoever reads next
                typing.cancel()
                await asyncio.wait({typing})  # the keyboard must be free for the next question
            await self._screen.flush()

    async def _answer(self, approval: Approval, choice: str, message: str | None) -> None:
        try:
            await self._task.answer(approval.id, choice, message)
        except (AlreadyAnsweredError, SettledError):
            self._screen.line(self._words("answered_elsewhere"), "dim")
        except WegentError as error:
            self._screen.line(self._words("cannot_answer", reason=error.message), "red")
            await self._screen.flush()
            return
        await self._screen.flush()
        await self._heard(approval)

    async def _heard(self, approval: Approval) -> None:
        """Give what the answer sets going a moment, so that it stands above the next question and not below it."""
        with contextlib.suppress(TimeoutError):
            async with time_limit(HEARD_WITHIN):
                while approval.id in self._open:
                    self._changed.clear()
                    await self._changed.wait()
        self._open.pop(approval.id, None)
