"""Built-ins of ``strategy`` scripts: the declaration, order commands, risk rules, account and trade figures.

Parameter names, order and defaults are those of TradingView's reference for each version. Before v6 the order
commands had a condition ``when``; it stood in the middle of the list until 2023 and then became a hidden parameter
for named use only, so a v5 script may be written either way. In v4 the direction is called ``long`` and is a bool.
"""

from __future__ import annotations

from pinery.lang.builtins.schema import FunctionRow, VariableRow, constant, fn, host, special, variable

# --- strategy(...) --------------------------------------------------------------------

# Defaults of a declaration that may differ by version. TradingView's help gives one capital for all; margins became
# 100 % with v6.
_CAPITAL = {4: 1_000_000, 5: 1_000_000, 6: 1_000_000}
_MARGIN = {4: 0, 5: 0, 6: 100}
_DYNAMIC_REQUESTS = {4: "false", 5: "false", 6: "true"}


def _declaration(version: int) -> str:
    text = (
        f"@{version} ("
        'title: const string, shorttitle: const string = "", overlay: const bool = false, '
        "format: const string = ?, precision: const int = ?, scale: const any = ?, pyramiding: const int = 0, "
        "calc_on_order_fills: const bool = false, calc_on_every_tick: const bool = false, "
        "max_bars_back: const int = 0, backtest_fill_limits_assumption: const int = 0, "
        "default_qty_type: const string = strategy.fixed, default_qty_value: const float = 1, "
        f"initial_capital: const float = {_CAPITAL[version]}, currency: const string = ?, slippage: const int = 0, "
        "commission_type: const string = strategy.commission.percent, commission_value: const float = 0, "
        'process_orders_on_close: const bool = false, close_entries_rule: const string = "FIFO", '
        f"margin_long: const float = {_MARGIN[version]}, margin_short: const float = {_MARGIN[version]}, "
        "explicit_plot_zorder: const bool = false, max_lines_count: const int = 50, max_labels_count: const int = 50, "
        "max_boxes_count: const int = 50, calc_bars_count: const int = 0, risk_free_rate: const float = 2, "
        "use_bar_magnifier: const bool = false, fill_orders_on_standard_ohlc: const bool = false, "
        "max_polylines_count: const int = 50, "
        f"dynamic_requests: const bool = {_DYNAMIC_REQUESTS[version]}, behind_chart: const bool = true, "
        "calc_on_every_history_tick: const bool = false"
    )
    # v3 and v4 also took linktoseries, which only changed how the chart's price scale was chosen.
    return text + (", linktoseries: const bool = false" if version == 4 else "") + ") -> void"


_DECLARATION: list[FunctionRow | VariableRow] = [
    fn(
        "strategy",
        [_declaration(6), _declaration(5), _declaration(4)],
        special("declaration"),
        "Declares the script a strategy and sets its properties.",
        local=False,
    )
]

# --- order commands -------------------------------------------------------------------

_PRICES = "qty: float = na, limit: float = na, stop: float = na"
_OCA = 'oca_name: string = "", oca_type: input string = strategy.oca.none'
_TEXT = 'comment: string = "", alert_message: string = ""'
_LEGS = (
    "profit: float = na, limit: float = na, loss: float = na, stop: float = na, trail_price: float = na, "
    "trail_points: float = na, trail_offset: float = na"
)
_EXIT_TEXTS = (
    'comment_profit: string = "", comment_loss: string = "", comment_trailing: string = "", '
    'alert_message: string = "", alert_profit: string = "", alert_loss: string = "", alert_trailing: string = ""'
)
_SIZE = "qty: float = na, qty_percent: float = 100"


def _placing(command: str) -> tuple[list[str], list[str]]:
    """The signatures of ``strategy.entry`` and ``strategy.order`` with their implementations' names.

    Ordered so that the newest form that fits a call wins.
    """
    start = f"id: string, direction: string, {_PRICES}, {_OCA}"
    old = f'{_OCA}, comment: string = "", when: bool = true, alert_message: string = ""'
    return [
        f"@6 ({start}, {_TEXT}, disable_alert: bool = false) -> void",
        f"@5 ({start}, {_TEXT}, disable_alert: bool = false, when: bool = true) -> void",
        f'@5 ({start}, comment: string = "", when: bool = true, alert_message: string = "") -> void',
        f"@4 (id: string, long: string, {_PRICES}, {old}) -> void",
        f"@4 (id: string, long: bool, {_PRICES}, {old}) -> void",
    ], [command, command, f"{command}_early", f"{command}_early", f"{command}_early"]


def _exit() -> tuple[list[str], list[str]]:
    start = f'id: string, from_entry: string = "", {_SIZE}, {_LEGS}, oca_name: string = "", comment: string = ""'
    return [
        f"@6 ({start}, {_EXIT_TEXTS}, disable_alert: bool = false) -> void",
        f"@5 ({start}, {_EXIT_TEXTS}, disable_alert: bool = false, when: bool = true) -> void",
        f'@4,5 ({start}, when: bool = true, alert_message: string = "") -> void',
    ], ["exit", "exit", "exit_early"]


