"""Settings of an account at Binance USDⓈ-M Futures, and which hosts they may lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from pinery.adapters.binance.auth import Signer, make_signer
from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.common.options import Reader, choice, read_options, seconds, whole
from pinery.trading.broker import Environment
from pinery.trading.errors import BrokerError, ConfigError

#: environment -> (REST, streams), as Binance documents them.
ADDRESSES: Mapping[Environment, tuple[str, str]] = MappingProxyType(
    {
        Environment.LIVE: ("https://fapi.binance.com", "wss://fstream.binance.com"),
        Environment.DEMO: ("https://demo-fapi.binance.com", "wss://demo-fstream.binance.com"),
    }
)

_LIVE_HOSTS = frozenset({"fapi.binance.com", "fstream.binance.com"})
_DEMO_HOSTS = frozenset(
    {
        "demo-fapi.binance.com",
        "demo-fstream.binance.com",
        "testnet.binancefuture.com",
        "fstream.binancefuture.com",
    }
)

MAX_LEVERAGE = 125
MAX_RECV_WINDOW = 60_000


@dataclass(frozen=True, slots=True)
class BinanceSettings:
    """Seconds, unless a name says otherwise. ``api_secret``: the text of an HMAC key, or an Ed25519 key as PEM.

    ``patience`` is how long an order of unknown outcome is asked for before it counts as never arrived. Binance refuses
    a request that arrives later than ``recv_window`` ms after it was made, so no patience may be shorter than that.
    ``silence`` is how long the user stream may keep quiet about a request that Binance has accepted.
    """

    environment: Environment
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    signature: str = "hmac"  # or "ed25519"
    rest_url: str = ""
    stream_url: str = ""
    recv_window: int = 5_000  # ms
    leverage: int | None = None  # None: as it is at Binance
    leverages: Mapping[str, int] = field(default_factory=dict)  # EXCHANGE:TICKER -> leverage
    margin_type: str | None = None  # "cross" or "isolated"; None: as it is at Binance
    working_type: str = "last"  # price that triggers stops: "last" or "mark"
    targets: str = "limit"  # a resting limit order, or "market": a market order once the price is there
    patience: float = 5.0
    asks: int = 5  # how often an unknown order is asked for within ``patience``
    request_timeout: float = 10.0
    trigger_patience: float = 10.0  # for the order that comes of a stop which triggers
    read_attempts: int = 3  # of questions that may be put again
    clock_every: float = 600.0
    keepalive_every: float = 1_800.0  # of the listen key, which lives an hour
    stream_life: float = 82_800.0  # a new connection is opened before Binance's 24 hours are over
    stream_overlap: float = 5.0  # how long the old one is read besides
    ping_every: float = 20.0
    silence: float = 10.0
    backoff: tuple[float, float] = (0.5, 30.0)  # least and most between attempts to connect again
    everywhere_every: float = 120.0  # between looks at orders of all symbols
    balance_every: float = 1.0  # at least
    equity_every: float = 10.0  # while margin is used
    quote_every: float = 0.25  # per symbol

    def __post_init__(self) -> None:
        rest, stream = ADDRESSES.get(self.environment, ("", ""))
        object.__setattr__(self, "rest_url", (self.rest_url or rest).rstrip("/"))
        object.__setattr__(self, "stream_url", (self.stream_url or stream).rstrip("/"))

    @classmethod
    def from_options(
        cls, options: Mapping[str, Any], environment: Environment, secrets: Callable[[str], str]
    ) -> BinanceSettings:
        """``secrets`` gives the value of a secret by its name. Raises ConfigError with a finding for each mistake."""
        found, findings = read_options(options, _OPTIONS, "an account at Binance")
        found = {name: value for name, value in found.items() if name not in _NOT_KEPT}
        if environment not in ADDRESSES:
            findings.append(f"environment is demo or live for an account at Binance, not {environment}")
        key = _secret(options, "api_key_secret", secrets, findings)
        secret = _secret(options, "api_secret_secret", secrets, findings)
        if secret and found.get("signature", "hmac") in ("hmac", "ed25519"):
            try:
                make_signer(found.get("signature", "hmac"), secret)
            except ValueError as error:
                findings.append(f"api_secret_secret: {error}")
        settings = cls(environment, key, secret, **found)
        if settings.patience * 1000 < settings.recv_window:
            findings.append(
                f"patience is at least recv_window ({settings.recv_window / 1000:g} s): a request may arrive that late"
            )
        try:
            guard(settings)
        except BrokerError as error:
            findings.append(error.message)
        if findings:
            raise ConfigError("options of the account at Binance: " + "; ".join(findings), tuple(findings))
        return settings

    def signer(self) -> Signer:
        """Raises ValueError where the key cannot be read."""
        return make_signer(self.signature, self.api_secret)

    def leverage_of(self, symbol: str) -> int | None:
        return self.leverages.get(symbol, self.leverage)

    @property
    def is_local(self) -> bool:
        return is_this_machine(urlsplit(self.rest_url).hostname or "")


def guard(settings: BinanceSettings) -> None:
    """Raises BrokerError unless both addresses are of the account's environment.

    A simulator on this machine counts as demo. Unknown hosts are refused for both: nobody can say whose money is there.
    """
    if settings.environment not in ADDRESSES:
        raise BrokerError(f"environment is demo or live for an account at Binance, not {settings.environment}")
    for name, url, secure in (("rest_url", settings.rest_url, "https"), ("stream_url", settings.stream_url, "wss")):
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        local = is_this_machine(host)
        if parts.scheme != secure and not (local and parts.scheme in ("http", "ws")):
            raise BrokerError(f"{name} begins with {secure}://")
        if settings.environment is Environment.LIVE and host not in _LIVE_HOSTS:
            raise BrokerError(f"{name} leads to {host}, which is not Binance's live host, and the account is live")
        if settings.environment is Environment.DEMO and host in _LIVE_HOSTS:
            raise BrokerError(f"{name} leads to {host}, where money is real, and the account is a demo account")
        if settings.environment is Environment.DEMO and host not in _DEMO_HOSTS and not local:
            raise BrokerError(f"{name} leads to {host}, which is no demo host of Binance's and not this machine")


def _secret(options: Mapping[str, Any], name: str, secrets: Callable[[str], str], findings: list[str]) -> str:
    """The value of the secret that ``name`` names; empty, with a finding, where there is none."""
    secret = options.get(name)
    if not isinstance(secret, str) or not secret:
        findings.append(f"{name} is the name of a secret")
        return ""
    try:
        value = secrets(secret).strip()
    except ConfigError as error:
        findings.extend(error.findings or (error.message,))
        return ""
    if not value:
        findings.append(f"{name}: the secret {secret} is empty")
    elif name == "api_key_secret" and not (value.isascii() and value.isprintable()):
        findings.append(f"{name}: the secret {secret} has characters that no header can carry")
        return ""
    return value


def _leverages(value: Any) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise ValueError("is a table of symbols and leverages")
    read = whole(1, MAX_LEVERAGE)
    try:
        return {str(symbol): read(leverage) for symbol, leverage in value.items()}
    except ValueError as error:
        raise ValueError(f"{error} for each symbol") from None


def _one_way(value: Any) -> bool:
    """Orders net into one position per symbol in Pinery; in hedge mode an account holds a long and a short besides."""
    if value is not False:
        raise ValueError("is false: Pinery holds one position per symbol, which is Binance's one-way mode")
    return value


def _address(value: Any) -> str:
    try:
        usable = isinstance(value, str) and bool(urlsplit(value).hostname)
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("is an address as in http://127.0.0.1:8080")
    return str(value)


def _any(value: Any) -> Any:
    return value


#: Secrets are read by themselves; ``hedge`` has one value only.
_NOT_KEPT = ("api_key_secret", "api_secret_secret", "hedge")

_OPTIONS: dict[str, Reader] = {
    "api_key_secret": _any,
    "api_secret_secret": _any,
    "signature": choice("hmac", "ed25519"),
    "rest_url": _address,
    "stream_url": _address,
    "recv_window": whole(1_000, MAX_RECV_WINDOW),
    "leverage": whole(1, MAX_LEVERAGE),
    "leverages": _leverages,
    "margin_type": choice("cross", "isolated"),
    "hedge": _one_way,
    "working_type": choice("last", "mark"),
    "targets": choice("limit", "market"),
    "patience": seconds(1, 60),
    "request_timeout": seconds(1, 60),
}
