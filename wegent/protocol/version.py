"""Which version of Wegent this is."""

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """Return the installed version of Wegent."""
    try:
        return version("wegent")
    except PackageNotFoundError:
        return ""
