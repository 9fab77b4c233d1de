"""The desktop's keyring, for those who want no token in a file: the library `keyring`, an extra of its own.

It is asked only for logins that were made with ``login --keyring``. It may wait for a person who unlocks it.
"""

from typing import TYPE_CHECKING

from wegent.client.errors import LoginError

if TYPE_CHECKING:
    from types import ModuleType

SERVICE = "wegent"
_WITHOUT = "or keep the login in the file instead: add --no-keyring to the login."


def get(account: str) -> str | None:
    """Return the token kept for ``account``, or None; raise :class:`LoginError` where it cannot be asked."""
    keyring = _library()
    try:
        token: str | None = keyring.get_password(SERVICE, account)
    except keyring.errors.KeyringError as error:
        raise _unusable(error) from None
    return token


def check() -> None:
    """Raise as :func:`get` where a token could not be kept: better before a person has logged in than after."""
    get("a question only")


def put(account: str, token: str) -> None:
    """Keep a token; raise as :func:`get`."""
    keyring = _library()
    try:
        keyring.set_password(SERVICE, account, token)
    except keyring.errors.KeyringError as error:
        raise _unusable(error) from None


def drop(account: str) -> None:
    """Forget what is kept, if anything is; raise as :func:`get`."""
    keyring = _library()
    try:
        if keyring.get_password(SERVICE, account) is not None:
            keyring.delete_password(SERVICE, account)
    except keyring.errors.KeyringError as error:
        raise _unusable(error) from None


def _library() -> "ModuleType":
    try:
        import keyring
        import keyring.errors
    except ModuleNotFoundError:
        raise LoginError(
            "The login is to be in the keyring, but the package `keyring` is not installed.",
            hint=f"Install it (pip install 'wegent[keyring]'), {_WITHOUT}",
        ) from None
    return keyring


def _unusable(error: Exception) -> LoginError:
    reason = (str(error) or type(error).__name__).partition("\n")[0].rstrip(".")
    return LoginError(f"The keyring cannot be used: {reason}.", hint=f"Unlock it and try again, {_WITHOUT}")
