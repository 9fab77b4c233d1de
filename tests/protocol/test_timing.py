"""Settings: the defaults of the founding document, and a clear error for what cannot be."""

import pytest

from api.config import Settings
from wegent.protocol.timing import InvalidSettingError, Timing

DEFAULTS = {
    "WEGENT_HEARTBEAT_SECONDS": ("heartbeat", 30),
    "WEGENT_ONLINE_TTL_SECONDS": ("online_ttl", 90),
    "WEGENT_MONITOR_SECONDS": ("monitor", 60),
    "WEGENT_OFFER_SECONDS": ("offer", 10),
    "WEGENT_QUEUE_SECONDS": ("queue", 86_400),
    "WEGENT_REGISTER_SECONDS": ("register", 10),
    "WEGENT_TOKEN_DAYS": ("token_days", 7),
    "WEGENT_CANCEL_SECONDS": ("cancel", 7.5),
    "WEGENT_TERMINATE_SECONDS": ("terminate", 2.5),
    "WEGENT_STOP_UNCONFIRMED_SECONDS": ("stop_unconfirmed", 60),
    "WEGENT_COALESCE_MS": ("coalesce_ms", 25),
    "WEGENT_LOG_SECONDS": ("log_retention", 3600),
    "WEGENT_RECHECK_SECONDS": ("recheck", 30),
    "WEGENT_RECONNECT_MAX_SECONDS": ("reconnect_max", 60),
}


@pytest.mark.parametrize(("variable", "field", "default"), [(name, *rest) for name, rest in DEFAULTS.items()])
def test_a_variable_sets_its_field_and_has_its_default(variable: str, field: str, default: float) -> None:
    assert getattr(Timing.from_env({}), field) == default
    assert getattr(Timing.from_env({variable: " "}), field) == default
    assert getattr(Timing.from_env({variable: f"{default + 0.25}"}), field) == default + 0.25


@pytest.mark.parametrize("variable", DEFAULTS)
@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "-inf", "1e999", "soon", "1,5", "10s", "0x10", "٣s"])
def test_a_value_that_cannot_be_is_an_error_that_names_the_variable(variable: str, text: str) -> None:
    with pytest.raises(InvalidSettingError, match=f"{variable}='{text}'"):
        Timing.from_env({variable: text})


def test_a_ttl_shorter_than_two_heartbeats_is_an_error_that_names_both() -> None:
    fine = {"WEGENT_HEARTBEAT_SECONDS": "10", "WEGENT_ONLINE_TTL_SECONDS": "20"}
    assert Timing.from_env(fine).online_ttl == 20
    with pytest.raises(InvalidSettingError, match=r"ONLINE_TTL_SECONDS=19\.9 .*HEARTBEAT_SECONDS=10"):
        Timing.from_env({**fine, "WEGENT_ONLINE_TTL_SECONDS": "19.9"})


def test_the_grace_of_a_stop_is_both_steps_of_the_ladder() -> None:
    assert Timing().grace == 10


SERVER = {"WEGENT_SECRET_KEY": "k", "WEGENT_DATA_DIR": "/nowhere"}


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("WEGENT_QUEUE_LIMIT", "0"),
        ("WEGENT_QUEUE_LIMIT", "1.5"),
        ("WEGENT_QUEUE_LIMIT", "many"),
        ("WEGENT_BIND", "8000"),
        ("WEGENT_BIND", "127.0.0.1:"),
        ("WEGENT_BIND", "127.0.0.1:70000"),
        ("WEGENT_BIND", "127.0.0.1:http"),
        ("WEGENT_PUBLIC_URL", "wegent.example.org"),
        ("WEGENT_PUBLIC_URL", "ftp://wegent.example.org"),
        ("WEGENT_PUBLIC_URL", "https://"),
        ("WEGENT_MONITOR_SECONDS", "-3"),
    ],
)
def test_a_server_setting_that_cannot_be_is_an_error_that_names_the_variable(variable: str, text: str) -> None:
    with pytest.raises(InvalidSettingError, match=variable):
        Settings.from_env({**SERVER, variable: text})


def test_a_server_without_a_secret_key_says_how_to_make_one() -> None:
    with pytest.raises(InvalidSettingError, match=r"WEGENT_SECRET_KEY is not set.*token_urlsafe"):
        Settings.from_env({"WEGENT_DATA_DIR": "/nowhere"})


def test_settings_show_no_secret() -> None:
    urls = {"WEGENT_DATABASE_URL": "postgresql://u:hunter2@h/d", "WEGENT_REDIS_URL": "redis://:hunter2@h"}
    shown = repr(Settings.from_env({**SERVER, **urls, "WEGENT_SECRET_KEY": "hunter2"}))
    assert "hunter2" not in shown
    assert "127.0.0.1:8000" in shown
