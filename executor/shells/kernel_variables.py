"""Variables on their way into a kernel and out of it, inside the process that hosts it."""

import ast
import asyncio
import inspect
from collections.abc import Mapping
from typing import Any

import msgspec

from executor.shells.kernel_process import KernelProcess
from wegent.client import pickles
from wegent.protocol.resources import MAX_FILE
from wegent.protocol.time_limit import time_limit

WITHIN = 600.0
"""Seconds that pickling may take, and unpickling: that may import large packages."""
_LOOK = 0.5
"""Between two looks whether the kernel lives; and two interrupts, as one is lost before the kernel has begun."""
_TOLD = "__wegent__"
_CALL = """\
{told} = (lambda space: (exec({source!r}, space), space)[1])({{"__name__": {name!r}}})[{function!r}]({given})"""
_TAKE_BACK = "globals().pop({told!r})"


class VariablesError(Exception):
    """Variables that cannot be carried; the message is for the sender."""


class KernelVariables:
    """The variables of the kernel ``process``; what is done to them ends when ``interrupted`` is set."""

    def __init__(self, process: KernelProcess, interrupted: asyncio.Event) -> None:
        self._process = process
        self._interrupted = interrupted

    async def take(self, paths: Mapping[str, str]) -> None:
        """Put the pickles at ``paths`` into the kernel by name, all or none; raise :class:`VariablesError`."""
        failures = await self._call("take_all", f"globals(), {dict(paths)!r}")
        if failures:
            told = (f"The variable {name} did not arrive: {why}." for name, why in failures.items())
            raise VariablesError(" ".join(told))

    async def give(self, paths: Mapping[str, str]) -> dict[str, str]:
        """Pickle variables to ``paths``; return by name why one is not there. Raise :class:`VariablesError`."""
        return await self._call("give_all", f"globals(), {dict(paths)!r}, {MAX_FILE}")

    async def _call(self, function: str, given: str) -> dict[str, str]:
        """Call a function of :mod:`wegent.client.pickles` in the kernel, where nothing of it stays."""
        source = inspect.getsource(pickles)
        code = _CALL.format(told=_TOLD, source=source, name=pickles.__name__, function=function, given=given)
        try:
            async with time_limit(WITHIN):
                reply = await self._ask(code)
        except TimeoutError:
            await self._process.interrupt()
            raise VariablesError(
                f"The variables were not carried within {WITHIN:g} seconds. Take less of them."
            ) from None
        if reply.get("status") != "ok":
            raise VariablesError(f"The variables were not carried: {reply.get('ename')}: {reply.get('evalue')}.")
        try:
            told = reply["user_expressions"][_TOLD]["data"]["text/plain"]
            return msgspec.convert(ast.literal_eval(told), dict[str, str])
        except (KeyError, ValueError, SyntaxError, msgspec.ValidationError):
            raise VariablesError("The kernel's answer about the variables cannot be read.") from None

    async def _ask(self, code: str) -> dict[str, Any]:
        """Run ``code`` silently; return the kernel's reply with what the code has left to be told."""
        take_back = {_TOLD: _TAKE_BACK.format(told=_TOLD)}
        asking = asyncio.create_task(self._process.ask_silently(code, take_back, WITHIN))
        try:
            while not (await asyncio.wait({asking}, timeout=_LOOK))[0]:
                if self._interrupted.is_set():
                    await self._process.interrupt()
                elif not await self._process.is_alive():
                    raise VariablesError(f"The kernel died {self._process.how_it_ended()} on the variables.")
            return asking.result()
        finally:
            asking.cancel()
