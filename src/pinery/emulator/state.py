"""The emulator's state: plain records of numbers that can be copied.

Quantities are whole numbers of the symbol's size step, prices are in quote currency, money is in
account currency. Ids, comments and messages are numbers that an outer layer hands out (0: none).
Every list owns its records; records refer to each other by number only.
"""

from __future__ import annotations

import math

NAN = math.nan

# What a command placed. ``strategy.exit`` is kept apart: see Exit and Bracket.
ENTRY = 0
RAW = 1  # strategy.order
CLOSE = 2
CLOSE_ALL = 3
FORCED = 4  # by a risk rule or a margin call

OCA_NONE = 0
OCA_CANCEL = 1
OCA_REDUCE = 2

COMMISSION_PERCENT = 0
COMMISSION_PER_CONTRACT = 1
COMMISSION_PER_ORDER = 2

SIZE_FIXED = 0
SIZE_CASH = 1
SIZE_PERCENT = 2

BOTH = 0  # strategy.direction.all

# Ids of what the broker itself does; outer layers intern their texts first, in this order.
TEXT_NONE = 0
TEXT_MARGIN_CALL = 1
TEXT_MAX_FILLS = 2
TEXT_MAX_DRAWDOWN = 3
TEXT_MAX_DAY_LOSS = 4
TEXT_MAX_LOSS_DAYS = 5

LEG_PROFIT = 1
LEG_LOSS = 2
LEG_TRAIL = 3


class Terms:
    """What stays the same for a run: the symbol's units and the declaration's settings."""

    __slots__ = (
        "commission",
        "commission_kind",
        "every_point",
        "fifo",
        "initial_capital",
        "limit_ticks",
        "margin_long",
        "margin_short",
        "minmove",
        "nearest",
        "pointvalue",
        "pricescale",
        "pyramiding",
        "recalculates",
        "size_kind",
        "size_value",
        "slippage",
        "step",
        "steps_per_unit",
    )

    def __init__(self) -> None:
        self.minmove: float = 1.0  # a tick is minmove / pricescale
        self.pricescale: float = 100.0
        self.pointvalue: float = 1.0
        self.step: float = 1.0  # size of one step
        self.steps_per_unit: float = 1.0  # 0 where a unit is not a whole number of steps
        self.initial_capital: float = 1_000_000.0
        self.size_kind: int = SIZE_FIXED
        self.size_value: float = 1.0
        self.pyramiding: int = 1
        self.commission_kind: int = COMMISSION_PERCENT
        self.commission: float = 0.0
        self.slippage: float = 0.0  # price distance
        self.limit_ticks: int = 0
        self.margin_long: float = 1.0  # share of a position's value
        self.margin_short: float = 1.0
        self.fifo: bool = True
        self.nearest: bool = True  # strategy.exit with a price and a distance takes the one reached first
        self.recalculates: bool = False  # calc_on_order_fills
        self.every_point: bool = False  # calc_on_every_history_tick


class Order:
    """A pending entry, raw order or close. ``limit`` and ``stop`` are whole ticks; nan: none."""

    __slots__ = (
        "alert",
        "born",
        "call",
        "comment",
        "direction",
        "extra",
        "id",
        "immediate",
        "kind",
        "limit",
        "name",
        "oca",
        "oca_kind",
        "own",
        "seq",
        "silent",
        "sized",
        "stop",
        "triggered",
    )

    def __init__(self) -> None:
        self.kind: int = ENTRY
        self.seq: int = 0  # in order of placement
        self.id: int = 0  # of a close: of the entries it closes
        self.name: int = 0  # what it is called once filled
        self.direction: int = 1
        self.own: int = 0  # the order's own size
        self.extra: int = 0  # and what it takes to close the position it reverses
        self.sized: bool = True  # False: a default size that is worked out at the fill
        self.limit: float = NAN
        self.stop: float = NAN
        self.triggered: bool = False  # the stop of a stop-limit order has been met
        self.immediate: bool = False
        self.oca: int = 0
        self.oca_kind: int = OCA_NONE
        self.comment: int = 0
        self.alert: int = 0
        self.silent: bool = False
        self.call: int = 0  # number of the evaluation that placed it last
        self.born: int = 0  # and of the one that placed the first of its id, which it has replaced since

    def is_market(self) -> bool:
        return self.limit != self.limit and self.stop != self.stop


