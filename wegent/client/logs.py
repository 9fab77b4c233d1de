"""What a task has said."""

from typing import Any

from wegent.client.cell_outputs import outputs_of
from wegent.client.results import printed
from wegent.protocol.output_events import AnyEvent


class Log(list[AnyEvent]):
    """A task's events until now, in order."""

    @property
    def text(self) -> str:
        """What was printed: the answer's text, a process's output, what cells print."""
        return "".join(map(printed, self))

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """What its cells show, in nbformat's form; the last hundred."""
        return [{name: value for name, value in each.items() if name != "transient"} for each in outputs_of(self)]
