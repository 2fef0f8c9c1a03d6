"""Calendar, time stamps, timeframes and session states."""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, V6, FunctionRow, VariableRow, fn, host, pure, variable

_CALENDAR = {
    "year": "Year",
    "month": "Month, 1 to 12",
    "weekofyear": "ISO week of the year",
    "dayofmonth": "Day of the month",
    "dayofweek": "Day of the week, 1 = Sunday to 7 = Saturday",
    "hour": "Hour, 0 to 23",
    "minute": "Minute",
    "second": "Second",
}

_TIME = [
    "(timeframe: string, session: string = ?, bars_back: int = 0, timeframe_bars_back: int = 0) -> series int",
    "(timeframe: string, session: string = ?, timezone: string, bars_back: int = 0, timeframe_bars_back: int = 0)"
    " -> series int",
]

_DATE = "year: {q} int, month: {q} int, day: {q} int, hour: {q} int = 0, minute: {q} int = 0, second: {q} int = 0"


def _timestamp_forms() -> list[str]:
    forms = ["(dateString: const string) -> const int"]
    for q in ("simple", "series"):
        date = _DATE.format(q=q)
        forms += [f"(timezone: {q} string, {date}) -> {q} int", f"({date}) -> {q} int"]
    return forms


def _calendar() -> list[FunctionRow | VariableRow]:
    rows: list[FunctionRow | VariableRow] = []
    for name, doc in _CALENDAR.items():
        rows.append(variable(name, "series int", host(f"times:{name}"), f"{doc}, of the bar in the exchange's zone."))
        rows.append(
            fn(
                name,
                "(time: int, timezone: string = ?) -> series int",
                host(f"times:{name}_of"),
                f"{doc}, of a time in a zone (the exchange's by default).",
            )
        )
    return rows


ROWS: list[FunctionRow | VariableRow] = [
    *_calendar(),
    fn(
        "time",
        _TIME,
        [host("times:time_of"), host("times:time_of_zone")],
        "Opening time of the timeframe's bar that holds this bar; na outside the session.",
    ),
    fn(
        "time_close",
        _TIME,
        [host("times:time_close_of"), host("times:time_close_of_zone")],
        "Closing time of the timeframe's bar that holds this bar; na outside the session.",
    ),
    fn(
        "timestamp",
        _timestamp_forms(),
        [
            pure("times:timestamp_text"),
            host("times:timestamp_zone"),
            host("times:timestamp"),
            host("times:timestamp_zone"),
            host("times:timestamp"),
        ],
        "Unix ms of a date and time, in the exchange's zone unless another is given (date text: UTC).",
    ),
    variable("timeframe.period", "simple string", host("timeframes:period"), "The timeframe, as in requests."),
    variable(
        "timeframe.main_period",
        "simple string",
        host("timeframes:main_period"),
        "The script's own timeframe, inside requests too.",
        versions=V6,
    ),
    variable("timeframe.multiplier", "simple int", host("timeframes:multiplier"), "The number in the timeframe."),
    variable("timeframe.isintraday", "simple bool", host("timeframes:isintraday"), "Minutes, seconds or ticks."),
    variable("timeframe.isminutes", "simple bool", host("timeframes:isminutes"), "A timeframe of minutes."),
    variable("timeframe.isseconds", "simple bool", host("timeframes:isseconds"), "A timeframe of seconds."),
    variable("timeframe.isticks", "simple bool", host("timeframes:isticks"), "A timeframe of ticks.", versions=V5),
    variable("timeframe.isdaily", "simple bool", host("timeframes:isdaily"), "A timeframe of days."),
    variable("timeframe.isweekly", "simple bool", host("timeframes:isweekly"), "A timeframe of weeks."),
    variable("timeframe.ismonthly", "simple bool", host("timeframes:ismonthly"), "A timeframe of months."),
    variable("timeframe.isdwm", "simple bool", host("timeframes:isdwm"), "Days, weeks or months."),
    fn(
        "timeframe.change",
        "(timeframe: string) -> series bool",
        host("timeframes:change"),
        "True on the first bar of each new bar of the timeframe.",
        versions=V5,
    ),
    fn(
        "timeframe.in_seconds",
        ["(timeframe: simple string = ?) -> simple int", "(timeframe: series string) -> series int"],
        host("timeframes:in_seconds"),
        "Length of a timeframe in seconds; of the script's own by default. A month counts 2628003 seconds.",
        versions=V5,
    ),
    fn(
        "timeframe.from_seconds",
        ["(seconds: simple int) -> simple string", "(seconds: series int) -> series string"],
        host("timeframes:from_seconds"),
        "The valid timeframe of at least so many seconds.",
        versions=V5,
    ),
    variable("session.isfirstbar", "series bool", host("sessions:isfirstbar"), "First bar of the day.", versions=V5),
    variable("session.islastbar", "series bool", host("sessions:islastbar"), "Last bar of the day.", versions=V5),
    variable(
        "session.isfirstbar_regular",
        "series bool",
        host("sessions:isfirstbar_regular"),
        "First bar of the day's regular session.",
        versions=V5,
    ),
    variable(
        "session.islastbar_regular",
        "series bool",
        host("sessions:islastbar_regular"),
        "Last bar of the day's regular session.",
        versions=V5,
    ),
    variable("session.ismarket", "series bool", host("sessions:ismarket"), "In the regular session.", versions=V5),
    variable("session.ispremarket", "series bool", host("sessions:ispremarket"), "Before the market.", versions=V5),
    variable("session.ispostmarket", "series bool", host("sessions:ispostmarket"), "After the market.", versions=V5),
]
