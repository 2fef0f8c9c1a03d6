"""A ccxt exchange, set up for an account: numbers as texts, the right hosts, the exchange's clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import ccxt.async_support as ccxt

from pinery.adapters.ccxt.settings import CcxtSettings
from pinery.adapters.common.last_look import MaySend, TooLate, always
from pinery.trading.broker import Environment
from pinery.trading.errors import ConfigError

_HOST = re.compile(r"^\w+://[^/]+")

_LEAST_WINDOW, _MOST_WINDOW = 5_000, 10_000  # ms


_changes: ContextVar[bool] = ContextVar("changes", default=False)


@contextmanager
def changing() -> Iterator[None]:
    """What is asked of an exchange here changes something there."""
    token = _changes.set(True)
    try:
        yield
    finally:
        _changes.reset(token)


def make_exchange(settings: CcxtSettings, may_send: MaySend = always) -> Any:
    """Asks nobody. Raises ConfigError where the exchange has no test environment and the account is a demo one.

    ``may_send`` is asked, once ccxt's own waiting is over, before what changes something is sent.
    """
    kind = _guarded(getattr(ccxt, settings.exchange), may_send)
    exchange = (_elsewhere(kind, settings.rest_url) if settings.rest_url else kind)(
        {
            "apiKey": settings.api_key,
            "secret": settings.api_secret,
            "password": settings.password or None,
            "timeout": int(settings.request_timeout * 1000),
            "enableRateLimit": settings.throttle,
            "number": str,  # digit by digit: what is a text there is one here
            "options": {
                "defaultType": "swap",
                "adjustForTimeDifference": True,
                "recvWindow": _window(settings),
                "fetchCurrencies": False,  # wallets, which are none of our business
                "warnOnFetchOpenOrdersWithoutSymbol": False,
            },
        }
    )
    if settings.environment is Environment.DEMO and not settings.rest_url:
        _use_test_money(exchange)
    return exchange


def _window(settings: CcxtSettings) -> int:
    """How old a request may be when it arrives, where exchanges look at that: an order that was looked for so long in
    vain must not arrive after that."""
    return min(max(int(settings.patience * 1000), _LEAST_WINDOW), _MOST_WINDOW)


def _use_test_money(exchange: Any) -> None:
    if exchange.urls.get("demo"):
        exchange.enable_demo_trading(True)
    elif exchange.urls.get("test"):
        exchange.set_sandbox_mode(True)
    else:
        raise ConfigError(
            f"ccxt knows no test environment of {exchange.id}",
            hint='rehearse on a paper account or a simulator, then write environment = "live"',
        )


def _guarded(kind: Any, may_send: MaySend) -> Any:
    class Guarded(kind):  # type: ignore[misc]
        async def fetch(self, *request: Any, **more: Any) -> Any:
            if _changes.get() and not may_send():
                raise TooLate
            return await super().fetch(*request, **more)

    return Guarded


def _elsewhere(kind: Any, host: str) -> Any:
    """The exchange with every request sent to ``host``. What answers mean depends on the exchange's own addresses in
    ccxt, so those stay for that."""
    meant: ContextVar[str] = ContextVar("meant")

    class Elsewhere(kind):  # type: ignore[misc]
        async def fetch(self, url: str, *rest: Any, **more: Any) -> Any:
            meant.set(url)
            return await super().fetch(_HOST.sub(host, url), *rest, **more)

        def handle_errors(self, code: int, reason: str, url: str, *rest: Any) -> Any:
            return super().handle_errors(code, reason, meant.get(), *rest)

    return Elsewhere
