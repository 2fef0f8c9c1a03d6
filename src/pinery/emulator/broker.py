"""The broker of a running strategy: takes its orders, fills them on each bar's path, keeps the record."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

from pinery.core.instrument import Instrument
from pinery.emulator import orders, walk
from pinery.emulator.account import realised
from pinery.emulator.alerts import order_alert, show_bar
from pinery.emulator.curve import Curve, Mark, curve_of
from pinery.emulator.events import Event
from pinery.emulator.exits import drop_idle_exits, place_exit
from pinery.emulator.feeds import Feed
from pinery.emulator.figures import Figures
from pinery.emulator.margin import set_margin_bounds
from pinery.emulator.path import Path, add_bar, add_part, clear
from pinery.emulator.records import CLOSE_ALL_NAME, TEXTS, close_name, trade_records
from pinery.emulator.risk import new_day
from pinery.emulator.settings import terms_of
from pinery.emulator.state import CLOSE, CLOSE_ALL, ENTRY, OCA_CANCEL, OCA_NONE, OCA_REDUCE, RAW, Book, Exit, Fill
from pinery.emulator.state import Order as Pending
from pinery.emulator.ticks import PartialBar
from pinery.emulator.trades import TradeRecord
from pinery.emulator.units import steps_of
from pinery.engine.updates import BarUpdate
from pinery.lang.versions import for_version
from pinery.runtime.context import Columns, Runtime
from pinery.runtime.orders import CancelOrder, CloseOrder, ExitOrder, Order, RiskRule, StrategySettings, Trade
from pinery.runtime.timeframes import Timeframe, buckets
from pinery.runtime.values import NAN

DAY_S = 86_400
DAY_MS = DAY_S * 1000
NEVER = 1 << 62
MAX_SHOWN_TRADES = 9_000  # closed trades that a script can look up from version 6 on

_OCA = {"none": OCA_NONE, "cancel": OCA_CANCEL, "reduce": OCA_REDUCE}
_DIRECTIONS = {"all": 0, "long": 1, "short": -1}


@dataclass(frozen=True, slots=True)
class Saved:
    """A broker's state: the book, and how far the records went."""

    book: Book
    fills: int
    marks: int
    counts: tuple[int, int, int, int]
    percents: tuple[float, ...]
    periods: tuple[int, int, int]
    trimmed: int


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
        self.shown: dict[int, Trade] = {}
        self._numbers: dict[str, int] = {text: i for i, text in enumerate(TEXTS)}
        self._template = alert_template
        self._won = self._lost = self._even = self._counted = 0
        self._percents = [0.0, 0.0, 0.0]
        self._path = Path()
        self._event = Event()
        self._converts = self.account != self.instrument.currency
        self._rate_until = 0
        self._watches_days = False
        self._day_until = 0
        self._next_change = 0
        self._every_point = self.terms.every_point
        self._trims = True
        self._rt: Runtime | None = None
        self._columns = Columns()
        self._time: list[int] = []
        self._high: list[float] = []
        self._low: list[float] = []
        self._close: list[float] = []
        self._watches_equity = False
        self._shown: BarUpdate | None = None  # of the realtime bar at hand

    # --- the bar loop -------------------------------------------------------------------

    @property
    def recalculates(self) -> bool:
        return self.terms.recalculates or self.terms.every_point

    @property
    def recalculates_on_close(self) -> bool:
        return self.terms.recalculates and self.settings.process_orders_on_close

    def start(self, rt: Runtime) -> None:
        """Before the first bar: ``rt`` gives bars, rates and the place for alerts."""
        self._rt = rt
        self._columns = rt.columns
        version = for_version(rt.version)
        self.terms.nearest = version.exit_takes_nearest
        self._trims = version.trims_orders
        self._feed = Feed(self.settings, rt)
        self._time, self._close = rt.columns.time, rt.columns.close
        self._high, self._low = self._feed.high, self._feed.low

    def before(self, i: int, evaluate: Callable[[], None] | None) -> None:
        """Fill what the bar's path meets. ``evaluate`` runs the script again after a fill."""
        book = self.book
        book.bar = i
        book.time = time = self._time[i]
        if time >= self._next_change:
            self._new_period(time)
        if not self._every_point:
            if not book.orders and not book.position:
                book.x = self._close[i]
                return
            high, low = self._high[i], self._low[i]
            # Nothing pending and no margin call in reach is the common case; the walk knows the others.
            idle = not book.orders and not book.brackets and not self._watches_equity
            if (book.floor < low and high < book.ceiling) if idle else walk.is_quiet(book, high, low):
                if high > book.high:
                    book.high = high
                if low < book.low:
                    book.low = low
                book.x = self._close[i]
                return
        self._walk(i, evaluate)

    def _walk(self, i: int, evaluate: Callable[[], None] | None) -> None:
        """Take the bar's path, stopping where the script is to be evaluated."""
        book, path = self.book, self._path
        clear(path)
        book.opened = self._feed.open[i]
        if book.opened != book.opened:
            return  # a bar without prices: nothing trades
        self._feed.fill(path, i)
        partial = PartialBar(self._columns, i) if self.settings.calc_on_every_history_tick else None
        self._advance(evaluate, partial)
        if partial is not None:
            partial.restore()
        if book.fills:
            self._take_fills()
            drop_idle_exits(book, self.terms)
        book.x = self._close[i]

    def _advance(self, evaluate: Callable[[], None] | None, partial: PartialBar | None) -> None:
        """Walk to the end of the path as it is, evaluating the script where it stops."""
        book, path = self.book, self._path
        while walk.advance(book, self.terms, path, self._event):
            self._take_fills()
            if evaluate is not None:
                if partial is not None:
                    partial.show(path.prices, path.at)
                evaluate()
                book.calls += 1
                drop_idle_exits(book, self.terms)

    def after(self, evaluate: Callable[[], None] | None) -> None:
        """After the script: fills at the close."""
        self._settle(evaluate, self.settings.process_orders_on_close)

    def _settle(self, evaluate: Callable[[], None] | None, everything: bool) -> None:
        book = self.book
        terms = self.terms
        if book.exits:
            drop_idle_exits(book, terms)
        if book.orders and (everything or any(order.immediate for order in book.orders)):
            price = book.x
            book.opened = price
            walk.settle_close(book, terms, self._event, everything)
            if book.fills:
                self._take_fills()
                drop_idle_exits(book, terms)
                if evaluate is not None and self.recalculates_on_close:
                    book.calls += 1
                    evaluate()
                    drop_idle_exits(book, terms)
            book.x = price
        book.calls += 1

    # --- bars in the making ---------------------------------------------------------------

    @property
    def evaluates_ticks(self) -> bool:
        return self.settings.calc_on_every_tick

    @property
    def evaluates_fills(self) -> bool:
        return self.terms.recalculates

    def tick(self, i: int, update: BarUpdate, evaluate: Callable[[], None] | None) -> None:
        """Fill what the price meets on its way to the update's close. Fills are told at once and stay."""
        book, path, before = self.book, self._path, self._shown
        if before is None:
            book.bar = i
            book.time = update.time
            if update.time >= self._next_change:
                self._new_period(update.time)
            clear(path)
        self._shown = None if update.is_last else update
        if update.close != update.close:
            return  # without prices nothing trades
        told = before is None or not path.prices or _has_traded(before, update)
        if told:
            self._lay(update, before)
        path.ends = update.is_last
        if not book.orders and not book.position:
            path.at = len(path.prices) - 1
            path.arrived = True
        elif told:
            self._advance(evaluate, None)
        if update.is_last:
            if not told:
                walk.close_path(book, self.terms, path)
            if book.fills:
                self._take_fills()
            drop_idle_exits(book, self.terms)
        elif book.fills:
            self._take_fills()
        book.x = update.close

    def between(self) -> None:
        """After the script on an update inside the bar: what is to be closed at once is."""
        price = self.book.x
        self._settle(None, False)
        self.book.opened = self._shown.open if self._shown is not None else price

    def _lay(self, update: BarUpdate, before: BarUpdate | None) -> None:
        """The way from where the price was to the update's close."""
        path = self._path
        o, high, low, close = update.open, update.high, update.low, update.close
        if path.prices and before is not None:
            high = high if high > before.high else close
            low = low if low < before.low else close
            add_part(path, high, low, close, 1 if update.jumps else 0)
            return
        self.book.opened = o
        if update.is_last or not (o == high == low == close):
            add_bar(path, o, high, low, close)
        else:
            path.prices.append(o)
            path.jumps.append(1)

    @property
    def curve(self) -> Curve:
        """The account at each bar's close so far."""
        return curve_of(self._columns.close[: self.book.bar + 1], self._marks, self.terms)

    def trades(self) -> list[TradeRecord]:
        """All trades: closed ones in order of exit, then those still open at the last bar's close."""
        book = self.book
        walk.fold(book, self.terms)
        return trade_records(book, self.terms, self.texts, book.bar, book.time, book.x)

    def save(self) -> Saved:
        """The state now, to come back to any number of times, as when a realtime bar is evaluated again."""
        counts = (self._won, self._lost, self._even, self._counted)
        kept = (self._rate_until, self._day_until, self._next_change)
        return Saved(
            copy.deepcopy(self.book),
            len(self.fills),
            len(self._marks),
            counts,
            tuple(self._percents),
            kept,
            self.trimmed,
        )

    def restore(self, saved: Saved) -> None:
        self.book = copy.deepcopy(saved.book)
        del self.fills[saved.fills :]
        del self._marks[saved.marks :]
        self._won, self._lost, self._even, self._counted = saved.counts
        self._percents = list(saved.percents)
        self._rate_until, self._day_until, self._next_change = saved.periods
        self.trimmed = saved.trimmed
        self.shown = {}

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
            self._next_change = 0
        percent = rule.type == "percent_of_equity"
        if rule.name == "max_intraday_filled_orders":
            rules.fills_a_day = int(rule.value)
        elif rule.name == "max_cons_loss_days":
            rules.loss_days = int(rule.value)
        elif rule.name == "max_drawdown":
            rules.drawdown = rule.value
            rules.drawdown_percent = percent
            self._watches_equity = True
        elif rule.name == "max_intraday_loss":
            rules.day_loss = rule.value
            rules.day_loss_percent = percent
            self._watches_equity = True

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

    def _new_period(self, time: int) -> None:
        """A day has begun, of currency rates or of the daily rules."""
        if self._converts and time >= self._rate_until:
            walk.fold(self.book, self.terms)
            self._set_rate(time)
            set_margin_bounds(self.book, self.terms)
            self._mark()
        if self._watches_days and time >= self._day_until:
            self._new_day(time)
        ends = [self._rate_until] if self._converts else []
        if self._watches_days:
            ends.append(self._day_until)
        self._next_change = min(ends, default=NEVER)

    def _set_rate(self, time: int) -> None:
        """The day's rate into account currency; 1 on the run's first day, when the rate of the day
        before is not known yet, as exports show."""
        day = time // DAY_MS
        self._rate_until = (day + 1) * DAY_MS
        if day == self._columns.time[0] // DAY_MS:
            return
        rt = self._runtime
        quote = self.instrument.currency
        rate = rt.data.currency_rate(quote, self.account, time)
        if rate is None:
            rt.warn(f"no rate from {quote} to {self.account}: 1 is used")
        else:
            self.book.rate = rate

    def _new_day(self, time: int) -> None:
        """Daily rules count by trading day, on a timeframe above a day by bar (guide, risk management)."""
        rt = self._runtime
        days = buckets(Timeframe.parse("1D", rt.timeframe), rt.instrument)
        days.load(time)
        self._day_until = days.last if rt.timeframe.seconds <= DAY_S else time + 1
        new_day(self.book, self.terms, self.book.x)

    def _take_fills(self) -> None:
        """Tell of new fills, and start the next list."""
        book = self.book
        rt = self._runtime
        if self._template:
            show_bar(rt, book.bar)
        for fill in book.fills:
            if not fill.silent:
                rt.outputs.alerts.append(order_alert(fill, self._template, self.texts, self.terms, rt))
        self.fills.extend(book.fills)
        book.fills = []
        self._mark()
        if self._trims and len(book.deals) > MAX_SHOWN_TRADES:
            self.trimmed = len(book.deals) - MAX_SHOWN_TRADES

    def _mark(self) -> None:
        """Note what the account's worth at a close depends on, from this bar on."""
        book = self.book
        self._marks.append(Mark(book.bar, realised(book, self.terms), book.position, book.cost, book.fees, book.rate))

    @property
    def _runtime(self) -> Runtime:
        assert self._rt is not None, "the run has not started"
        return self._rt


def _has_traded(before: BarUpdate, update: BarUpdate) -> bool:
    """A bar may close by time, with nothing new since the update before."""
    prices = (before.high, before.low, before.close) == (update.high, update.low, update.close)
    volume = before.volume == update.volume or (before.volume != before.volume and update.volume != update.volume)
    return not (update.is_last and prices and volume)


def _share(percent: float) -> float:
    return percent if percent == percent else 100.0
