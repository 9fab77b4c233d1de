"""Statements that are compiled once give what they would give compiled anew, on both databases."""

from typing import Any

import pytest
import sqlalchemy as sa
from support.store_work import Work

from api.store import statements, tables

TABLE = tables.users


@pytest.fixture
async def names(work: Work) -> list[str]:
    """Some users."""
    return [await work.user(name) for name in ("ann", "bob", "cy", "dee")]


async def ask(work: Work, query: Any) -> list[str]:
    """Return the names that a query gives."""
    async with work.store.database.read() as connection:
        return sorted(record[0] for record in await connection.fetch_all(query))


def named(*conditions: Any) -> Any:
    """Ask for users' names."""
    return sa.select(TABLE.c.name).where(*conditions)


async def test_each_use_has_its_own_values(work: Work, names: list[str]) -> None:
    for name in names:
        assert await ask(work, named(TABLE.c.id == name)) == [name]
        assert await ask(work, named(TABLE.c.id != name, TABLE.c.created_at < 2)) == sorted({*names} - {name})


@pytest.mark.parametrize("count", [0, 1, 2, 4])
async def test_lists_of_any_length_have_their_places(work: Work, names: list[str], count: int) -> None:
    chosen = names[:count]
    assert await ask(work, named(TABLE.c.id.in_(chosen), TABLE.c.created_at == 1)) == chosen
    others = await ask(work, named(TABLE.c.created_at == 1, TABLE.c.id.not_in(chosen), TABLE.c.name != "dee"))
    assert others == [name for name in names[count:] if name != "dee"]


async def test_nothing_and_something_are_different_statements(work: Work, names: list[str]) -> None:
    for device, expected in ((None, names), (7, []), (None, names)):
        assert await ask(work, named(TABLE.c.default_device.is_not_distinct_from(device))) == expected
        assert await ask(work, named(TABLE.c.default_device == device)) == expected


async def test_changes_write_the_values_of_this_time(work: Work, names: list[str]) -> None:
    for name in names:
        async with work.store.database.write() as connection:
            query = TABLE.update().where(TABLE.c.id == name).values(name=f"{name}!").returning(TABLE.c.name)
            assert (await connection.fetch_one(query))[0] == f"{name}!"
    assert await ask(work, named()) == [f"{name}!" for name in names]


async def test_a_statement_is_compiled_once(work: Work, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: dict[Any, Any] = {}
    monkeypatch.setattr(statements, "_compiled", compiled)
    for name in names:
        await ask(work, named(TABLE.c.id == name, TABLE.c.id.in_(names)))
    (only,) = compiled.values()
    assert "users" in only.string
