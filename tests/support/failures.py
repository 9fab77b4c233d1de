"""Whether a test has failed, for fixtures that keep what was seen then."""

import pytest

FAILED = pytest.StashKey[bool]()


def has_failed(request: pytest.FixtureRequest) -> bool:
    """Return whether the test that a fixture serves has failed."""
    failed: bool = request.node.stash.get(FAILED, False)
    return failed