def _close() -> tuple[list[str], list[str]]:
    late = f'comment: string = "", {_SIZE}, alert_message: string = "", immediately: bool = false'
    return [
        f"@6 (id: string, {late}, disable_alert: bool = false) -> void",
        f"@5 (id: string, {late}, disable_alert: bool = false, when: bool = true) -> void",
        f"@4,5 (id: string, when: bool = true, {late}) -> void",
    ], ["close", "close", "close_early"]


def _close_all() -> tuple[list[str], list[str]]:
    late = f"{_TEXT}, immediately: bool = false"
    return [
        f"@6 ({late}, disable_alert: bool = false) -> void",
        f"@5 ({late}, disable_alert: bool = false, when: bool = true) -> void",
        f"@4,5 (when: bool = true, {late}) -> void",
    ], ["close_all", "close_all", "close_all_early"]


def _command(name: str, forms: tuple[list[str], list[str]], doc: str) -> FunctionRow:
    signatures, targets = forms
    return fn(f"strategy.{name}", signatures, [host(f"strategy:{target}") for target in targets], doc)


_COMMANDS: list[FunctionRow | VariableRow] = [
    _command("entry", _placing("entry"), "Places an order to open, add to or reverse a position."),
    _command("order", _placing("order"), "Places an order to buy or sell, without regard to pyramiding."),
    _command("exit", _exit(), "Places take-profit, stop-loss and trailing exits for open trades."),
    _command("close", _close(), "Closes the trades opened by an entry id, at the market."),
    _command("close_all", _close_all(), "Closes the whole position, at the market."),
    _command(
        "cancel",
        (["@6 (id: string) -> void", "@4,5 (id: string, when: bool = true) -> void"], ["cancel", "cancel"]),
        "Cancels the pending orders with an id.",
    ),
    _command(
        "cancel_all",
        (["@6 () -> void", "@4,5 (when: bool = true) -> void"], ["cancel_all", "cancel_all"]),
        "Cancels all pending orders.",
    ),
]

# --- risk rules -----------------------------------------------------------------------

_ALERT = 'alert_message: simple string = ""'

_RISK: list[FunctionRow | VariableRow] = [
    fn(f"strategy.risk.{name}", f"({params}) -> void", host(f"strategy:risk_{name}"), doc)
    for name, params, doc in (
        ("allow_entry_in", "value: simple string", "Limits the direction in which entries may open positions."),
        (
            "max_cons_loss_days",
            f"count: simple int, {_ALERT}",
            "Stops the strategy after a number of losing days in a row.",
        ),
        (
            "max_drawdown",
            f"value: simple float, type: simple string, {_ALERT}",
            "Stops the strategy at a drawdown in money or in percent of the highest equity.",
        ),
        (
            "max_intraday_filled_orders",
            f"count: simple int, {_ALERT}",
            "Stops the strategy for the rest of the day after a number of filled orders.",
        ),
        (
            "max_intraday_loss",
            f"value: simple float, type: simple string, {_ALERT}",
            "Stops the strategy for the rest of the day at a loss in money or in percent of equity.",
        ),
        ("max_position_size", "contracts: simple float", "Refuses entries beyond a position size."),
    )
]

# --- figures of the account -----------------------------------------------------------

_VARIABLES: list[FunctionRow | VariableRow] = [
    variable(f"strategy.{name}", type_text, host(f"strategy:{name.replace('.', '_')}"), doc)
    for name, type_text, doc in (
        ("account_currency", "simple string", "Currency of the strategy's account."),
        ("initial_capital", "float", "Capital at the start, in account currency."),
        ("equity", "float", "Initial capital plus closed and open profit."),
        ("netprofit", "float", "Profit of all closed trades."),
        ("netprofit_percent", "float", "Profit of all closed trades, in percent of the initial capital."),
        ("grossprofit", "float", "Sum of the profits of winning closed trades."),
        ("grossprofit_percent", "float", "Gross profit in percent of the initial capital."),
        ("grossloss", "float", "Sum of the losses of losing closed trades, as a positive number."),
        ("grossloss_percent", "float", "Gross loss in percent of the initial capital."),
        ("openprofit", "float", "Unrealised profit of the open position."),
        ("openprofit_percent", "float", "Unrealised profit in percent of the realised equity."),
        ("position_size", "float", "Size of the position: above zero long, below zero short."),
        ("position_avg_price", "float", "Average entry price of the position; na when flat."),
        ("position_entry_name", "string", "Id of the order that opened the position."),
        ("opentrades", "int", "Number of open trades."),
        ("opentrades.capital_held", "float", "Capital that open trades hold, in account currency."),
        ("closedtrades", "int", "Number of closed trades."),
        ("closedtrades.first_index", "int", "Number of the oldest closed trade still listed."),
        ("wintrades", "int", "Number of closed trades with a profit."),
        ("losstrades", "int", "Number of closed trades with a loss."),
        ("eventrades", "int", "Number of closed trades with neither."),
        ("avg_trade", "float", "Average profit of a closed trade."),
        ("avg_trade_percent", "float", "Average profit of a closed trade, in percent."),
        ("avg_winning_trade", "float", "Average profit of a winning trade."),
        ("avg_winning_trade_percent", "float", "Average profit of a winning trade, in percent."),
        ("avg_losing_trade", "float", "Average loss of a losing trade, as a positive number."),
        ("avg_losing_trade_percent", "float", "Average loss of a losing trade, in percent."),
        ("max_drawdown", "float", "Largest fall of equity from its highest point."),
        ("max_drawdown_percent", "float", "Largest fall of equity, in percent."),
        ("max_runup", "float", "Largest rise of equity from its lowest point."),
        ("max_runup_percent", "float", "Largest rise of equity, in percent."),
        ("max_contracts_held_all", "float", "Largest position held so far."),
        ("max_contracts_held_long", "float", "Largest long position held so far."),
        ("max_contracts_held_short", "float", "Largest short position held so far."),
        ("margin_liquidation_price", "float", "Price at which a margin call would come; na when there is none."),
    )
]

