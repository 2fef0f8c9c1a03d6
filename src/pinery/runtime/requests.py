"""Where requested data comes from, and the ``request.*`` functions that ask for figures rather than bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pinery.core.bars import BarSeries
from pinery.core.errors import PineRuntimeError
from pinery.lang.builtins.constants import CURRENCIES
from pinery.runtime.tickers import parse_tickerid
from pinery.runtime.values import NAN

if TYPE_CHECKING:
    from pinery.core.instrument import Instrument
    from pinery.runtime.context import Runtime
    from pinery.runtime.timeframes import Timeframe


class DataPort(Protocol):
    """What a run can ask for. None means: not known. Times are Unix ms; figures are the latest at that time.

    ``tickerid`` may carry modifiers (see ``tickers.parse_tickerid``).
    """

    def bars(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None: ...

    def instrument(self, tickerid: str) -> Instrument | None: ...

    def financial(self, tickerid: str, financial_id: str, period: str, time: int) -> float | None: ...

    def economic(self, country_code: str, field: str, time: int) -> float | None: ...

    def dividends(self, tickerid: str, field: str, time: int) -> float | None: ...

    def splits(self, tickerid: str, field: str, time: int) -> float | None: ...

    def earnings(self, tickerid: str, field: str, time: int) -> float | None: ...

    def currency_rate(self, from_currency: str, to_currency: str, time: int) -> float | None: ...

    def seed(self, source: str, symbol: str) -> BarSeries | None: ...


class NullData:
    """A data port that has nothing."""

    def bars(self, tickerid: str, timeframe: Timeframe) -> BarSeries | None:
        return None

    def instrument(self, tickerid: str) -> Instrument | None:
        return None

    def financial(self, tickerid: str, financial_id: str, period: str, time: int) -> float | None:
        return None

    def economic(self, country_code: str, field: str, time: int) -> float | None:
        return None

    def dividends(self, tickerid: str, field: str, time: int) -> float | None:
        return None

    def splits(self, tickerid: str, field: str, time: int) -> float | None:
        return None

    def earnings(self, tickerid: str, field: str, time: int) -> float | None:
        return None

    def currency_rate(self, from_currency: str, to_currency: str, time: int) -> float | None:
        return None

    def seed(self, source: str, symbol: str) -> BarSeries | None:
        return None


def _missing(rt: Runtime, what: str, ignore: bool | None, valid: bool = True) -> float:
    """na for what nobody here has. What cannot exist is an error unless the script ignores it; so is
    anything missing in a strict run; else a warning tells."""
    if ignore:
        return NAN
    if rt.strict_data or not valid:
        raise PineRuntimeError(f"No data for {what}", "set ignore_invalid_symbol = true to get na instead")
    rt.warn(f"no data for {what}: its values are na")
    return NAN


def _merged(rt: Runtime, call: str, value: float | None, gaps: str | None) -> float:
    """With gaps the value shows only on the bar on which it changes."""
    if value is None:
        return NAN
    if gaps != "gaps_on":
        return value
    shown = rt.cache.get(call)
    if shown is not None and shown[0] != rt.bar_index and shown[1] == value:
        return NAN
    rt.cache[call] = (rt.bar_index, value)
    return value


def _known(rt: Runtime, tickerid: str) -> bool:
    symbol = parse_tickerid(tickerid)[0]
    return symbol in (rt.instrument.tickerid, rt.instrument.ticker) or rt.data.instrument(tickerid) is not None


def currency_rate(
    rt: Runtime, from_currency: str | None, to_currency: str | None, ignore_invalid_currency: bool | None = False
) -> float:
    """1 for a currency and itself."""
    if not from_currency or not to_currency or "NONE" in (from_currency, to_currency):
        return NAN
    if from_currency == to_currency:
        return 1.0
    rate = rt.data.currency_rate(from_currency, to_currency, rt.time)
    if rate is not None:
        return rate
    known = CURRENCIES.split()
    valid = from_currency in known and to_currency in known
    return _missing(rt, f"the rate from {from_currency} to {to_currency}", ignore_invalid_currency, valid)


def dividends(
    rt: Runtime,
    ticker: str,
    field: str = "gross",
    gaps: str | None = None,
    lookahead: str | None = None,
    ignore_invalid_symbol: bool | None = False,
    currency: str | None = None,
) -> float:
    value = rt.data.dividends(ticker, field, rt.time)
    if value is None:
        return _missing(rt, f"request.dividends({ticker!r})", ignore_invalid_symbol, _known(rt, ticker))
    return _merged(rt, f"dividends {ticker} {field}", value, gaps)


def splits(
    rt: Runtime,
    ticker: str,
    field: str,
    gaps: str | None = None,
    lookahead: str | None = None,
    ignore_invalid_symbol: bool | None = False,
) -> float:
    value = rt.data.splits(ticker, field, rt.time)
    if value is None:
        return _missing(rt, f"request.splits({ticker!r})", ignore_invalid_symbol, _known(rt, ticker))
    return _merged(rt, f"splits {ticker} {field}", value, gaps)


def earnings(
    rt: Runtime,
    ticker: str,
    field: str = "actual",
    gaps: str | None = None,
    lookahead: str | None = None,
    ignore_invalid_symbol: bool | None = False,
    currency: str | None = None,
) -> float:
    value = rt.data.earnings(ticker, field, rt.time)
    if value is None:
        return _missing(rt, f"request.earnings({ticker!r})", ignore_invalid_symbol, _known(rt, ticker))
    return _merged(rt, f"earnings {ticker} {field}", value, gaps)


def financial(
    rt: Runtime,
    symbol: str,
    financial_id: str,
    period: str,
    gaps: str | None = None,
    ignore_invalid_symbol: bool | None = False,
    currency: str | None = None,
) -> float:
    value = rt.data.financial(symbol, financial_id, period, rt.time)
    if value is None:
        what = f"request.financial({symbol!r}, {financial_id!r}, {period!r})"
        return _missing(rt, what, ignore_invalid_symbol, _known(rt, symbol))
    return _merged(rt, f"financial {symbol} {financial_id} {period}", value, gaps)


def economic(
    rt: Runtime,
    country_code: str,
    field: str,
    gaps: str | None = None,
    ignore_invalid_symbol: bool | None = False,
) -> float:
    value = rt.data.economic(country_code, field, rt.time)
    if value is None:
        return _missing(rt, f"request.economic({country_code!r}, {field!r})", ignore_invalid_symbol)
    return _merged(rt, f"economic {country_code} {field}", value, gaps)


def quandl(
    rt: Runtime, ticker: str, gaps: str | None = None, index: int = 0, ignore_invalid_symbol: bool | None = False
) -> float:
    """Quandl's free data sets are gone; TradingView has none either."""
    return _missing(rt, f"request.quandl({ticker!r})", ignore_invalid_symbol)


def seed(
    rt: Runtime,
    source: str,
    symbol: str,
    expression: Any,
    ignore_invalid_symbol: bool | None = False,
    calc_bars_count: int | None = None,
) -> Any:
    """na of the expression's type; the lists that users maintained for TradingView are closed to others."""
    _missing(rt, f"request.seed({source!r}, {symbol!r})", ignore_invalid_symbol)
    return _nothing(expression)


def _nothing(value: Any) -> Any:
    """na of the value's type, item by item for a tuple."""
    if isinstance(value, tuple):
        return tuple(_nothing(item) for item in value)
    return NAN if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def footprint(rt: Runtime, ticks_per_row: int, va_percent: int = 70, imbalance_percent: int = 300) -> None:
    """Bars carry no trades: always na, as on TradingView for symbols without volume footprints."""
