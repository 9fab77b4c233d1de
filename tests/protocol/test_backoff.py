"""Full jitter: anywhere between nothing and a bound that doubles up to the longest."""

import random
from itertools import islice

from wegent.protocol.backoff import full_jitter


class Bounds(random.Random):
    """Gives the upper bound of what is asked for."""

    def uniform(self, a: float, b: float) -> float:
        assert a == 0
        return b


def test_the_bound_doubles_and_stops_at_the_longest() -> None:
    assert list(islice(full_jitter(1, 60, Bounds()), 9)) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_waits_are_spread_over_the_whole_range() -> None:
    firsts = [next(full_jitter(1, 60, random.Random(seed))) for seed in range(400)]
    assert all(0 <= wait <= 1 for wait in firsts)
    for tenth in range(10):
        assert any(tenth / 10 <= wait < (tenth + 1) / 10 for wait in firsts)


def test_two_of_them_do_not_wait_alike() -> None:
    assert list(islice(full_jitter(1, 60), 5)) != list(islice(full_jitter(1, 60), 5))