class Exit:
    """A ``strategy.exit`` call: what to hang on each entry it is for. ``origin`` 0: on every entry."""

    __slots__ = (
        "alert",
        "alert_loss",
        "alert_profit",
        "alert_trail",
        "attached",
        "call",
        "comment",
        "comment_loss",
        "comment_profit",
        "comment_trail",
        "id",
        "limit",
        "loss",
        "oca",
        "origin",
        "percent",
        "profit",
        "qty",
        "seq",
        "silent",
        "stop",
        "trail_offset",
        "trail_points",
        "trail_price",
    )

    def __init__(self) -> None:
        self.seq: int = 0
        self.call: int = 0  # number of the evaluation that placed it last
        self.attached: bool = False  # since then it has been at work on some entry
        self.id: int = 0
        self.origin: int = 0
        self.qty: int = -1  # steps; -1: none given
        self.percent: float = 100.0
        self.profit: float = NAN  # ticks, like ``loss`` and ``trail_*``
        self.limit: float = NAN
        self.loss: float = NAN
        self.stop: float = NAN
        self.trail_price: float = NAN
        self.trail_points: float = NAN
        self.trail_offset: float = NAN
        self.oca: int = 0
        self.comment: int = 0
        self.comment_profit: int = 0
        self.comment_loss: int = 0
        self.comment_trail: int = 0
        self.alert: int = 0
        self.alert_profit: int = 0
        self.alert_loss: int = 0
        self.alert_trail: int = 0
        self.silent: bool = False

    def is_sized(self) -> bool:
        return self.qty >= 0 or self.percent < 100.0


class Bracket:
    """An Exit at work on one entry: its levels there, the quantity it reserves, its trailing state."""

    __slots__ = (
        "arm",
        "armed",
        "best",
        "direction",
        "done",
        "exit_id",
        "exit_seq",
        "kept",
        "limit",
        "muted",
        "offset",
        "origin",
        "qty",
        "spent",
        "stake",
        "stop",
    )

    def __init__(self) -> None:
        self.exit_seq: int = 0
        self.exit_id: int = 0
        self.origin: int = 0
        self.stake: int = 0
        self.direction: int = 1  # of the position it protects
        self.qty: int = 0
        self.limit: float = NAN
        self.stop: float = NAN
        self.arm: float = NAN
        self.offset: float = 0.0
        self.armed: bool = False
        self.best: float = NAN  # best price of the path since armed
        self.spent: bool = False  # it has filled and waits for the next call
        self.done: bool = False  # it had a size and has filled: not armed again for this entry
        self.kept: bool = False  # while brackets are brought in line
        self.muted: bool = False  # stop and limit asleep after a reversal refused for want of margin


class Stake:
    """What is left of an entry by its id: ``strategy.close`` and ``strategy.exit`` go by it.

    With the FIFO rule the lots that an exit closes may be another entry's.
    """

    __slots__ = ("call", "id", "left", "price", "qty", "seq")

    def __init__(self) -> None:
        self.seq: int = 0
        self.call: int = 0  # number of the evaluation that placed its order
        self.id: int = 0
        self.qty: int = 0
        self.left: int = 0
        self.price: float = 0.0


class Lot:
    """One open trade."""

    __slots__ = (
        "bar",
        "best",
        "comment",
        "commission",
        "counts",
        "direction",
        "id",
        "price",
        "qty",
        "seq",
        "slipped",
        "time",
        "worst",
    )

    def __init__(self) -> None:
        self.seq: int = 0  # of its stake
        self.counts: bool = True  # towards the pyramiding limit: opened by strategy.entry
        self.id: int = 0
        self.comment: int = 0
        self.direction: int = 1
        self.qty: int = 0
        self.price: float = 0.0
        self.bar: int = 0
        self.time: int = 0
        self.commission: float = 0.0  # of the entry, for what is left
        self.slipped: float = 0.0  # price distance that slippage took at the entry
        self.best: float = 0.0  # largest profit per unit so far, account currency
        self.worst: float = 0.0  # largest loss per unit so far, as a number at most 0


class Deal:
    """One closed trade."""

    __slots__ = (
        "bar",
        "best",
        "comment",
        "commission",
        "direction",
        "exit_bar",
        "exit_comment",
        "exit_id",
        "exit_price",
        "exit_time",
        "id",
        "price",
        "profit",
        "qty",
        "rate",
        "slippage",
        "time",
        "worst",
    )

    def __init__(self) -> None:
        self.id: int = 0
        self.comment: int = 0
        self.direction: int = 1
        self.qty: int = 0
        self.price: float = 0.0
        self.bar: int = 0
        self.time: int = 0
        self.exit_id: int = 0
        self.exit_comment: int = 0
        self.exit_price: float = 0.0
        self.exit_bar: int = 0
        self.exit_time: int = 0
        self.commission: float = 0.0
        self.profit: float = 0.0
        self.rate: float = 1.0  # of the exit's day
        self.best: float = 0.0
        self.worst: float = 0.0
        self.slippage: float = 0.0


