"""Which device this computer is."""

import sys
import types
import uuid
from pathlib import Path

import pytest

from executor import device_id


@pytest.fixture
def no_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_id, "_hardware_id", lambda: None)


def test_the_cached_id_comes_first(tmp_path: Path) -> None:
    (tmp_path / "device_id").write_text("  mine-1 \n")
    assert device_id.load(tmp_path) == "mine-1"


def test_the_machines_id_is_taken_and_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine_id = tmp_path / "machine-id"
    machine_id.write_text("0123456789abcdef0123456789abcdef\n")
    monkeypatch.setattr(device_id, "_MACHINE_ID_FILES", (machine_id,))
    monkeypatch.setattr(device_id.sys, "platform", "linux")
    assert device_id.load(tmp_path / "home") == "0123456789abcdef0123456789abcdef"
    machine_id.write_text("another\n")
    assert device_id.load(tmp_path / "home") == "0123456789abcdef0123456789abcdef"


def test_the_macs_platform_uuid_is_read_from_ioreg(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = '  "IOPlatformUUID" = "4F1A8CE0-0000-5555-9999-0123456789AB"\n'

    class Done:
        stdout = listing

    monkeypatch.setattr(device_id.subprocess, "run", lambda *args, **kwargs: Done)
    assert device_id._platform_uuid() == "4F1A8CE0-0000-5555-9999-0123456789AB"


def test_without_a_machine_id_the_network_card_says_it(
    tmp_path: Path, no_hardware: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uuid, "getnode", lambda: 0x001A2B3C4D5E)
    assert device_id.load(tmp_path) == "001a2b3c4d5e"


def test_a_made_up_address_is_not_taken_and_the_random_id_stays(
    tmp_path: Path, no_hardware: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uuid, "getnode", lambda: 0x011A2B3C4D5E)
    first = device_id.load(tmp_path)
    assert first != "011a2b3c4d5e"
    assert device_id.load(tmp_path) == first


@pytest.mark.parametrize("cached", ["", "cloud", "a b", "x" * 129, "é", "a\nb"])
def test_what_the_protocol_does_not_take_is_not_used(tmp_path: Path, cached: str) -> None:
    (tmp_path / "device_id").write_text(cached)
    found = device_id.load(tmp_path)
    assert found != cached
    assert device_id.is_valid(found)


def test_windows_says_it_in_its_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    class Key:
        def __enter__(self) -> "Key":
            return self

        def __exit__(self, *error: object) -> None: ...

    opened: list[str] = []

    def open_key(root: object, place: str) -> Key:
        opened.append(place)
        return Key()

    registry = types.ModuleType("winreg")
    answers = {"HKEY_LOCAL_MACHINE": 0, "OpenKey": open_key, "QueryValueEx": lambda key, name: (f"{name}-1", 1)}
    for name, value in answers.items():
        setattr(registry, name, value)
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setattr(device_id.sys, "platform", "win32")
    assert device_id._hardware_id() == "MachineGuid-1"
    assert opened == [r"SOFTWARE\Microsoft\Cryptography"]


def test_the_hardware_is_asked_in_each_systems_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_id, "_platform_uuid", lambda: "the mac's")
    monkeypatch.setattr(device_id.sys, "platform", "darwin")
    assert device_id._hardware_id() == "the mac's"
