"""The symbol (``syminfo``), ticker identifiers (``ticker``) and the chart."""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, V6, FunctionRow, VariableRow, fn, host, pure, variable

# name: (type, doc). Each is read by the function of the same name in ``runtime/symbols.py``.
_SYMINFO = {
    "basecurrency": ("simple string", "Currency or coin that is traded; empty for other instruments."),
    "country": ("simple string", "Country of the exchange, two letters."),
    "currency": ("simple string", "Currency of the prices."),
    "description": ("simple string", "Description of the symbol."),
    "mincontract": ("simple float", "Smallest quantity that can be traded."),
    "minmove": ("simple int", "Numerator of the tick size."),
    "mintick": ("simple float", "Tick size."),
    "pointvalue": ("simple float", "Money value of one point for one contract."),
    "prefix": ("simple string", "Exchange prefix."),
    "pricescale": ("simple int", "Denominator of the tick size."),
    "root": ("simple string", "Root of a futures contract, otherwise the ticker."),
    "session": ("simple string", "session.regular or session.extended, as the chart shows."),
    "ticker": ("simple string", "Symbol without its exchange."),
    "tickerid": ("simple string", "Symbol with its exchange, and modifiers if any."),
    "timezone": ("simple string", "The exchange's time zone."),
    "type": ("simple string", "Kind of instrument: stock, futures, index, forex, crypto, fund ..."),
    "volumetype": ("simple string", "What volume counts: base, quote, tick or n/a."),
}

_SYMINFO_V6 = {
    "main_tickerid": ("simple string", "The chart's ticker identifier, inside requests too."),
    "current_contract": ("simple string", "Contract behind a continuous future; na otherwise."),
    "isin": ("simple string", "International securities identification number."),
}

# Facts of companies, which bars do not carry: na.
_COMPANY = {
    "employees": ("simple int", "Number of employees."),
    "expiration_date": ("simple int", "Last day of a futures contract, Unix ms."),
    "industry": ("simple string", "The company's industry."),
    "sector": ("simple string", "The company's sector."),
    "recommendations_buy": ("series int", "Analysts who say buy."),
    "recommendations_buy_strong": ("series int", "Analysts who say strong buy."),
    "recommendations_date": ("series int", "Starting date of the recommendations."),
    "recommendations_hold": ("series int", "Analysts who say hold."),
    "recommendations_sell": ("series int", "Analysts who say sell."),
    "recommendations_sell_strong": ("series int", "Analysts who say strong sell."),
    "recommendations_total": ("series int", "Number of recommendations."),
    "shareholders": ("simple int", "Number of shareholders."),
    "shares_outstanding_float": ("simple float", "Shares available to the public."),
    "shares_outstanding_total": ("simple int", "All shares of the company."),
    "target_price_average": ("series float", "Average of the yearly price targets."),
    "target_price_date": ("series int", "Starting date of the price targets."),
    "target_price_estimates": ("series float", "Number of price targets."),
    "target_price_high": ("series float", "Highest yearly price target."),
    "target_price_low": ("series float", "Lowest yearly price target."),
    "target_price_median": ("series float", "Median of the yearly price targets."),
}

_CHART_KINDS = ("standard", "heikinashi", "renko", "linebreak", "kagi", "pnf", "range")


def _fact(type_text: str) -> str:
    return "symbols:no_text" if type_text.endswith("string") else "symbols:no_number"


ROWS: list[FunctionRow | VariableRow] = [
    *(variable(f"syminfo.{n}", t, host(f"symbols:{n}"), doc) for n, (t, doc) in _SYMINFO.items()),
    *(variable(f"syminfo.{n}", t, host(f"symbols:{n}"), doc, versions=V6) for n, (t, doc) in _SYMINFO_V6.items()),
    *(variable(f"syminfo.{n}", t, host(_fact(t)), doc, versions=V5) for n, (t, doc) in _COMPANY.items()),
    fn(
        "syminfo.prefix",
        ["(symbol: simple string) -> simple string", "(symbol: series string) -> series string"],
        pure("tickers:prefix"),
        "The exchange prefix of a ticker identifier; na when it has none.",
        versions=V5,
    ),
    fn(
        "syminfo.ticker",
        ["(symbol: simple string) -> simple string", "(symbol: series string) -> series string"],
        pure("tickers:ticker"),
        "The symbol of a ticker identifier, without its exchange.",
        versions=V5,
    ),
    fn(
        "ticker.new",
        "(prefix: string, ticker: string, session: string = ?, adjustment: string = ?, backadjustment: string = ?,"
        " settlement_as_close: string = ?) -> auto string",
        pure("tickers:new"),
        "A ticker identifier, with modifiers.",
    ),
    fn(
        "ticker.modify",
        "(tickerid: string, session: string = ?, adjustment: string = ?, backadjustment: string = ?,"
        " settlement_as_close: string = ?) -> auto string",
        pure("tickers:modify"),
        "A ticker identifier with changed modifiers.",
        versions=V5,
    ),
    fn(
        "ticker.inherit",
        "(from_tickerid: string, symbol: string) -> auto string",
        pure("tickers:inherit"),
        "Another symbol with the modifiers of a ticker identifier.",
        versions=V5,
    ),
    fn(
        "ticker.standard",
        ["() -> simple string", "(symbol: string) -> auto string"],
        [host("symbols:standard_tickerid"), pure("tickers:standard")],
        "The ticker identifier without modifiers.",
        versions=V5,
    ),
    fn(
        "ticker.heikinashi",
        "(symbol: string) -> auto string",
        pure("tickers:heikinashi"),
        "Ticker identifier of Heikin Ashi bars.",
    ),
    fn(
        "ticker.renko",
        '(symbol: string, style: string, param: float, request_wicks: bool = false, source: string = "Close")'
        " -> auto string",
        pure("tickers:renko"),
        "Ticker identifier of Renko bricks; style is ATR, Traditional or PercentageLTP.",
    ),
    fn(
        "ticker.linebreak",
        "(symbol: string, number_of_lines: int) -> auto string",
        pure("tickers:linebreak"),
        "Ticker identifier of Line Break bars.",
    ),
    fn(
        "ticker.kagi",
        [
            "(symbol: string, reversal: float) -> auto string",
            "(symbol: string, style: string, param: float) -> auto string",
        ],
        [pure("tickers:kagi"), pure("tickers:kagi_style")],
        "Ticker identifier of Kagi lines.",
    ),
    fn(
        "ticker.pointfigure",
        "(symbol: string, source: string, style: string, param: float, reversal: int) -> auto string",
        pure("tickers:pointfigure"),
        "Ticker identifier of Point & Figure columns.",
    ),
    variable("chart.bg_color", "input color", host("symbols:bg_color"), "The chart's background.", versions=V5),
    variable("chart.fg_color", "input color", host("symbols:fg_color"), "Contrast to the background.", versions=V5),
    variable(
        "chart.left_visible_bar_time",
        "input int",
        host("symbols:left_visible_bar_time"),
        "Time of the leftmost visible bar: the data set's first.",
        versions=V5,
    ),
    variable(
        "chart.right_visible_bar_time",
        "input int",
        host("symbols:right_visible_bar_time"),
        "Time of the rightmost visible bar: the data set's last.",
        versions=V5,
    ),
    *(
        variable(f"chart.is_{k}", "simple bool", host(f"symbols:is_{k}"), f"True on {k} charts.", versions=V5)
        for k in _CHART_KINDS
    ),
]
