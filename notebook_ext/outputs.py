"""Outputs of a cell that ran elsewhere, published here as if it had run here."""

import os
import sys
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from IPython.display import clear_output, publish_display_data

from wegent.client.tracebacks import harmless
from wegent.protocol.output_events import AnyEvent, CellOutput, Notice, Stream, Text


class RemoteValue:
    """The value of a remote cell's last expression, which is shown as its MIME bundle."""

    def __init__(self, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        self._data = data
        self._metadata = metadata

    def __repr__(self) -> str:
        """Show what the value's own ``repr`` was."""
        return _joined(self._data.get("text/plain", "<remote value>"))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the bundle; IPython calls this."""
        return self._data, self._metadata


class Outputs:
    """Publishes events of one task, in the thread that runs the cell, in order.

    ``is_foreign``, asked once and only where something rich is shown, says whether a machine that is not one's own
    says it: then its HTML is made safe, and its scripts do not run.
    """

    def __init__(self, is_foreign: Callable[[], bool] = lambda: False) -> None:
        self._is_foreign = cache(is_foreign)
        self.value: RemoteValue | None = None
        """What the last expression gave."""
        self.error: dict[str, Any] | None = None
        """The ``error`` output, if there was one."""
        self._ids: dict[str, str] = {}

    def publish(self, event: AnyEvent) -> None:
        """Publish one event; what is no output is left out."""
        match event:
            case CellOutput():
                self._cell_output(event.output)
            case Stream():
                _write(event.name, event.text)
            case Text():
                _write("stdout", event.text)
            case Notice():
                _write("stderr", f"{event.text}\n")
            case _:
                pass

    def _cell_output(self, output: dict[str, Any]) -> None:
        match output.get("output_type"):
            case "stream":
                _write(str(output.get("name")), _joined(output.get("text", "")))
            case "clear_output":
                clear_output(wait=bool(output.get("wait")))
            case "display_data" | "update_display_data" as kind:
                self._display(output, is_update=kind == "update_display_data")
            case "execute_result":
                if self.value is not None:
                    publish_display_data(*self.value._repr_mimebundle_())
                self.value = RemoteValue(*self._bundle(output))
            case "error":
                self.error = output
            case _:
                pass

    def _display(self, output: dict[str, Any], is_update: bool) -> None:
        """Publish rich data; ids of displays are other ones here, so that two runs do not meet."""
        given = (output.get("transient") or {}).get("display_id")
        transient = {"display_id": self._ids.setdefault(str(given), uuid.uuid4().hex)} if given else {}
        publish_display_data(*self._bundle(output), transient=transient, update=is_update and bool(given))

    def _bundle(self, output: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return an output's forms and what is said of them."""
        data, metadata = _data(output), output.get("metadata") or {}
        if data.keys() <= {"text/plain"} or not self._is_foreign():
            return data, metadata
        from wegent.html.bundles import bundle_html
        from wegent.html.style import styled
        from wegent.html.words import Words

        page = styled(bundle_html(data, Words.for_locale(os.environ)))
        return {"text/html": page, "text/plain": data.get("text/plain", "")}, {}


def _data(output: dict[str, Any]) -> dict[str, Any]:
    """Return the bundle, whose texts nbformat lets be lists of lines."""
    data = output.get("data") or {}
    texts = {kind: _joined(each) if "json" not in kind else each for kind, each in data.items()}
    return texts | {kind: harmless(texts[kind]) for kind in texts.keys() & {"text/plain"}}


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _write(name: str, text: str) -> None:
    stream = sys.stderr if name == "stderr" else sys.stdout
    stream.write(harmless(text) if stream.isatty() else text)  # a page obeys no control sequences
    stream.flush()
