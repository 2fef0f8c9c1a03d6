"""The broker of a running strategy: takes its orders, fills them on each bar's path, keeps the record."""

from __future__ import annotations

from collections.abc import Callable

from pinery.core.bars import BarSeries
from pinery.core.instrument import Instrument
from pinery.emulator import orders, walk
from pinery.emulator.account import realised
from pinery.emulator.alerts import order_alert
from pinery.emulator.curve import Curve, Mark, curve_of
from pinery.emulator.events import Event
from pinery.emulator.exits import drop_idle_exits, place_exit
from pinery.emulator.figures import Figures
from pinery.emulator.margin import set_margin_bounds
from pinery.emulator.path import Path, add_bar, clear
from pinery.emulator.records import CLOSE_ALL_NAME, TEXTS, close_name, trade_records
from pinery.emulator.risk import new_day
from pinery.emulator.settings import terms_of
from pinery.emulator.state import CLOSE, CLOSE_ALL, ENTRY, OCA_CANCEL, OCA_NONE, OCA_REDUCE, RAW, Book, Exit, Fill
from pinery.emulator.state import Order as Pending
from pinery.emulator.trades import TradeRecord
from pinery.emulator.units import steps_of
from pinery.runtime.context import Runtime
from pinery.runtime.orders import CancelOrder, CloseOrder, ExitOrder, Order, RiskRule, StrategySettings
from pinery.runtime.timeframes import Timeframe, buckets
from pinery.runtime.values import NAN

DAY_S = 86_400
DAY_MS = DAY_S * 1000
MAX_SHOWN_TRADES = 9_000  # closed trades that a script can look up from version 6 on

_OCA = {"none": OCA_NONE, "cancel": OCA_CANCEL, "reduce": OCA_REDUCE}
_DIRECTIONS = {"all": 0, "long": 1, "short": -1}