class Fill:
    """A filled order, for alerts and logs. ``leg`` says which leg of an exit it was (0: none)."""

    __slots__ = (
        "after",
        "alert",
        "bar",
        "before",
        "call",
        "comment",
        "direction",
        "id",
        "kind",
        "leg",
        "price",
        "qty",
        "silent",
        "time",
    )

    def __init__(self) -> None:
        self.kind: int = ENTRY
        self.call: int = 0  # number of the evaluation that placed the order
        self.id: int = 0
        self.comment: int = 0
        self.alert: int = 0
        self.silent: bool = False
        self.direction: int = 1
        self.qty: int = 0
        self.price: float = 0.0
        self.bar: int = 0
        self.time: int = 0
        self.before: int = 0  # position before and after, steps
        self.after: int = 0
        self.leg: int = 0


class Rules:
    """``strategy.risk.*``; a rule that is not set is nan (or BOTH)."""

    __slots__ = (
        "allowed",
        "day_loss",
        "day_loss_percent",
        "drawdown",
        "drawdown_percent",
        "fills_a_day",
        "loss_days",
        "position_size",
    )

    def __init__(self) -> None:
        self.allowed: int = BOTH  # 1 only long entries, -1 only short ones
        self.position_size: float = NAN  # units
        self.fills_a_day: int = 0  # 0: no limit
        self.drawdown: float = NAN
        self.drawdown_percent: bool = False
        self.day_loss: float = NAN
        self.day_loss_percent: bool = False
        self.loss_days: int = 0


class Book:
    """The account with everything that is pending and open, at the moment and price at hand."""

    __slots__ = (
        "bar",
        "blocked",
        "brackets",
        "calls",
        "ceiling",
        "cost",
        "day_fills",
        "day_start",
        "deals",
        "exits",
        "fees",
        "fills",
        "floor",
        "gains",
        "high",
        "loss_days_run",
        "losses",
        "lots",
        "low",
        "margin_calls",
        "max_drawdown",
        "max_drawdown_percent",
        "max_long",
        "max_runup",
        "max_runup_percent",
        "max_short",
        "opened",
        "orders",
        "peak",
        "position",
        "rate",
        "rules",
        "seq",
        "stakes",
        "stopped",
        "time",
        "trough",
        "x",
    )

    def __init__(self, initial_capital: float) -> None:
        self.bar: int = 0
        self.time: int = 0
        self.x: float = NAN  # the price at hand
        self.opened: float = NAN  # the bar's open
        self.rate: float = 1.0  # account currency for one of the quote currency, on this day
        self.calls: int = 1  # number of the evaluation at hand, or the next
        self.seq: int = 0
        self.orders: list[Order] = []
        self.exits: list[Exit] = []
        self.brackets: list[Bracket] = []
        self.stakes: list[Stake] = []
        self.lots: list[Lot] = []
        self.deals: list[Deal] = []
        self.fills: list[Fill] = []  # since the outer layer last took them
        self.position: int = 0
        self.cost: float = 0.0  # sum of price times steps of the lots
        self.fees: float = 0.0  # entry commissions of the lots
        # Prices met since the lots last took note of them, and where a margin call begins.
        self.high: float = -math.inf
        self.low: float = math.inf
        self.floor: float = -math.inf
        self.ceiling: float = math.inf
        self.gains: float = 0.0  # realised, kept as two sums as TradingView does
        self.losses: float = 0.0  # at least 0
        self.peak: float = initial_capital  # highest and lowest realised equity
        self.trough: float = initial_capital
        self.max_drawdown: float = 0.0
        self.max_drawdown_percent: float = 0.0
        self.max_runup: float = 0.0
        self.max_runup_percent: float = 0.0
        self.max_long: int = 0
        self.max_short: int = 0
        self.margin_calls: int = 0
        self.rules: Rules = Rules()
        self.day_fills: int = 0
        self.day_start: float = initial_capital  # equity
        self.loss_days_run: int = 0
        self.blocked: bool = False  # until the next day
        self.stopped: bool = False  # for good
