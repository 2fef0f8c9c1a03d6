"""Which hosts are this machine's: only a simulator listens there, and nothing that is sent crosses a network."""

from __future__ import annotations

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """``host`` as in ``urlsplit(url).hostname``: a name or an address, without a port."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
