"""Who asks behind reverse proxies: what anybody can write is believed of nobody but our own."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from config.settings import Settings
from web.proxies import visitor

OURS = (ip_network("10.0.0.0/8"), ip_network("fd00::1/128"))


@pytest.mark.parametrize(
    ("remote", "forwarded", "asks"),
    [
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # no proxy of ours: a forged header
        ("10.0.0.5", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.5", ["192.0.2.7, 198.51.100.1"], "198.51.100.1"),  # the first was forged
        ("10.0.0.5", ["192.0.2.7", "198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", ["10.0.0.6"], "10.0.0.6"),  # nobody else is named
        ("10.0.0.5", ["unknown"], "10.0.0.5"),
        ("10.0.0.5", ["198.51.100.1, unknown"], "10.0.0.5"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_first_address_that_no_proxy_of_ours_vouches_for(
    remote: str, forwarded: list[str], asks: str
) -> None:
    assert visitor(remote, forwarded, OURS) == asks


def test_nobody_is_believed_unless_told_so() -> None:
    assert visitor("127.0.0.1", ["198.51.100.1"], Settings().proxies) == "127.0.0.1"
    assert Settings(trusted_proxies="127.0.0.1, 10.0.0.0/8").proxies == (
        ip_network("127.0.0.1/32"),
        ip_network("10.0.0.0/8"),
    )
    with pytest.raises(ValidationError, match="not-an-address"):
        Settings(trusted_proxies="not-an-address")
