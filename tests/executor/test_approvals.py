"""What a person is asked is all that they allow."""

import asyncio
from pathlib import Path

import pytest

from executor.approvals import LONGEST, Approvals
from wegent.protocol.inputs import ALLOW, ApprovalInput
from wegent.protocol.output_events import AnyEvent, Approval, ApprovalDone, Notice


class Asked:
    """A subtask's questions, each answered with yes as soon as it is asked."""

    def __init__(self, home: Path) -> None:
        self.events: list[AnyEvent] = []
        self.approvals = Approvals(home, "task", self._emit, 10)

    async def _emit(self, event: AnyEvent) -> None:
        self.events.append(event)
        if isinstance(event, Approval):
            answer = ApprovalInput(event.id, ALLOW)
            asyncio.get_running_loop().call_soon(self.approvals.answer, answer, "me")


@pytest.mark.parametrize(
    "input",
    [
        {"command": "x" * LONGEST},
        {"edits": [{"old": "a", "new": "b" * 5000} for _ in range(200)]},
        {"command": "\ud800" * LONGEST},
    ],
)
async def test_what_is_too_long_to_be_shown_whole_is_not_allowed(tmp_path: Path, input: object) -> None:
    asked = Asked(tmp_path)
    decision = await asked.approvals.ask("Bash", input)
    assert not decision.is_allowed
    assert "in smaller parts" in decision.message
    (notice,) = asked.events
    assert isinstance(notice, Notice)
    assert "Bash was not allowed" in notice.text


async def test_what_can_be_shown_is_asked_as_it_is(tmp_path: Path) -> None:
    asked, input = Asked(tmp_path), {"command": "x" * (LONGEST - 200)}
    assert (await asked.approvals.ask("Bash", input)).is_allowed
    question, done = asked.events
    assert isinstance(question, Approval)
    assert question.input == input
    assert isinstance(done, ApprovalDone)
