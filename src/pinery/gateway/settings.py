"""Settings of the two HTTP servers."""

from __future__ import annotations

from dataclasses import dataclass

#: Where TradingView sends from, by its own documentation.
TRADINGVIEW_ADDRESSES = ("52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7")

#: Alerts of a deployment are posted to its own secret address below this path.
HOOK_PATH = "/hook/"


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Addresses are single ones or networks ("10.0.0.0/8"). ``public_url`` is how senders reach the server."""

    host: str = "127.0.0.1"
    port: int = 8750
    public_url: str = ""  # empty: http://host:port
    allowed_addresses: tuple[str, ...] = TRADINGVIEW_ADDRESSES
    allow_loopback: bool = False
    trusted_proxies: tuple[str, ...] = ()  # whose X-Forwarded-For is believed
    max_body: int = 160 * 1024  # bytes
    rate: float = 1000.0  # messages a second per deployment, in the long run
    burst: int = 2000
    bad_token_rate: float = 5.0  # wrong tokens a second per address

    @property
    def url(self) -> str:
        """How senders reach the server, without a slash at the end."""
        return self.public_url or _url(self.host, self.port)

    def hook_url(self, token: str) -> str:
        return f"{self.url}{HOOK_PATH}{token}"

    def local_hook_url(self, token: str) -> str:
        """As senders on this machine reach it, past any proxy."""
        return f"{_url(self.host, self.port)}{HOOK_PATH}{token}"


@dataclass(frozen=True, slots=True)
class ControlSettings:
    host: str = "127.0.0.1"
    port: int = 8751
    public_url: str = ""
    session_minutes: int = 720
    secure_cookies: bool = False  # on behind TLS
    trusted_proxies: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """How browsers reach the server, without a slash at the end."""
        return self.public_url or _url(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Hook:
    """A deployment as the webhook knows it: SHA-256 (hex) of each token that opens it."""

    deployment: str
    token_hashes: tuple[str, ...]


def _url(host: str, port: int) -> str:
    """Of a server that listens on ``host``, as this machine reaches it."""
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "[::1]"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in reachable and not reachable.startswith('[') else reachable}:{port}"
