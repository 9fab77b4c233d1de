"""`wegent-server approve`: letting a machine in on the server's own computer, where nobody need be logged in."""

from collections.abc import Callable

from api.store import device_codes
from api.store.database import Database
from api.store.device_codes import DeviceCodeRow
from api.store.users import UserRow
from wegent.protocol.errors import ProtocolError


async def approve(
    database: Database, user: UserRow, code: str, tell: Callable[[str], None], confirm: Callable[[], bool]
) -> str | None:
    """Tell which machine asks with ``code`` and let it have a token of the user's if that is confirmed.

    Returns the machine's name, None where it was not confirmed; raises ``not_found`` with the reason.
    """
    try:
        async with database.read() as connection:
            row = await device_codes.get(connection, code, user.id)
        tell(_shown(row))
        if not confirm():
            return None
        async with database.write() as connection:
            await device_codes.approve(connection, code, user.id)
    except ProtocolError:
        async with database.read() as connection:
            raise await device_codes.explain(connection, code) from None
    return visible(row.name)


def _shown(row: DeviceCodeRow) -> str:
    scopes = row.scopes.replace(" ", ", ")
    bound = f"\n  as device  {visible(row.device_id)}" if row.device_id else ""
    return (
        f"A machine asks to be let in with the code {device_codes.shown(row.user_code)}:\n"
        f"  it says it is  {visible(row.name)}\n  it asks from   {visible(row.address)}\n"
        f"  it wants       {scopes}{bound}"
    )


def visible(text: str) -> str:
    """Return what a machine says of itself without power over the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
