"""Where a task is to run, as the command line says it and as people read it."""

from wegent.client.devices import Where
from wegent.terminal.session import Session, UsageError

ANY = "any"
"""What ``--device`` calls any of one's devices."""


def chosen(session: Session, device: str | None, labels: list[str]) -> Where | None:
    """Return the device that ``--device`` names, or the labels of any that will do; raise :class:`UsageError`."""
    if not labels:
        return {} if device == ANY else device
    if device not in (None, ANY):
        raise UsageError(session.words("label_or_device"))
    wanted = {}
    for text in labels:
        name, is_there, value = text.partition("=")
        if not name or not is_there:
            raise UsageError(session.words("reading_label", text=text))
        wanted[name] = value
    return wanted
