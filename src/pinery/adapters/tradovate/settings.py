"""Settings of an account at Tradovate, and the guard that keeps demo and live apart.

Hosts: ``demo.tradovateapi.com`` and ``live.tradovateapi.com`` (the same login works on both, so nothing at the venue
stops an order for the wrong one); market data come from ``md.tradovateapi.com``. A simulator on this machine counts as
demo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.common.options import Reader, read_options, secret_name
from pinery.trading.broker import Environment
from pinery.trading.errors import ConfigError

_HOSTS = {"demo.tradovateapi.com": Environment.DEMO, "live.tradovateapi.com": Environment.LIVE}
_MARKET_DATA = "md.tradovateapi.com"


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds. All of them are here so that they can be made short."""

    patience: float = 5.0  # for an order of unknown outcome, before it counts as not there
    looks: int = 5  # how often it is asked for in that time, at least; never less than twice
    connecting: float = 15.0  # until the user stream has its first snapshot
    lock: float = 5.0  # for another process that logs the user in for prices, or is about to end
    heartbeat: float = 2.5
    silence: float = 10.0  # of the stream, until it counts as lost
    backoff: float = 1.0  # first wait before connecting again; doubles
    longest_backoff: float = 60.0
    evicted: float = 60.0  # before connecting again when the venue dropped us for a newer connection
    renewal: float = 900.0  # before a token's end
    renewal_again: float = 30.0  # after a renewal that failed
    login: float = 60.0  # between two logins; doubles while they fail
    longest_login: float = 3600.0
    login_unanswered: float = 120.0  # longest wait after a login that nobody answered
    captcha: float = 3600.0
    penalty: float = 20.0  # longest time penalty that a request sits out
    throttled: float = 5.0  # after a 429, doubles
    longest_throttled: float = 3600.0
    pending: float = 5.0  # for another command of the same order to end
    fee: float = 0.5  # for a fill's fee
    balance: float = 5.0  # between two looks at the balance
    retry: float = 0.1  # before a read that failed is tried again; doubles
    queue: float = 10.0  # longest wait for our own pace
    contract: float = 300.0  # before a contract that was refused is looked at again


@dataclass(frozen=True, slots=True)
class TradovateSettings:
    """``account`` is the account's name at Tradovate, as DEMO12345. Urls empty: those of the environment.

    ``device_id`` empty: one is made and kept with the token. ``token_file`` is written with mode 0600 and lives over
    restarts, because a further login evicts the oldest of a user's two sessions.
    """

    environment: Environment
    username: str
    password: str = field(repr=False)
    account: str
    cid: str
    sec: str = field(repr=False)
    token_file: Path
    app_id: str = "Pinery"
    app_version: str = "1.0"
    device_id: str = field(default="", repr=False)
    rest_url: str = ""
    stream_url: str = ""
    md_url: str = ""
    market_data: bool = False  # needs a subscription of its own at Tradovate
    symbols: tuple[str, ...] = ()  # contracts compared with the venue's facts when connecting, and quoted
    brackets: bool = True  # entries carry stop and target along; how these follow a part's fill is not documented
    trailing_stop: bool = False  # the venue's own; how it takes the distance is not documented
    split_sync: bool = False  # the newer form of syncrequest, in parts, as business customers need
    request_timeout: float = 10.0
    actions_per_second: float = 1.0  # place, amend and cancel, over longer times
    burst: int = 10
    actions_per_hour: int = 5000
    waits: Waits = field(default_factory=Waits)

    def __post_init__(self) -> None:
        """Raises ConfigError where a host does not fit the environment."""
        part = self.environment.value
        defaults = {
            "rest_url": f"https://{part}.tradovateapi.com/v1",
            "stream_url": f"wss://{part}.tradovateapi.com/v1/websocket",
            "md_url": "wss://md.tradovateapi.com/v1/websocket",
        }
        for name, default in defaults.items():
            object.__setattr__(self, name, (getattr(self, name) or default).rstrip("/"))
        findings = [*self._lacking(), *guard(self.environment, self.rest_url, self.stream_url, self.md_url)]
        if findings:
            raise ConfigError("the account at Tradovate: " + "; ".join(findings), tuple(findings))

    def _lacking(self) -> list[str]:
        texts = {"username": 64, "password": 64, "account": 64, "cid": 64, "app_id": 64, "app_version": 64, "sec": 8192}
        findings = []
        for name, most in texts.items():
            if not 0 < len(getattr(self, name)) <= most:
                findings.append(f"{name} has 1 to {most} characters")
        if len(self.device_id) > 64:
            findings.append("device_id has at most 64 characters")
        return findings

    @classmethod
    def from_options(
        cls, options: Mapping[str, Any], environment: Environment, secrets: Callable[[str], str], folder: Path
    ) -> TradovateSettings:
        """``secrets`` gives the value of a named secret or raises ConfigError; ``folder`` is where the token is kept.

        Raises ConfigError with a finding for every option that is wrong.
        """
        found, findings = read_options(options, _OPTIONS, "an account at Tradovate")
        findings += [f"{name} is missing" for name in _NEEDED if name not in options]
        for option, name in (("password_secret", "password"), ("sec_secret", "sec")):
            if option in found:
                try:
                    found[name] = secrets(found.pop(option))
                except ConfigError as error:
                    findings.extend(error.findings or (error.message,))
        if findings:
            raise ConfigError("options of the account at Tradovate: " + "; ".join(findings), tuple(findings))
        found.pop("leverage", None)  # the desk's, not ours
        patience = found.pop("patience", Waits().patience)
        # A token belongs to a user of a host: none of the real venue's goes to a simulator.
        owner = found["username"] + ("@" + urlsplit(found["rest_url"]).netloc if "rest_url" in found else "")
        safe = "".join(c if c.isalnum() else "-" for c in owner)
        found.setdefault("token_file", folder / f"tradovate-{environment.value}-{safe}.json")
        return cls(environment=environment, waits=Waits(patience=patience), **found)


