"""The bar at hand: prices, times, its place in the data set and its state."""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, V6, FunctionRow, VariableRow, column, host, variable

ROWS: list[FunctionRow | VariableRow] = [
    variable("open", "series float", column("open"), "The bar's first price."),
    variable("high", "series float", column("high"), "The bar's highest price."),
    variable("low", "series float", column("low"), "The bar's lowest price."),
    variable("close", "series float", column("close"), "The bar's last price."),
    variable("volume", "series float", column("volume"), "The bar's volume; na where the source has none."),
    variable("hl2", "series float", column("hl2"), "(high + low) / 2"),
    variable("hlc3", "series float", column("hlc3"), "(high + low + close) / 3"),
    variable("ohlc4", "series float", column("ohlc4"), "(open + high + low + close) / 4"),
    variable("hlcc4", "series float", column("hlcc4"), "(high + low + close + close) / 4", versions=V5),
    variable("bid", "series float", host("bars:bid"), "Bid price; na on all but tick charts.", versions=V6),
    variable("ask", "series float", host("bars:ask"), "Ask price; na on all but tick charts.", versions=V6),
    variable("time", "series int", column("time"), "The bar's opening time, Unix ms."),
    variable("time_close", "series int", column("time_close"), "The bar's closing time, Unix ms."),
    variable(
        "time_tradingday",
        "series int",
        host("bars:time_tradingday"),
        "00:00 UTC of the trading day that the bar belongs to, Unix ms.",
        versions=V5,
    ),
    variable("timenow", "series int", host("bars:timenow"), "The current time, Unix ms; of the last bar in a replay."),
    variable("bar_index", "series int", column("bar_index"), "Number of the bar; the first is 0."),
    variable("last_bar_index", "series int", host("bars:last_bar_index"), "Index of the data set's last bar."),
    variable("last_bar_time", "series int", host("bars:last_bar_time"), "Opening time of the data set's last bar."),
    variable("barstate.isfirst", "series bool", host("bars:isfirst"), "True on the data set's first bar."),
    variable("barstate.islast", "series bool", host("bars:islast"), "True on the last bar and all realtime bars."),
    variable("barstate.ishistory", "series bool", host("bars:ishistory"), "True on historical bars."),
    variable("barstate.isrealtime", "series bool", host("bars:isrealtime"), "True on realtime bars."),
    variable("barstate.isnew", "series bool", host("bars:isnew"), "True on a bar's first calculation."),
    variable("barstate.isconfirmed", "series bool", host("bars:isconfirmed"), "True on a bar's closing calculation."),
    variable(
        "barstate.islastconfirmedhistory",
        "series bool",
        host("bars:islastconfirmedhistory"),
        "True on the last closed bar before realtime begins.",
        versions=V5,
    ),
]
