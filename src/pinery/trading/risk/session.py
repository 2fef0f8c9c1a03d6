"""Trading hours: of the deployment, of the account, and of the exchange."""

from __future__ import annotations

from datetime import UTC, datetime

from pinery.trading.denials import Denial
from pinery.trading.deployments import Window
from pinery.trading.risk.context import RiskContext
from pinery.trading.windows import (
    exchange_open,
    exchange_opens,
    format_window,
    is_open,
    next_open,
    tradable,
    windows_for,
)


def _windows(context: RiskContext) -> list[tuple[str, tuple[Window, ...] | None]]:
    """Whose hours, and which. The account's count only where it has some."""
    deployment, *others = context.scopes
    found = [(deployment.name, windows_for(context.contract, deployment.limits, context.windows))]
    return found + [(scope.name, scope.limits.windows) for scope in others if scope.limits.windows is not None]


def facts(context: RiskContext) -> str:
    return "; ".join(dict.fromkeys(_text(context, windows) for _, windows in _windows(context)))


def _text(context: RiskContext, windows: tuple[Window, ...] | None) -> str:
    if windows is None:
        instrument = context.contract.instrument
        return f"{instrument.session} {instrument.timezone}"
    return ", ".join(map(format_window, windows)) or "always"


def check(context: RiskContext) -> Denial | None:
    contract, now = context.contract, context.now
    for name, windows in _windows(context):
        if tradable(contract, windows, now):
            continue
        hours = _text(context, windows)
        if windows and not is_open(windows, now):
            return Denial("SESSION", f"outside the trading hours of {name} ({hours}){_opens(next_open(windows, now))}")
        opens = exchange_opens(contract.instrument, now)
        closed = "the exchange is closed" if not exchange_open(contract.instrument, now) else "the market is closed"
        return Denial("SESSION", f"{closed}: {contract.symbol} trades {_text(context, None)}{_opens(opens)}")
    return None


def _opens(time: int | None) -> str:
    return f"; opens {datetime.fromtimestamp(time / 1000, UTC):%a %Y-%m-%d %H:%M} UTC" if time is not None else ""