# --- figures of single trades ---------------------------------------------------------

_OPEN_FIELDS = (
    ("commission", "float", "Fees paid"),
    ("entry_bar_index", "int", "Bar index of the entry"),
    ("entry_comment", "string", "Comment of the entry"),
    ("entry_id", "string", "Id of the entry order"),
    ("entry_price", "float", "Price of the entry"),
    ("entry_time", "int", "Time of the entry (Unix ms)"),
    ("max_drawdown", "float", "Largest unrealised loss"),
    ("max_drawdown_percent", "float", "Largest unrealised loss, in percent"),
    ("max_runup", "float", "Largest unrealised profit"),
    ("max_runup_percent", "float", "Largest unrealised profit, in percent"),
    ("profit", "float", "Profit or loss"),
    ("profit_percent", "float", "Profit or loss, in percent"),
    ("size", "float", "Size: above zero long, below zero short"),
)
_CLOSED_FIELDS = (
    *_OPEN_FIELDS,
    ("exit_bar_index", "int", "Bar index of the exit"),
    ("exit_comment", "string", "Comment of the exit"),
    ("exit_id", "string", "Id of the exit order"),
    ("exit_price", "float", "Price of the exit"),
    ("exit_time", "int", "Time of the exit (Unix ms)"),
)

_TRADES: list[FunctionRow | VariableRow] = [
    fn(
        f"strategy.{list_name}.{name}",
        f"(trade_num: int) -> series {type_name}",
        host(f"strategy:{list_name}_{name}"),
        f"{doc} of {kind} trade number ``trade_num``, counted from 0; na when there is none.",
    )
    for list_name, kind, fields in (
        ("opentrades", "open", _OPEN_FIELDS),
        ("closedtrades", "closed", _CLOSED_FIELDS),
    )
    for name, type_name, doc in fields
]

# --- conversions and constants --------------------------------------------------------

_OTHERS: list[FunctionRow | VariableRow] = [
    fn(
        "strategy.convert_to_account",
        "(value: float) -> series float",
        host("strategy:convert_to_account"),
        "Converts from the symbol's currency to the account's.",
    ),
    fn(
        "strategy.convert_to_symbol",
        "(value: float) -> series float",
        host("strategy:convert_to_symbol"),
        "Converts from the account's currency to the symbol's.",
    ),
    fn(
        "strategy.default_entry_qty",
        "(fill_price: float) -> series float",
        host("strategy:default_entry_qty"),
        "Quantity that an entry without ``qty`` would have if it filled at a price.",
    ),
    constant("strategy.long", "string", "long", "Direction of a long order."),
    constant("strategy.short", "string", "short", "Direction of a short order."),
    constant("strategy.fixed", "string", "fixed", "Default quantity in contracts, shares or lots."),
    constant("strategy.cash", "string", "cash", "Default quantity in money."),
    constant("strategy.percent_of_equity", "string", "percent_of_equity", "Default quantity in percent of equity."),
    constant("strategy.commission.percent", "string", "percent", "Commission in percent of the order's volume."),
    constant("strategy.commission.cash_per_contract", "string", "cash_per_contract", "Commission per contract."),
    constant("strategy.commission.cash_per_order", "string", "cash_per_order", "Commission per order."),
    constant("strategy.direction.all", "string", "all", "Entries may go long and short."),
    constant("strategy.direction.long", "string", "long", "Entries may only go long."),
    constant("strategy.direction.short", "string", "short", "Entries may only go short."),
    constant("strategy.oca.none", "string", "none", "Orders of the group are independent."),
    constant("strategy.oca.cancel", "string", "cancel", "A fill cancels the group's other orders."),
    constant("strategy.oca.reduce", "string", "reduce", "A fill takes its size off the group's other orders."),
]

ROWS: list[FunctionRow | VariableRow] = [
    *_DECLARATION,
    *_COMMANDS,
    *_RISK,
    *_VARIABLES,
    *_TRADES,
    *_OTHERS,
]
