"""Tries are counted by where they come from: who owns a network has more addresses than it has tries."""

import pytest

from api.store.attempts import network


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_all_addresses_of_one_site_count_together(address: str | None, counted: str) -> None:
    assert network(address) == counted
