"""How long to wait before the next try."""

import random
from collections.abc import Iterator


def full_jitter(first: float, longest: float, rng: random.Random | None = None) -> Iterator[float]:
    """Yield waits in seconds, each drawn from 0 to a bound that starts at ``first`` and doubles to ``longest``.

    Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter).
    """
    rng = rng or random.Random()
    bound = first
    while True:
        yield rng.uniform(0, bound)
        bound = min(bound * 2, longest)
