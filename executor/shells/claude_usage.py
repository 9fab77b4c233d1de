"""What one result of Claude Code added: the CLI counts over the whole session, also over turns before it began.

A resumed session goes on with the sums of the ``cost-state`` that its transcript holds last, which the CLI writes
when it ends. So that is where counting begins here too.
"""

import os
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec

from wegent.protocol.output_events import Usage

_MARK = b'"cost-state"'


class Totals(NamedTuple):
    """Sums over a session: US dollars, and tokens of all models, subagents' included."""

    cost: float = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_creation: int = 0

    @classmethod
    def of(cls, cost: float | None, models: dict[str, dict[str, Any]]) -> Self:
        """Add up what the CLI tells of each model."""
        names = ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")
        tokens = [sum(int(model.get(name) or 0) for model in models.values()) for name in names]
        return cls(cost or 0, *tokens)

    def since(self, before: "Totals") -> "Totals":
        """Return what was added; a sum that is smaller than before was begun anew."""
        cost, *tokens = (now - then if now >= then else now for now, then in zip(self, before, strict=True))
        return Totals(cost, *map(int, tokens))


class Meter:
    """Counts for one connection to the CLI; ``before`` are the sums that it began with."""

    def __init__(self, before: Totals = Totals()) -> None:  # noqa: B008 - it is immutable
        self._before = before

    def usage(self, result: Any, model: str | None) -> Usage:
        """Return what ``result`` added to the results before it."""
        models = getattr(result, "model_usage", None) or {}
        totals = Totals.of(result.total_cost_usd, models)
        added, self._before = totals.since(self._before), totals if models else self._before
        told = result.usage or {}
        if not models:
            added = Totals(
                added.cost,
                told.get("input_tokens") or 0,
                told.get("output_tokens") or 0,
                told.get("cache_read_input_tokens") or 0,
                told.get("cache_creation_input_tokens") or 0,
            )
        return Usage(
            input_tokens=added.input,
            output_tokens=added.output,
            cache_read_tokens=added.cache_read,
            cache_creation_tokens=added.cache_creation,
            cost_usd=None if result.total_cost_usd is None else added.cost,
            seconds=result.duration_ms / 1000,
            turns=result.num_turns,
            model=model,
        )


class _CostState(msgspec.Struct, rename="camel"):
    session_id: str
    total_cost_usd: float = msgspec.field(default=0, name="totalCostUSD")
    model_usage: dict[str, dict[str, Any]] = {}


def saved(session: str) -> Totals:
    """Return the sums that the CLI will go on with when it resumes ``session``; none where it has none."""
    config = Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude")
    last = b""
    for path in config.glob(f"projects/*/{session}.jsonl"):
        with path.open("rb") as file:
            for line in file:
                if _MARK in line[:200]:
                    last = line
    try:
        state = msgspec.json.decode(last, type=_CostState)
    except msgspec.MsgspecError:
        return Totals()
    return Totals.of(state.total_cost_usd, state.model_usage)
