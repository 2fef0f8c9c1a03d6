"""Data from elsewhere: other symbols, timeframes, companies and economies."""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, V6, FunctionRow, VariableRow, fn, host, special, variable

_GAPS = ("gaps: string = barmerge.gaps_off", "gaps: bool")
_LOOKAHEAD = ("lookahead: string = barmerge.lookahead_off", "lookahead: bool")
_MERGE = f"{_GAPS[0]}, {_LOOKAHEAD[0]}, ignore_invalid_symbol: bool = false"

_FUTURE = {
    "dividends.future_amount": ("float", "Amount of the next dividend."),
    "dividends.future_ex_date": ("int", "Ex-date of the next dividend, Unix ms."),
    "dividends.future_pay_date": ("int", "Payment date of the next dividend, Unix ms."),
    "earnings.future_eps": ("float", "Expected earnings per share of the next report."),
    "earnings.future_period_end_time": ("int", "End of the next report's period, Unix ms."),
    "earnings.future_revenue": ("float", "Expected revenue of the next report."),
    "earnings.future_time": ("int", "Expected time of the next report, Unix ms."),
}

ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "request.security",
        [
            f"(symbol: string, timeframe: string, expression: any, {gaps}, {lookahead},"
            " ignore_invalid_symbol: bool = false, currency: string = ?, calc_bars_count: int = ?) -> series any"
            # Old scripts write true and false for on and off.
            for gaps in _GAPS
            for lookahead in _LOOKAHEAD
        ],
        special("request.security"),
        "The expression's value on another symbol or timeframe.",
    ),
    fn(
        "request.security_lower_tf",
        "(symbol: string, timeframe: string, expression: any, ignore_invalid_symbol: bool = false,"
        " currency: string = ?, ignore_invalid_timeframe: bool = false, calc_bars_count: int = ?) -> series any",
        special("request.security_lower_tf"),
        "The expression's values on the bars of a lower timeframe inside this bar, as an array.",
        versions=V5,
    ),
    fn(
        "request.currency_rate",
        "(from: string, to: string, ignore_invalid_currency: bool = false) -> series float",
        host("requests:currency_rate"),
        "The daily rate that converts one currency into another.",
        versions=V5,
    ),
    fn(
        "request.dividends",
        f"(ticker: string, field: string = dividends.gross, {_MERGE}, currency: string = ?) -> series float",
        host("requests:dividends"),
        "The latest dividend.",
    ),
    fn(
        "request.splits",
        f"(ticker: string, field: string, {_MERGE}) -> series float",
        host("requests:splits"),
        "The latest split's numerator or denominator.",
    ),
    fn(
        "request.earnings",
        f"(ticker: string, field: string = earnings.actual, {_MERGE}, currency: string = ?) -> series float",
        host("requests:earnings"),
        "The latest earnings report.",
    ),
    fn(
        "request.financial",
        "(symbol: string, financial_id: string, period: string, gaps: string = barmerge.gaps_off,"
        " ignore_invalid_symbol: bool = false, currency: string = ?) -> series float",
        host("requests:financial"),
        "A figure of a company's financial statements.",
    ),
    fn(
        "request.economic",
        "(country_code: string, field: string, gaps: string = barmerge.gaps_off, ignore_invalid_symbol: bool = false)"
        " -> series float",
        host("requests:economic"),
        "A figure of a country's economy.",
        versions=V5,
    ),
    fn(
        "request.quandl",
        "(ticker: string, gaps: string = barmerge.gaps_off, index: int = 0,"
        " ignore_invalid_symbol: bool = false) -> series float",
        host("requests:quandl"),
        "A value of the former Quandl data sets.",
    ),
    fn(
        "request.seed",
        "(source: string, symbol: string, expression: any, ignore_invalid_symbol: bool = false,"
        " calc_bars_count: int = ?) -> series any",
        host("requests:seed"),
        "The expression's value on bars that a user maintains.",
        versions=V5,
    ),
    fn(
        "request.footprint",
        "(ticks_per_row: int, va_percent: int = 70, imbalance_percent: int = 300) -> series footprint",
        host("requests:footprint"),
        "The bar's volume by price; na where the source has no trades.",
        versions=V6,
    ),
    *(variable(n, f"series {t}", host("symbols:no_number"), doc, versions=V5) for n, (t, doc) in _FUTURE.items()),
]
