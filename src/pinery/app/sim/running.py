"""Runs a simulated venue until it is stopped."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pinery.app.sim.market import anchor, feed_settings, open_replay
from pinery.app.sim.options import SimOptions
from pinery.app.sim.telling import Log, welcome
from pinery.app.sim.venues import VENUES, Around, Venue
from pinery.app.sim.writing import known_secrets, look_before, write
from pinery.app.stages.editing import table_text
from pinery.app.up.clock import SystemClock
from pinery.charts.feed import ChartFeed
from pinery.core.errors import DataError, UsageError
from pinery.runtime.timeframes import Timeframe
from pinery.simulators.common.book import VenueBook
from pinery.simulators.common.faults import Armed
from pinery.simulators.common.market import Market
from pinery.simulators.common.serving import Server

_KIND, _ID = "credentials", "account"
_VENUE = "venue"
_MINUTE = Timeframe(1, "")


async def run(options: SimOptions) -> None:
    """Until SIGINT or SIGTERM. Raises PineryError where it cannot start, and when its market breaks."""
    venue, clock, log = VENUES[options.venue], SystemClock(), Log(verbose=options.verbose)
    if options.write is not None:
        look_before(options.write, options.account, options.venue)
    book = VenueBook(options.state)
    try:
        _claim(book, options)
        options = _with_credentials(options, venue, book)
        at = anchor(book, options.start, clock)
        feed = open_replay(options.bars, options.speed, options.seed, at, clock)
        market = Market()
        for symbol in options.bars:
            market.move(symbol, await _price(feed, symbol), feed.now())
        simulator = venue.make(Around(options, market, feed, book, clock, log.say))
        for armed in options.faults:
            simulator.faults.arm(armed)

        def taken(point: str, armed: Armed) -> None:
            log.say("fault", f"{armed.fault} at {point}")

        simulator.faults.told = taken
        ping, pong = venue.pings
        server = Server(log.wrap(simulator.app), port=options.port, ping_seconds=ping, pong_seconds=pong)
        await server.start()
        try:
            _welcome(options, venue, server.port, feed_settings(options.bars, options.speed, options.seed, at))
            await _until_stopped(market, feed, list(options.bars))
        finally:
            await server.stop()
            await feed.close()
            simulator.close()
    finally:
        book.close()
    log.say("note", "stopped" + (f"; {options.state} goes on where it was" if options.state else ""))


def _claim(book: VenueBook, options: SimOptions) -> None:
    """Venues keep other things under the same names. Raises UsageError for a state that is another's."""
    kept = dict(book.records(_VENUE)).get(_VENUE, {}).get("name", options.venue)
    if kept != options.venue:
        raise UsageError(f"{options.state} keeps the state of a simulated {kept}", "choose another file with --state")
    book.put(_VENUE, _VENUE, {"name": options.venue})
    book.commit()


async def _price(feed: ChartFeed, symbol: str) -> Decimal:
    """The last one. Raises DataError."""
    found = await feed.history(symbol, _MINUTE, 1)
    if found.open is not None:
        return Decimal(repr(found.open.close))
    if not len(found.bars):
        raise DataError(f"there are no bars of {symbol} before the start", "choose a later one with --start")
    return Decimal(repr(float(found.bars.close[-1])))


def _with_credentials(options: SimOptions, venue: Venue, book: VenueBook) -> SimOptions:
    """Those given, else those of the kept state or of the folder that is written to, else new ones."""
    kept = dict(book.records(_KIND)).get(_ID, {})
    known = ["", ""]
    if options.write is not None:
        account = venue.account(options, 0)
        names = list(venue.secrets(options))
        known = [account.get("username", ""), known_secrets(options.write, names)[0]]
        if venue.key != "user":
            known = known_secrets(options.write, names)
    made = venue.credentials()
    key = options.key or kept.get("key") or known[0] or made[0]
    secret = options.secret or kept.get("secret") or known[1] or made[1]
    book.put(_KIND, _ID, {"key": key, "secret": secret})
    book.commit()
    return replace(options, key=key, secret=secret)


def _welcome(options: SimOptions, venue: Venue, port: int, feed: dict[str, Any]) -> None:
    account, secrets = venue.account(options, port), venue.secrets(options)
    facts = {
        **venue.urls(port),
        "control": f"http://127.0.0.1:{port}/sim",
        venue.key: options.key,
        venue.secret: options.secret,
        "balance": f"{options.balance:f}",
        "market": ", ".join(f"{symbol} ({source})" for symbol, source in options.bars.items()),
        "speed": f"{options.speed:g}",
    }
    sections = table_text(f"accounts.{options.account}", account)
    feeds = table_text(f"feeds.{options.account}", feed)
    if options.write is not None:
        write(options.write, options.account, account, feed, secrets)
        notes = [f"[accounts.{options.account}] and [feeds.{options.account}] are in {options.write / 'pinery.toml'}"]
        welcome(f"{venue.title}, simulated", facts, [], [*notes, _END])
        return
    pasting = [
        ("into pinery.toml", f"{sections}\n# the same market for charts\n{feeds}"),
        ("into pinery.secrets.toml", table_text("secrets", secrets)),
    ]
    welcome(f"{venue.title}, simulated", facts, pasting, ["--write puts it there.", _END])


_END = "Ctrl-C ends it. Nothing leaves this machine."


async def _until_stopped(market: Market, feed: ChartFeed, symbols: list[str]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    following = asyncio.create_task(market.follow(feed, symbols))
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((following, waiting), return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            following.result()  # raises what broke it
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        for task in (following, waiting):
            task.cancel()
        await asyncio.gather(following, waiting, return_exceptions=True)
