"""Ticker identifiers: ``EXCHANGE:SYMBOL``, or with modifiers in the way TradingView writes them:

    ={"adjustment":"dividends","session":"extended","symbol":"NASDAQ:AAPL"}
    ={"param":14.0,"source":"Close","style":"ATR","symbol":"BINANCE:ETHUSDT","type":"renko","wicks":false}

``parse_tickerid`` takes them apart; ``type`` names a non-standard chart.
"""

from __future__ import annotations

import json

Modifiers = dict[str, str | float | bool]

# Modifiers that say nothing leave a plain identifier.
_PLAIN: Modifiers = {"adjustment": "none", "backadjustment": "inherit", "settlement_as_close": "inherit"}


def parse_tickerid(text: str) -> tuple[str, Modifiers]:
    """The symbol and its modifiers: ``session``, ``adjustment``, ``backadjustment``, ``settlement_as_close``,
    ``currency``, and for charts ``type`` (heikinashi, renko, linebreak, kagi, pointfigure) with its settings.

    Text that is not an encoded identifier is a symbol without modifiers.
    """
    if text.startswith("={"):
        try:
            found = json.loads(text[1:])
        except json.JSONDecodeError:
            return text, {}
        if isinstance(found, dict) and isinstance(found.get("symbol"), str):
            return str(found.pop("symbol")), found
    return text, {}


def encode(symbol: str, modifiers: Modifiers) -> str:
    """The identifier of a symbol with modifiers; the symbol itself when they change nothing."""
    kept = {k: v for k, v in modifiers.items() if _PLAIN.get(k) != v}
    if not kept:
        return symbol
    return "=" + json.dumps({**kept, "symbol": symbol}, sort_keys=True, separators=(",", ":"))


def _changed(tickerid: str, **changes: str | float | bool | None) -> str:
    symbol, modifiers = parse_tickerid(tickerid)
    modifiers.update({k: v for k, v in changes.items() if v is not None})
    return encode(symbol, modifiers)


def prefix(symbol: str | None) -> str | None:
    if symbol is None:
        return None
    exchange, colon, _ = parse_tickerid(symbol)[0].partition(":")
    return exchange if colon else None


def ticker(symbol: str | None) -> str | None:
    return None if symbol is None else parse_tickerid(symbol)[0].rpartition(":")[2]


def new(
    prefix: str | None,
    ticker: str | None,
    session: str | None = None,
    adjustment: str | None = None,
    backadjustment: str | None = None,
    settlement_as_close: str | None = None,
) -> str:
    symbol = f"{prefix}:{ticker}" if prefix else ticker or ""
    return modify(symbol, session, adjustment, backadjustment, settlement_as_close)


def modify(
    tickerid: str | None,
    session: str | None = None,
    adjustment: str | None = None,
    backadjustment: str | None = None,
    settlement_as_close: str | None = None,
) -> str:
    return _changed(
        tickerid or "",
        session=session,
        adjustment=adjustment,
        backadjustment=backadjustment,
        settlement_as_close=settlement_as_close,
    )


def inherit(from_tickerid: str | None, symbol: str | None) -> str:
    return encode(parse_tickerid(symbol or "")[0], parse_tickerid(from_tickerid or "")[1])


def standard(symbol: str | None) -> str:
    return parse_tickerid(symbol or "")[0]


def heikinashi(symbol: str | None) -> str:
    return _changed(symbol or "", type="heikinashi")


def renko(
    symbol: str | None,
    style: str | None,
    param: float,
    request_wicks: bool | None = False,
    source: str | None = "Close",
) -> str:
    return _changed(
        symbol or "", type="renko", style=style, param=param, wicks=bool(request_wicks), source=source or "Close"
    )


def linebreak(symbol: str | None, number_of_lines: int) -> str:
    return _changed(symbol or "", type="linebreak", param=number_of_lines)


def kagi(symbol: str | None, reversal: float) -> str:
    return kagi_style(symbol, "Traditional", reversal)


def kagi_style(symbol: str | None, style: str | None, param: float) -> str:
    return _changed(symbol or "", type="kagi", style=style, param=param)


def pointfigure(symbol: str | None, source: str | None, style: str | None, param: float, reversal: int) -> str:
    return _changed(symbol or "", type="pointfigure", source=source, style=style, param=param, reversal=reversal)
