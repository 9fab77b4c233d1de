"""`%wegent up` and `%wegent down`: the executor that makes this Jupyter a device, and ends with the kernel."""

import argparse
import os
import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from notebook_ext.executor_keeper import Keeper
from notebook_ext.executor_process import command
from notebook_ext.executor_state import State
from notebook_ext.executor_words import Words
from notebook_ext.views import executor_view
from wegent.client import credentials

if TYPE_CHECKING:
    from notebook_ext.views.executor_panel import ExecutorPanel

UP_WITHIN = 20.0
"""Seconds that a cell waits for the device to be connected; it goes on without the cell."""
DOWN_WITHIN, DRAINS_WITHIN = 60.0, 86_400.0
HELP_WITHIN = 30.0


class LocalExecutor:
    """This kernel's one executor: what keeps it running, and what shows it."""

    def __init__(self, arguments: Sequence[str], words: Words) -> None:
        self.words = words
        self.keeper = Keeper(credentials.home().absolute(), arguments)
        self._panel: ExecutorPanel | None = None
        self.keeper.start()

    def show(self, ipython: InteractiveShell) -> None:
        """Display the panel; in a terminal nothing is shown before there is something to say."""
        if not hasattr(ipython, "kernel"):
            return
        if self._panel is None:
            try:
                from notebook_ext.views.executor_panel import ExecutorPanel  # slow to import, and an extra
            except ImportError:
                return
            self._panel = ExecutorPanel(self.keeper, self.words)
        self._panel.show()

    def conclude(self) -> None:
        """Say how it is now: as text where there is no panel."""
        if self._panel is None:
            print(executor_view.text(executor_view.card(self.keeper.state, self.words)))
        else:
            self._panel.refresh()


_executor: LocalExecutor | None = None


def up(ipython: InteractiveShell, argv: Sequence[str] = ()) -> None:
    """Make this Jupyter a device, with flags of the executor's; called again, show the same one.

    Returns when the device is connected, or after :data:`UP_WITHIN`. Raises IPython's UsageError, with what to do,
    where it cannot be.
    """
    global _executor
    words = Words.for_locale(os.environ)
    asked = _asked(words, argv)
    if asked.help:
        return print(_help(words))
    if asked.log:
        return print(_executor.keeper.said if _executor is not None else words("no_log"))
    if _executor is None or _executor.keeper.is_over:
        _executor = LocalExecutor(asked.passed_on, words)
    _executor.show(ipython)
    try:
        is_settled = _executor.keeper.wait_until(lambda state: state.is_settled, UP_WITHIN)
    except KeyboardInterrupt:
        return print(words("left_starting"))
    _executor.conclude()
    if not is_settled:
        print(words("still_starting"))
    if _executor.keeper.is_over:
        raise UsageError(executor_view.explanation(_executor.keeper.state, words))


def down(ipython: InteractiveShell, argv: Sequence[str] = ()) -> None:
    """End the executor that :func:`up` started, and wait for that; an interrupt leaves it ending.

    ``--drain`` lets what runs come to its end first. Raises UsageError for one that is not this kernel's.
    """
    words = Words.for_locale(os.environ)
    unknown = [word for word in argv if word != "--drain"]
    if unknown:
        raise UsageError(words("unknown_word", command="down", word=unknown[0]))
    if _executor is None or _executor.keeper.is_over:
        return print(words("nothing_to_stop"))
    keeper = _executor.keeper
    if keeper.state.phase == "elsewhere":
        raise UsageError(words("not_ours", why=executor_view.explanation(keeper.state, words)))
    drains = "--drain" in argv
    _tell_what_follows(keeper.state, words, drains)
    keeper.stop(drains=drains)
    try:
        keeper.wait_until(lambda state: state.phase == "stopped", DRAINS_WITHIN if drains else DOWN_WITHIN)
    except KeyboardInterrupt:
        return print(words("left_stopping"))
    _executor.conclude()
    print(words("is_down" if keeper.is_over else "left_stopping"))


def _tell_what_follows(state: State, words: Words, drains: bool) -> None:
    count = sum(task.state != "ended" for task in state.status.tasks) if state.status else 0
    if count:
        print(words("asked_to_drain" if drains else "asked_to_stop", count=count))


def _asked(words: Words, argv: Sequence[str]) -> argparse.Namespace:
    """Take out what is ours; the executor's own parser sees to the rest."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--log", action="store_true")
    parser.add_argument("--token", nargs="?", const="")
    parser.add_argument("--home", nargs="?", const="")
    try:
        asked, passed_on = parser.parse_known_args(list(argv))
    except argparse.ArgumentError as error:
        raise UsageError(str(error)) from None
    for flag in ("token", "home"):
        if getattr(asked, flag) is not None:
            raise UsageError(words(f"no_flag_{flag}"))
    asked.passed_on = passed_on
    return asked


def _help(words: Words) -> str:
    """Return our words, and the flags that the executor takes."""
    listing = subprocess.run(
        command("run", "--help"), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=HELP_WITHIN
    )
    return words("help") + "\n" + (listing.stdout or listing.stderr)
