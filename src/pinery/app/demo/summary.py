"""What the demo says at its start and at its end."""

from __future__ import annotations

import shlex
from decimal import Decimal

from rich.text import Text

from pinery.adapters.notify.texts import money
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.views.positions import list_positions
from pinery.app.demo.place import Place, shown
from pinery.app.demo.telling import Tally
from pinery.core.errors import PineryError
from pinery.market.symbols import lookup
from pinery.web import static_folder


def banner(place: Place) -> list[Text]:
    """Where everything is. The addresses are for this terminal only: they hold secrets."""
    folder = shlex.quote(shown(place.folder))
    told = f" on a made-up market at {_speed(place)} times its speed. Orders are on paper."
    lines = [
        Text(),
        Text.assemble(("Pinery is running", "bold green"), told),
        Text(),
        _row("Dashboard", Text(place.login_url, "bold")),
        _row("", Text(f"logs you in once; again: pinery user link admin --dir {folder}", "dim")),
        _row("Notifications", Text(place.page_url)),
        _row("Webhook", Text(place.hook_url)),
        _row("", Text("for alerts of your own: curl ADDRESS -d 'ES1! IN'", "dim")),
        _row("Folder", Text.assemble(folder, ("   settings: pinery.toml, log: pinery.log", "dim"))),
        Text(),
    ]
    if static_folder() is None:
        text = "the dashboard is not built (it needs Node.js with npm, then: make setup); all else works without it"
        lines += [Text.assemble(("note: ", "yellow"), text), Text()]
    return [*lines, Text("Signals and fills follow as they come. Ctrl-C stops everything.", "dim"), Text()]


def summary(place: Place, store: SqlStore, tally: Tally, seconds: float) -> list[Text]:
    """What happened since the start, and where it is."""
    folder = shlex.quote(shown(place.folder))
    lines = [Text(), Text.assemble(("Stopped", "bold"), f" after {_span(seconds)}."), Text()]
    signals = f"{tally.signals}"
    if tally.by_source:
        signals += f" ({', '.join(f'{name} {count}' for name, count in sorted(tally.by_source.items()))})"
    lines.append(_row("Signals", Text(signals)))
    refused = [f"{count} × {code}" for code, count in tally.denied.most_common()]
    if tally.unparsed:
        refused.append(f"{tally.unparsed} not understood")
    if refused:
        lines.append(_row("Refused", Text(", ".join(refused))))
    trades = f"{tally.fills} fills, {tally.trades} trades closed"
    if tally.trades:
        trades += f", {tally.won} won ({100 * tally.won / tally.trades:.0f} %)"
    lines.append(_row("Fills", Text(trades)))
    profits = [_profit(amount, currency) for currency, amount in sorted(tally.profit.items())]
    if profits:
        lines.append(_row("Profit", Text(", ").join(profits)))
    held = _held(place, store)
    lines.append(_row("Still open", Text(", ".join(held) if held else "nothing")))
    commands = f"   pinery trades --dir {folder} · pinery signals --dir {folder}"
    lines.append(_row("Data", Text.assemble(folder, (commands, "dim"))))
    lines.append(_row("Go on", Text.assemble("make demo", ("   begin anew: pinery demo --fresh", "dim"))))
    return lines


def _held(place: Place, store: SqlStore) -> list[str]:
    def value(symbol: str) -> Decimal:
        return Decimal(repr(lookup(symbol, place.configuration.symbol_table).pointvalue))

    try:
        rows = store.read(lambda tx: list_positions(tx, value))
    except PineryError:
        return []
    return [
        f"{row.side} {abs(row.quantity).normalize():f} {row.symbol.rpartition(':')[2]} ({row.deployment})"
        for row in rows
        if row.quantity
    ]


def _profit(amount: Decimal, currency: str) -> Text:
    return Text(money(amount, currency, signed=True), "green" if amount > 0 else "red" if amount < 0 else "")


def _speed(place: Place) -> str:
    speeds = [float(feed.options.get("speed", 1)) for feed in place.configuration.feeds.values()]
    return f"{speeds[0]:g}" if speeds else "1"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _row(name: str, value: Text) -> Text:
    return Text.assemble((f"{name:16}", "cyan"), value)
