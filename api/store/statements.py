"""Statements compiled once: SQLAlchemy's engines keep what they compiled, ``databases`` compiles each time anew.

Compiling cost a third of the CPU of dispatching a subtask (benchmarks/). A statement's cache key says what it is
without its values, as SQLAlchemy's own engines use it; with the key come the values of this time.
https://docs.sqlalchemy.org/en/20/core/connections.html#sql-compilation-caching
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.util import LRUCache

KEPT = 500
_compiled: Any = LRUCache(KEPT)


class Statement:
    """A query as ``databases`` wants it: something with :meth:`compile`."""

    def __init__(self, query: sa.ClauseElement) -> None:
        self._query = query

    def compile(self, dialect: Dialect, compile_kwargs: dict[str, Any]) -> Any:
        """Return the compiled statement with this query's values."""
        key = self._query._generate_cache_key()
        if key is None:
            return self._query.compile(dialect=dialect, compile_kwargs=compile_kwargs)
        name = (dialect.name, key.key)
        if name not in _compiled:
            _compiled[name] = self._query._compiler(dialect, cache_key=key, column_keys=[])
        return _Bound(_compiled[name], key.bindparams)


class _Bound:
    """A compiled statement and the values of one use: what ``databases`` reads of SQLAlchemy's own."""

    def __init__(self, compiled: SQLCompiler, values: Any) -> None:
        self._bind_processors = compiled._bind_processors
        self._result_columns = compiled._result_columns
        self._ordered_columns = compiled._ordered_columns
        self._textual_ordered_columns = compiled._textual_ordered_columns
        self._ad_hoc_textual = compiled._ad_hoc_textual
        self._loose_column_name_matching = compiled._loose_column_name_matching
        self.params = dict(compiled.construct_params(extracted_parameters=values, _no_postcompile=True))
        self.positiontup: Sequence[str] | None = compiled.positiontup
        self.string = compiled.string
        if compiled.post_compile_params:  # IN with as many places as there are values
            expanded = compiled.construct_expanded_state(self.params)
            self.params, self.positiontup = dict(expanded.parameters), expanded.positiontup
            self.string = expanded.statement
            self._bind_processors = {**compiled._bind_processors, **expanded.processors}

    def construct_params(self) -> dict[str, Any]:
        """Return the values by their names."""
        return self.params
