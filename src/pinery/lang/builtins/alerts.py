"""Alerts, logs, errors that a script raises, and how much history it asks for."""

from __future__ import annotations

from pinery.lang.builtins.schema import V5, FunctionRow, VariableRow, fn, host, output, special

_LOG = ["(message: series string) -> void", "(formatString: series string, *args: series any) -> void"]

ROWS: list[FunctionRow | VariableRow] = [
    fn(
        "alert",
        "(message: series string, freq: input string = alert.freq_once_per_bar) -> void",
        host("alerts:alert"),
        "Fires an alert with this message.",
    ),
    fn(
        "alertcondition",
        "(condition: series bool, title: const string = ?, message: const string = ?) -> void",
        output("alertcondition"),
        "Offers a condition for alerts; its message may hold placeholders such as {{close}}.",
        local=False,
    ),
    fn(
        "runtime.error",
        "(message: series string) -> void",
        host("alerts:runtime_error"),
        "Stops the script with an error.",
        versions=V5,
    ),
    fn("log.info", _LOG, host("alerts:log_info"), "Logs a message, plain or formatted as str.format does."),
    fn("log.warning", _LOG, host("alerts:log_warning"), "Logs a warning, plain or formatted as str.format does."),
    fn("log.error", _LOG, host("alerts:log_error"), "Logs an error, plain or formatted as str.format does."),
    fn(
        "max_bars_back",
        "(var: series any, num: const int) -> void",
        special("max_bars_back"),
        "Asks for this many bars of a variable's history.",
    ),
]
