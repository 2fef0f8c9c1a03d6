"""From ``[feeds.NAME] kind = "binance"`` to the market.

::

    [feeds.binance]
    kind = "binance"            # production: its prices are public, and no order can go there by it

    [feeds.rehearsal]
    kind = "binance"
    rest_url = "http://127.0.0.1:9080"     # a simulator on this machine
    stream_url = "ws://127.0.0.1:9080"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pinery.adapters.binance.settings import ADDRESSES
from pinery.adapters.common.hosts import is_this_machine
from pinery.adapters.common.options import unknown_option
from pinery.trading.broker import Environment
from pinery.trading.errors import ConfigError

_REST, _STREAM = ADDRESSES[Environment.LIVE]


@dataclass(frozen=True, slots=True)
class BinanceFeedSettings:
    """Where questions and streams go: Binance itself, or a simulator on this machine."""

    rest_url: str = _REST
    stream_url: str = _STREAM

    @classmethod
    def from_options(cls, name: str, options: Mapping[str, Any], folder: Path) -> BinanceFeedSettings:
        """Raises ConfigError with every finding."""
        findings: list[str] = []
        found: dict[str, str] = {}
        for option, value in options.items():
            schemes = _OPTIONS.get(option)
            if schemes is None:
                findings.append(unknown_option(option, _OPTIONS, "a feed from Binance"))
            elif (wrong := _wrong(value, *schemes)) is not None:
                findings.append(f"{option} {wrong}")
            else:
                found[option] = str(value).rstrip("/")
        if len(found) == 1:
            missing = next(option for option in _OPTIONS if option not in found)
            findings.append(f"{missing} is missing: bars of the past and of now come from the same place")
        if findings:
            raise ConfigError(f"the feed {name}: " + "; ".join(findings), tuple(findings))
        return cls(**found)


def _wrong(value: Any, secure: str, plain: str) -> str | None:
    """What is wrong with an address, if anything."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        host = parts.hostname or ""
        usable = bool(host) and (parts.port or 1) > 0 and parts.username is None
    except ValueError:
        host, usable = "", False
    if not usable or parts.scheme not in (secure, plain):
        return f"is an address that begins with {secure}://, not {value!r}"
    if parts.scheme == plain and not is_this_machine(host):
        return f"begins with {secure}://: only a simulator on this machine is reached without encryption"
    return None


_OPTIONS = {"rest_url": ("https", "http"), "stream_url": ("wss", "ws")}
