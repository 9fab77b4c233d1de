"""Which device this computer is: the same after every restart.

In the founding document's order: the cached id, the hardware's id, the network card's address, a random one.
What was found is cached, so that it never changes again.
"""

import contextlib
import re
import subprocess
import sys
import uuid
from pathlib import Path

from wegent.protocol.resources import CLOUD

_VALID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_MACHINE_ID_FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def load(home: Path) -> str:
    """Return this computer's device id, caching it in ``home`` on first use."""
    cache = home / "device_id"
    cached = _cleaned(_read(cache))
    if cached:
        return cached
    found = _cleaned(_hardware_id()) or _mac_address() or uuid.uuid4().hex
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    cache.write_text(found + "\n")
    return found


def is_valid(device_id: str) -> bool:
    """Whether the protocol takes this as a device's id."""
    return bool(_VALID.fullmatch(device_id)) and device_id != CLOUD


def _cleaned(text: str | None) -> str | None:
    text = (text or "").strip()
    return text if is_valid(text) else None


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return None


def _hardware_id() -> str | None:
    if sys.platform == "darwin":
        return _platform_uuid()
    if sys.platform == "win32":
        return _machine_guid()
    return next((text for path in _MACHINE_ID_FILES if (text := _read(path)) and text.strip()), None)


def _platform_uuid() -> str | None:
    """Return macOS's IOPlatformUUID."""
    try:
        listing = subprocess.run(
            ["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"],
            capture_output=True,
            text=True,
            timeout=10,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'"IOPlatformUUID" = "([^"]+)"', listing)
    return found[1] if found else None


def _machine_guid() -> str | None:
    """Return what Windows' installation wrote into its registry."""
    if sys.platform == "win32":
        import winreg

        place = r"SOFTWARE\Microsoft\Cryptography"
        with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    return None


def _mac_address() -> str | None:
    """Return the network card's address, unless Python made one up (multicast bit set, RFC 9562 section 6.10)."""
    node = uuid.getnode()
    return None if node >> 40 & 1 else f"{node:012x}"
