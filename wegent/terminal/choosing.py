"""Where a task is to run, as the command line says it and as people read it."""

from collections.abc import Mapping

from wegent.client.devices import Where
from wegent.terminal.session import Session, UsageError
from wegent.terminal.words import Words

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


def any_device(words: Words, labels: Mapping[str, str]) -> str:
    """Say: any of your devices, with these labels where there are some."""
    if not labels:
        return words("any_device")
    return words("any_device_with", labels=", ".join(f"{name}={value}" for name, value in labels.items()))
