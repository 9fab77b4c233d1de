"""Variables of a kernel as files: fetched before code runs, sent back after it."""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

from executor.files.attachments import AttachmentError
from executor.files.results import LeftOutError, read
from executor.files.uploads import UploadError
from executor.options import Options
from executor.shells.base import Tools

MEDIA_TYPE = "application/octet-stream"


class Variables:
    """Those that ``options`` name, in a folder of the turn."""

    def __init__(self, options: Options, tools: Tools) -> None:
        self._options = options
        self._tools = tools
        self._inputs = tools.scratch / "inputs"
        self._outputs = tools.scratch / "outputs"

    @property
    def targets(self) -> dict[str, Path]:
        """Where each output is to be written; numbered, since two names may differ in nothing but case."""
        names = dict.fromkeys(self._options.outputs)
        return {name: self._outputs / f"{number}.pickle" for number, name in enumerate(names)}

    async def fetch(self) -> dict[str, Path]:
        """Return where each input is; raise AttachmentError, which names it. The folder for outputs is made."""
        await asyncio.to_thread(self._prepare)
        found: dict[str, Path] = {}
        for name, id in self._options.inputs.items():
            try:
                found[name] = await self._tools.fetch_file(id, self._inputs)
            except AttachmentError as error:
                raise AttachmentError(f"The variable {name} did not arrive: {error}") from None
        return found

    async def send(self, unwritten: Mapping[str, str]) -> tuple[dict[str, str], str]:
        """Send what was written; return the ids of the files by name, and in words what is missing."""
        sent: dict[str, str] = {}
        missing = dict(unwritten)
        for name, path in self.targets.items():
            if name not in missing:
                try:
                    sent[name] = await self._send(name, path)
                except (UploadError, LeftOutError) as error:
                    missing[name] = str(error).rstrip(".")
        told = (f"The variable {name} is not sent back: {why}." for name, why in missing.items())
        return sent, " ".join(told)

    async def _send(self, name: str, path: Path) -> str:
        content = await asyncio.to_thread(self._content, path)
        return (await self._tools.send_file(f"{name}.pickle", MEDIA_TYPE, content)).id

    def _content(self, path: Path) -> bytes:
        """Return a dump; a link that the code put in the way of it leads nowhere."""
        try:
            if path.parent.resolve() != path.parent:
                raise LeftOutError(f"{path.parent} leads elsewhere now")
            return read(path)
        except (OSError, RuntimeError) as error:
            raise LeftOutError(f"its pickle cannot be read: {error}") from None

    def _prepare(self) -> None:
        self._outputs.mkdir(parents=True, exist_ok=True)
        self._outputs = self._outputs.resolve()

    async def remove(self) -> None:
        """Delete the files of the turn."""
        await asyncio.to_thread(shutil.rmtree, self._tools.scratch, ignore_errors=True)