def guard(environment: Environment, rest_url: str, stream_url: str, md_url: str) -> list[str]:
    """What is wrong with the hosts: sentences."""
    if environment not in (Environment.DEMO, Environment.LIVE):
        return [f'environment is "demo" or "live", not {environment.value!r}']
    findings = []
    for name, url, schemes in (
        ("rest_url", rest_url, ("http", "https")),
        ("stream_url", stream_url, ("ws", "wss")),
        ("md_url", md_url, ("ws", "wss")),
    ):
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            usable = parts.scheme in schemes and bool(host) and (parts.port or 1) > 0 and parts.username is None
        except ValueError:
            host, usable = "", False
        if not usable:
            findings.append(f"{name} is an address that begins with {schemes[1]}:// and holds no password")
            continue
        here = is_this_machine(host)
        if parts.scheme == schemes[0] and not here:
            findings.append(f"{name} would cross the network unencrypted: use {schemes[1]}://")
        if name == "md_url" and host == _MARKET_DATA:
            continue
        of = Environment.DEMO if here else _HOSTS.get(host)
        if of is None:
            findings.append(f"{name}: {host} is neither Tradovate's nor this machine")
        elif of is not environment:
            findings.append(f"{name}: {host} is {of.value}, but the account's environment is {environment.value}")
    return findings


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("is a text")
    return value


def _key(value: Any) -> str:
    """Client ids are numbers in samples and texts in the specification."""
    return _text(str(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("is true or false")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 600:
        raise ValueError("is a number of seconds above 0")
    return float(value)


def _number(least: float, most: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"is a number from {least:g} to {most:g}")
        return float(value)

    return read


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"is a whole number from {least} to {most}")
        return value

    return read


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and each for each in value):
        raise ValueError("is a list of texts")
    return tuple(value)


def _any(value: Any) -> Any:
    return value


_NEEDED = ("username", "password_secret", "account", "cid", "sec_secret")
_OPTIONS: dict[str, Reader] = {
    **dict.fromkeys(("username", "account", "app_id", "app_version"), _text),
    **dict.fromkeys(("device_id", "rest_url", "stream_url", "md_url"), _text),
    **dict.fromkeys(("password_secret", "sec_secret"), secret_name),
    "cid": _key,
    "token_file": Path,
    "market_data": _switch,
    "symbols": _texts,
    "brackets": _switch,
    "trailing_stop": _switch,
    "split_sync": _switch,
    "request_timeout": _seconds,
    "patience": _seconds,
    "actions_per_second": _number(0.1, 10),
    "burst": _whole(1, 50),
    "actions_per_hour": _whole(100, 5000),
    "leverage": _any,
}
