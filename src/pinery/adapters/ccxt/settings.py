"""Settings of an account at an exchange that ccxt knows: the options of an account whose broker is "ccxt"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.common.options import Reader, read_options, seconds, secret_name, whole
from pinery.trading.broker import Environment
from pinery.trading.errors import ConfigError

_SECONDS = seconds(0.01, 600)


@dataclass(frozen=True, slots=True)
class CcxtSettings:
    """Times in seconds. ``symbols``: EXCHANGE:TICKER -> ccxt's name, where it does not follow from the ticker."""

    exchange: str  # ccxt's id: "binanceusdm"
    environment: Environment
    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    password: str = field(default="", repr=False)  # the key's passphrase, where the exchange wants one
    leverage: int | None = None  # None: as it is at the venue
    symbols: Mapping[str, str] = field(default_factory=dict)
    poll: float = 2.0  # between two looks at orders
    patience: float = 5.0  # how long an order whose outcome is not known is looked for
    request_timeout: float = 10.0
    rest_url: str = ""  # instead of the exchange's own hosts: a simulator's
    throttle: bool = True  # ccxt's own limit of requests

    @classmethod
    def from_options(
        cls, options: Mapping[str, Any], environment: Environment, secrets: Callable[[str], str]
    ) -> CcxtSettings:
        """Options ending in ``_secret`` name secrets. Raises ConfigError with a finding for every one that is wrong."""
        found, findings = read_options(options, _OPTIONS, "a ccxt account")
        for name in [name for name in found if name.endswith("_secret")]:
            try:
                found[name.removesuffix("_secret")] = secrets(found.pop(name))
            except ConfigError as error:
                findings.append(f"{name}: {error.message}; {error.hint}" if error.hint else f"{name}: {error.message}")
        findings += [
            f"{name} is missing" for name in ("exchange", "api_key_secret", "api_secret_secret") if name not in options
        ]
        findings += _guard(environment, found.get("rest_url", ""))
        if findings:
            raise ConfigError("options of the ccxt account: " + "; ".join(findings), tuple(findings))
        return cls(environment=environment, **found)


def _guard(environment: Environment, rest_url: str) -> list[str]:
    """Real money is never at an address that somebody wrote into a file."""
    if not rest_url:
        return []
    if environment is Environment.LIVE:
        return [f"rest_url is {rest_url}, a simulator's, and the account is live: leave it out, or write demo"]
    if not is_this_machine(urlsplit(rest_url).hostname or ""):
        return [f"rest_url is {rest_url}, and only a simulator on this machine may stand in for the exchange"]
    return []


def _exchange(value: Any) -> str:
    known = exchanges()
    if value not in known:
        near = get_close_matches(str(value), known, 1)
        raise ValueError("is an exchange that ccxt knows" + (f" (did you mean {near[0]!r}?)" if near else ""))
    return str(value)


def exchanges() -> tuple[str, ...]:
    """Ids of all exchanges. Raises ConfigError where ccxt is not installed."""
    try:
        import ccxt
    except ImportError:
        raise ConfigError("accounts with ccxt need a package", hint='pip install "pinery[ccxt]"') from None
    return tuple(ccxt.exchanges)


def _symbols(value: Any) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(v, str) and ":" in k for k, v in value.items()):
        raise ValueError('is a table of "EXCHANGE:TICKER" = "ETH/USDT:USDT"')
    return {symbol.strip().upper(): name for symbol, name in value.items()}


def _url(value: Any) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is an address that begins with http:// or https://")
    return str(value).rstrip("/")


_OPTIONS: dict[str, Reader] = {
    "exchange": _exchange,
    "api_key_secret": secret_name,
    "api_secret_secret": secret_name,
    "password_secret": secret_name,
    "leverage": whole(1, 125),
    "symbols": _symbols,
    "poll": _SECONDS,
    "patience": _SECONDS,
    "request_timeout": _SECONDS,
    "rest_url": _url,
}
