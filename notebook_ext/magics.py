"""`%wegent` and `%%wegent`."""

import atexit
import importlib.util
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_cell_magic, magics_class

from notebook_ext import arguments
from notebook_ext.session import Session

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@magics_class
class WegentMagics(Magics):
    """The magics of one kernel."""

    def __init__(self, shell: "InteractiveShell") -> None:
        super().__init__(shell)
        self.session = Session(shell)

    @line_cell_magic
    def wegent(self, line: str, cell: str | None = None) -> Any:
        """Your own computers from a cell: `%wegent` lists the commands, and says how to send a cell."""
        from notebook_ext.errors import explained
        from wegent.client.errors import LoginError, WegentError

        try:
            return self._line(line) if cell is None else self._cell(line, cell)
        except SystemExit:  # argparse's, after help: it must not end the kernel
            return None
        except WegentError as error:
            if isinstance(error, LoginError):
                self.session.forget_client()
            raise explained(error, self.session.words) from None

    def _cell(self, line: str, cell: str) -> Any:
        from notebook_ext import cells

        return cells.run(self.session, line, cell)

    def _line(self, line: str) -> Any:
        words = arguments.split(line)
        if words and words[0] in arguments.PASSED_ON:
            return self._pass_on(words[0], words[1:])
        parser = arguments.line_parser(self.session.words)
        given = parser.parse_args(words)
        if given.command is None:
            parser.print_help()
            return None
        from notebook_ext import commands

        return commands.COMMANDS[given.command](self.session, given)

    def _pass_on(self, command: str, words: list[str]) -> None:
        """Let the local executor's part do it."""
        if importlib.util.find_spec("notebook_ext.local_executor") is None:
            raise UsageError(self.session.words("not_here", command=command))
        from notebook_ext import local_executor

        assert self.shell is not None
        if command == "up":
            local_executor.up(self.shell, words)
        else:
            local_executor.down(self.shell, words)


_registered: dict[int, WegentMagics] = {}


def register(ipython: "InteractiveShell") -> None:
    """Register the magics in this IPython, once."""
    if id(ipython) in _registered:
        return
    from notebook_ext import completion
    from notebook_ext.views import formatters

    magics = WegentMagics(ipython)
    _registered[id(ipython)] = magics
    ipython.register_magics(magics)
    completion.register(ipython, magics.session)
    formatters.register(ipython)
    atexit.register(magics.session.close)


def unregister(ipython: "InteractiveShell") -> None:
    """Take them away, and close what they opened."""
    from notebook_ext import completion
    from notebook_ext.views import formatters

    magics = _registered.pop(id(ipython), None)
    if magics is None:
        return
    for kind in ("line", "cell"):
        ipython.magics_manager.magics[kind].pop("wegent", None)
    completion.unregister(ipython)
    formatters.unregister(ipython)
    atexit.unregister(magics.session.close)
    magics.session.close()
