"""Who sends: the address on the socket, or the one that a trusted proxy vouches for."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from pinery.core.errors import UsageError
from pinery.gateway.settings import WebhookSettings

Address = IPv4Address | IPv6Address


class Networks:
    """Single addresses and networks. Raises UsageError for what is neither."""

    def __init__(self, written: Iterable[str]) -> None:
        try:
            parsed = [ip_network(text.strip(), strict=False) for text in written]
        except ValueError as error:
            raise UsageError(f"an address of the webhook is wrong: {error}", "write 10.0.0.7 or 10.0.0.0/8") from None
        self._single = frozenset(net.network_address for net in parsed if net.num_addresses == 1)
        self._wide = tuple(net for net in parsed if net.num_addresses > 1)

    def __contains__(self, address: Address) -> bool:
        return address in self._single or any(
            address in net for net in self._wide if isinstance(net, IPv6Network) == (address.version == 6)
        )


class Senders:
    """The rule of who may send alerts."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._allowed = Networks(settings.allowed_addresses)
        self._proxies = Networks(settings.trusted_proxies)
        self._allow_loopback = settings.allow_loopback

    def sender(self, peer: str | None, forwarded: Iterable[str]) -> Address | None:
        return sender(peer, forwarded, self._proxies)

    def may_send(self, address: Address) -> bool:
        return address in self._allowed or (self._allow_loopback and address.is_loopback)


def sender(peer: str | None, forwarded: Iterable[str], proxies: Networks) -> Address | None:
    """The address that sent the request; None where it cannot be told.

    ``forwarded`` are the X-Forwarded-For headers. They count only from a trusted proxy: read from the right, the
    first address that is not such a proxy is the sender. What stands left of it was written by the sender.
    """
    address = parse(peer or "")
    if address is None or address not in proxies:
        return address
    for hop in reversed([hop for header in forwarded for hop in header.split(",")]):
        address = parse(hop.strip())
        if address is None or address not in proxies:
            return address
    return address


def parse(text: str) -> Address | None:
    """An IPv4 address in IPv6 clothes (``::ffff:1.2.3.4``) is the IPv4 address."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
