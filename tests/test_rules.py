"""The rules of the house: who may import whom, how files are named and sized, what both sides of a wire say."""

import ast
import re
import tomllib
from typing import NamedTuple

import pytest
from hypercorn.config import Config
from support.sources import ROOMS, ROOT, Module, is_standard, is_within, modules

from api.config import Settings
from api.serve import hypercorn_config
from wegent.protocol import chat_messages, device_messages

LONGEST_FILE = 350
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc"}
SERVER_PACKAGES = {
    "alembic", "argon2", "asyncpg", "databases", "hypercorn", "jwt", "msgspec", "prometheus_client", "quart",
    "quart_schema", "redis", "sqlalchemy", "werkzeug", "yaml",
}  # fmt: skip
STORAGE_PACKAGES = {"alembic", "argon2", "asyncpg", "databases", "redis", "sqlalchemy", "sqlite3"}


class Rule(NamedTuple):
    """What a room may import besides the standard library and itself."""

    room: str
    allowed: set[str]
    except_in: frozenset[str] = frozenset()
    """Packages within the room that have a rule of their own."""


RULES = [
    Rule("wegent.protocol", {"msgspec"}),
    Rule("wegent.client", {"wegent.protocol", "wegent.html", "aiohttp", "msgspec", "keyring", "nbformat"}),
    Rule("wegent.control", {"msgspec"}),
    Rule(
        "wegent.html",
        {
            "wegent.protocol",
            "wegent.client.tables",
            "wegent.terminal.tool_calls",
            "wegent.terminal.visible",
            "wegent.terminal.words",
            "markdown_it",
            "msgspec",
            "rich",
        },
    ),
    Rule(
        "wegent",
        {"aiohttp", "argcomplete", "msgspec", "rich"},
        except_in=frozenset({"wegent.protocol", "wegent.client", "wegent.control", "wegent.html"}),
    ),
    Rule("api", {"wegent.protocol", *SERVER_PACKAGES}),
    Rule("worker", {"wegent.protocol", "api.store", "api.config", "msgspec", "sqlalchemy", "databases"}),
    Rule(
        "executor",
        {
            "wegent.protocol",
            "wegent.client",
            "wegent.control",
            "aiohttp",
            "msgspec",
            "psutil",
            "claude_agent_sdk",
            "claude_code_sdk",
            "jupyter_client",
            "jupyter_core",
            "nbclient",
            "nbformat",
            "ahocorasick_rs",
            "regex",
        },
    ),
    Rule("notebook_ext", {"wegent", "ipywidgets", "IPython"}),
]
UP = {"wegent.client.credentials", "aiohttp"}
EXCEPTIONS = {
    # `wegent-server` is one command: it starts the worker, and `up` logs this computer in as a client would.
    "api.cli": {"worker.main", "wegent.terminal.completing"},
    "api.up": UP | {"wegent.client.errors"},
    "api.first_login": UP | {"wegent.client.claims"},
    "api.readiness": UP,
    # A computer is logged in one way, whichever of its two commands does it.
    "executor.login": {"wegent.terminal"},
    "executor.words.words": {"wegent.terminal.words"},
    # One line in a shell's settings completes all three commands.
    "executor.main": {"wegent.terminal.completing"},
}
"""docs/decisions.md says why."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.room)
def test_a_room_imports_only_what_it_may(rule: Rule) -> None:
    wrong = [
        f"{module.name} imports {name}"
        for module in modules(rule.room)
        if not is_within(module.name, rule.except_in)
        for name in module.imports()
        if not is_standard(name)
        and not is_within(name, {rule.room} | rule.allowed | EXCEPTIONS.get(module.name, set()))
    ]
    assert not wrong


def test_an_exception_that_nobody_needs_is_struck() -> None:
    by_name = {module.name: module for module in modules()}
    for name, allowed in EXCEPTIONS.items():
        used = list(by_name[name].imports())
        assert any(is_within(imported, allowed) for imported in used), name


def test_only_the_store_knows_sql_and_redis() -> None:
    wrong = [
        f"{module.name} imports {name}"
        for module in modules("api", "worker")
        if not is_within(module.name, {"api.store"})
        for name in module.imports()
        if is_within(name, STORAGE_PACKAGES)
    ]
    assert not wrong


def test_time_limits_are_those_that_hold_on_every_python() -> None:
    # wegent/protocol/time_limit.py says what is wrong with asyncio's on Debian 12.
    wrong = [
        f"{module.name}:{node.lineno}"
        for module in modules()
        if module.name != "wegent.protocol.time_limit"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"asyncio.timeout", "asyncio.timeout_at"}
    ]
    assert not wrong


def test_every_connection_to_a_server_takes_the_one_network_setting() -> None:
    wrong = [
        f"{module.name}:{node.lineno}"
        for module in modules("wegent", "executor", "notebook_ext")
        if module.name != "wegent.client.network"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "aiohttp.ClientSession"
    ]
    assert not wrong


def test_the_store_knows_no_web() -> None:
    names = [name for module in modules("api.store", "worker") for name in module.imports()]
    assert not [name for name in names if is_within(name, {"quart", "quart_schema", "hypercorn", "werkzeug"})]


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_a_module_is_of_a_readable_size_and_named_for_what_it_is(module: Module) -> None:
    assert module.lines <= LONGEST_FILE
    assert not EMPTY_NAMES.intersection(module.name.split("."))


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_tells_type_checkers_that_it_is_typed(room: str) -> None:
    assert (ROOT / room / "py.typed").exists()


def test_tests_are_no_package() -> None:
    # A tests/api/__init__.py would make `import api` mean the tests.
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_public_function_and_class_of_the_contract_has_a_docstring() -> None:
    missing = [
        f"{module.name}.{node.name}"
        for module in modules("wegent.protocol", "wegent.client", "api.store")
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and "overload" not in map(ast.unparse, node.decorator_list)
        and "migrations" not in module.name
    ]
    assert not missing


def test_every_key_of_hypercorn_toml_exists_and_says_what_the_server_uses() -> None:
    # Hypercorn itself accepts misspelt keys without a word.
    said = tomllib.loads((ROOT / "hypercorn.toml").read_text())
    assert not [key for key in said if not hasattr(Config(), key)]
    used = hypercorn_config(Settings.from_env({"WEGENT_SECRET_KEY": "x"}))
    # Where it logs to is the process's own matter.
    for key in said.keys() - {"errorlog"}:
        assert getattr(used, key) == said[key], key


DEVICE_EVENTS = device_messages.FROM_DEVICE.keys() | device_messages.TO_DEVICE.keys()
CHAT_EVENTS = chat_messages.FROM_VIEWER.keys() | chat_messages.TO_VIEWER.keys()
ELSEWHERE = {
    # The frame that is sent most is written by the codec itself.
    "api": {"chat:chunk"},
    # The client sends through REST, asks the socket only for what it follows, and shows no list of conversations.
    "wegent.client": {"chat:send", "chat:cancel", "chat:input", "task:changed"},
}


@pytest.mark.parametrize(
    ("room", "spoken"),
    [("api", DEVICE_EVENTS | CHAT_EVENTS), ("executor", DEVICE_EVENTS), ("wegent.client", CHAT_EVENTS)],
)
def test_both_sides_of_a_wire_speak_the_same_events(room: str, spoken: set[str]) -> None:
    said: set[str] = set().union(*(module.strings() for module in modules(room)))
    events = {text for text in said if re.fullmatch(r"(device|task|chat):[a-z_]+", text)}
    assert events - spoken == set(), "not in the contract"
    assert spoken - events - ELSEWHERE.get(room, set()) == set(), "nobody here speaks or hears it"