class Broker(Figures):
    """TradingView's broker emulator as a strategy's port and a listener of the bar loop.

    ``alert_template`` is the message of order-fill alerts, with placeholders; without one an alert
    carries the order's own ``alert_message`` or, where that is empty, TradingView's standard text.
    """

    def __init__(
        self, settings: StrategySettings | None = None, instrument: Instrument | None = None, alert_template: str = ""
    ) -> None:
        self.settings = settings or StrategySettings()
        self.instrument = instrument or Instrument("", "")
        self.terms = terms_of(self.settings, self.instrument)
        self.book = Book(self.terms.initial_capital)
        self.account = self.settings.currency or self.instrument.currency
        self._marks: list[Mark] = []
        self.fills: list[Fill] = []
        self.texts: list[str] = list(TEXTS)
        self.trimmed = 0
        self._numbers: dict[str, int] = {text: i for i, text in enumerate(TEXTS)}
        self._template = alert_template
        self._won = self._lost = self._even = self._counted = 0
        self._percents = [0.0, 0.0, 0.0]
        self._path = Path()
        self._event = Event()
        self._converts = self.account != self.instrument.currency
        self._rate_until = 0
        self._first_day = 0
        self._watches_days = False
        self._day_until = 0
        self._rt: Runtime | None = None
        self._columns: tuple[list[int], list[float], list[float], list[float], list[float]] = ([], [], [], [], [])
        self._finer: BarSeries | None = None
        self._finer_at = 0
        self._standard: BarSeries | None = None

    # --- the bar loop -------------------------------------------------------------------

    @property
    def recalculates(self) -> bool:
        return self.settings.calc_on_order_fills

    @property
    def recalculates_on_close(self) -> bool:
        return self.settings.calc_on_order_fills and self.settings.process_orders_on_close

    def start(self, rt: Runtime) -> None:
        """Before the first bar: ``rt`` gives bars, rates and the place for alerts."""
        from pinery.lang.versions import for_version

        self._rt = rt
        columns = rt.columns
        self._columns = (columns.time, columns.open, columns.high, columns.low, columns.close)
        self.terms.nearest = for_version(rt.version).exit_takes_nearest
        times = rt.columns.time
        self._first_day = times[0] // DAY_MS if times else 0
        self._days = buckets(Timeframe.parse("1D", rt.timeframe), rt.instrument)
        if self.settings.use_bar_magnifier:
            self._open_magnifier(rt)

    def before(self, i: int, evaluate: Callable[[], None] | None) -> None:
        """Fill what the bar's path meets. ``evaluate`` runs the script again after a fill."""
        book = self.book
        times, opens, highs, lows, closes = self._columns
        book.bar = i
        book.time = time = times[i]
        book.calls += 1
        if self._converts and time >= self._rate_until:
            self._new_rate(time)
        if self._watches_days and time >= self._day_until:
            self._new_day(time)
        if not book.orders and not book.position:
            book.x = closes[i]
            return
        terms = self.terms
        high, low = highs[i], lows[i]
        if walk.is_quiet(book, high, low):
            if high > book.high:
                book.high = high
            if low < book.low:
                book.low = low
            book.x = closes[i]
            return
        path = self._path
        clear(path)
        book.opened = opens[i]
        if self._finer is None or not self._magnify(path, i):
            add_bar(path, opens[i], high, low, closes[i])
        while walk.advance(book, terms, path, self._event):
            self._take_fills()
            if evaluate is not None:
                book.calls += 1
                evaluate()
                self._end_of_pass()
        if book.fills:
            self._take_fills()
            drop_idle_exits(book, terms)
        book.x = closes[i]

    def after(self, evaluate: Callable[[], None] | None) -> None:
        """After the script: fills at the close."""
        book = self.book
        if book.exits:
            self._end_of_pass()
        if book.orders and (self.settings.process_orders_on_close or self._has_immediate()):
            price = book.x
            book.opened = price
            walk.settle_close(book, self.terms, self._event, self.settings.process_orders_on_close)
            if book.fills:
                self._take_fills()
                drop_idle_exits(book, self.terms)
                if evaluate is not None and self.recalculates_on_close:
                    book.calls += 1
                    evaluate()
                    self._end_of_pass()
            book.x = price

    @property
    def curve(self) -> Curve:
        """The account at each bar's close so far."""
        closes = self._columns[4][: self.book.bar + 1]
        return curve_of(closes, self._marks, self.terms)

    def trades(self) -> list[TradeRecord]:
        """All trades: closed ones in order of exit, then those still open at the last bar's close."""
        book = self.book
        walk.fold(book, self.terms)
        return trade_records(book, self.terms, self.texts, book.bar, book.time, book.x)

    @property
    def margin_calls(self) -> int:
        return self.book.margin_calls

    # --- commands -----------------------------------------------------------------------

    def entry(self, order: Order) -> None:
        orders.place_entry(self.book, self.terms, self._pending(order, ENTRY), order.qty)

    def order(self, order: Order) -> None:
        orders.place_order(self.book, self.terms, self._pending(order, RAW), order.qty)

    def exit(self, order: ExitOrder) -> None:
        if (
            order.profit != order.profit
            and order.limit != order.limit
            and order.loss != order.loss
            and order.stop != order.stop
            and (order.trail_points != order.trail_points and order.trail_price != order.trail_price)
        ):
            return
        number = self._number
        new = Exit()
        new.id = number(order.id)
        new.origin = number(order.from_entry)
        new.qty = steps_of(order.qty, self.terms) if order.qty == order.qty else -1
        new.percent = order.qty_percent if order.qty_percent == order.qty_percent else 100.0
        new.profit = order.profit
        new.limit = order.limit
        new.loss = order.loss
        new.stop = order.stop
        new.trail_price = order.trail_price
        new.trail_points = order.trail_points
        new.trail_offset = order.trail_offset
        new.oca = number(order.oca_name)
        new.comment = number(order.comment)
        new.comment_profit = number(order.comment_profit)
        new.comment_loss = number(order.comment_loss)
        new.comment_trail = number(order.comment_trailing)
        new.alert = number(order.alert_message)
        new.alert_profit = number(order.alert_profit)
        new.alert_loss = number(order.alert_loss)
        new.alert_trail = number(order.alert_trailing)
        new.silent = order.disable_alert
        place_exit(self.book, self.terms, new, True)

    def close(self, order: CloseOrder) -> None:
        pending = self._closing(order, CLOSE, close_name(order.id))
        orders.place_close(self.book, self.terms, pending, order.qty, _share(order.qty_percent))

    def close_all(self, order: CloseOrder) -> None:
        pending = self._closing(order, CLOSE_ALL, CLOSE_ALL_NAME)
        orders.place_close(self.book, self.terms, pending, NAN, 100.0)

    def cancel(self, order: CancelOrder) -> None:
        id = self._numbers.get(order.id, 0)
        if id:
            orders.cancel(self.book, self.terms, id)

    def cancel_all(self, order: CancelOrder) -> None:
        orders.cancel_all(self.book, self.terms)

    def risk(self, rule: RiskRule) -> None:
        rules = self.book.rules
        if rule.name == "allow_entry_in":
            rules.allowed = _DIRECTIONS.get(rule.direction, 0)
            return
        if rule.value != rule.value:
            return
        if rule.name == "max_position_size":
            rules.position_size = rule.value
            return
        if not self._watches_days:
            self._watches_days = True
            self._new_day(self.book.time)
        percent = rule.type == "percent_of_equity"
        if rule.name == "max_intraday_filled_orders":
            rules.fills_a_day = int(rule.value)
        elif rule.name == "max_cons_loss_days":
            rules.loss_days = int(rule.value)
        elif rule.name == "max_drawdown":
            rules.drawdown = rule.value
            rules.drawdown_percent = percent
        elif rule.name == "max_intraday_loss":
            rules.day_loss = rule.value
            rules.day_loss_percent = percent

    # --- inside -------------------------------------------------------------------------

    def _pending(self, order: Order, kind: int) -> Pending:
        number = self._number
        pending = Pending()
        pending.kind = kind
        pending.id = number(order.id)
        pending.name = pending.id
        pending.direction = 1 if order.direction == "long" else -1
        pending.limit = order.limit
        pending.stop = order.stop
        pending.oca = number(order.oca_name)
        pending.oca_kind = _OCA.get(order.oca_type, OCA_NONE)
        pending.comment = number(order.comment)
        pending.alert = number(order.alert_message)
        pending.silent = order.disable_alert
        return pending

    def _closing(self, order: CloseOrder, kind: int, name: str) -> Pending:
        number = self._number
        pending = Pending()
        pending.kind = kind
        pending.id = number(order.id)
        pending.name = number(name)
        pending.comment = number(order.comment)
        pending.alert = number(order.alert_message)
        pending.immediate = order.immediately
        pending.silent = order.disable_alert
        return pending

    def _number(self, text: str) -> int:
        """The number of a text, the same for the same text."""
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return number

    def _has_immediate(self) -> bool:
        return any(order.immediate for order in self.book.orders)

    def _end_of_pass(self) -> None:
        drop_idle_exits(self.book, self.terms)

    def _new_rate(self, time: int) -> None:
        """The day's rate into account currency; 1 on the run's first day, when the rate of the day
        before is not known yet, as exports show."""
        day = time // DAY_MS
        self._rate_until = (day + 1) * DAY_MS
        walk.fold(self.book, self.terms)
        self._set_rate(time, day == self._first_day)
        set_margin_bounds(self.book, self.terms)
        self._mark()

    def _set_rate(self, time: int, first: bool) -> None:
        if first:
            self.book.rate = 1.0
            return
        rt = self._rt
        assert rt is not None
        quote = self.instrument.currency
        rate = rt.data.currency_rate(quote, self.account, time)
        if rate is None:
            rt.warn(f"no rate from {quote} to {self.account}: 1 is used")
        else:
            self.book.rate = rate

    def _new_day(self, time: int) -> None:
        """Daily rules count by trading day, on a timeframe above a day by bar (guide, risk management)."""
        self._days.load(time)
        self._day_until = self._days.last if self._rt and self._rt.timeframe.seconds <= DAY_S else time + 1
        new_day(self.book, self.terms, self.book.x)

    def _take_fills(self) -> None:
        """Tell of new fills, and start the next list."""
        book = self.book
        rt = self._rt
        assert rt is not None
        for fill in book.fills:
            if not fill.silent:
                rt.outputs.alerts.append(order_alert(fill, self._template, self.texts, self.terms, rt))
        self.fills.extend(book.fills)
        book.fills = []
        self._mark()
        if self.terms.nearest and len(book.deals) > MAX_SHOWN_TRADES:
            self.trimmed = len(book.deals) - MAX_SHOWN_TRADES

    def _open_magnifier(self, rt: Runtime) -> None:
        seconds = rt.timeframe.seconds
        name = next((finer for below, finer in _MAGNIFIER if seconds < below), "1D")
        frame = Timeframe.parse(name, rt.timeframe)
        if frame.seconds >= seconds:
            return
        bars = rt.data.bars(rt.instrument.tickerid, frame)
        if bars is None or not len(bars):
            rt.warn(f"bar magnifier: no {frame} bars of {rt.instrument.tickerid}; fills follow the chart's bars")
            return
        self._finer = bars

    def _mark(self) -> None:
        """Note what the account's worth at a close depends on, from this bar on."""
        book = self.book
        self._marks.append(Mark(book.bar, realised(book, self.terms), book.position, book.cost, book.fees, book.rate))

    def _magnify(self, path: Path, i: int) -> bool:
        """The path through the finer bars inside chart bar ``i``; False where there are none."""
        rt = self._rt
        assert rt is not None
        opened, closed = rt.columns.time[i], rt.columns.time_close[i]
        bars = self._finer
        assert bars is not None
        time = bars.time
        at, count = self._finer_at, len(time)
        while at < count and time[at] < opened:
            at += 1
        while at < count and time[at] < closed:
            add_bar(path, float(bars.open[at]), float(bars.high[at]), float(bars.low[at]), float(bars.close[at]))
            at += 1
        self._finer_at = at
        return bool(path.prices)


# Chart timeframe below so many seconds: timeframe of the bars inside (TradingView's table for the bar magnifier).
_MAGNIFIER = (
    (30, "1S"),
    (300, "5S"),
    (1_800, "15S"),
    (3_600, "1"),
    (14_400, "5"),
    (86_400, "15"),
    (604_800, "60"),
    (1_209_600, "120"),
)


def _share(percent: float) -> float:
    return percent if percent == percent else 100.0
