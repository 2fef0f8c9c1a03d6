"""Accounts and contracts in one, two and three currencies: each amount in its own, none added, nothing cut off."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from pinery.adapters.store import people
from pinery.adapters.store.one_time import make_code
from pinery.gateway.control.application import create_app
from pinery.gateway.control.services import Services
from pinery.gateway.settings import ControlSettings
from pinery.trading.broker import Balance, Environment, Quote
from pinery.trading.deployments import Account, Deployment
from pinery.trading.positions.model import Lot, Position, Trade
from pinery.trading.store import Tx
from pinery.web import static_folder
from tests.gateway.control.conftest import PASSWORD, serving
from tests.gateway.control.filling import NOW, TestClock, TestConfiguration
from tests.stores import sqlite_store
from tests.web.conftest import accessible, keep, opened

D = Decimal
CUT = """() => [...document.querySelectorAll('main .stat, main .stat *, header .money, header .money *')]
  .filter((one) => one.offsetParent && getComputedStyle(one).display !== 'inline')
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.outerHTML)"""

#: name, currency, equity, profit of the day, symbol, open profit, closed trades
PLACES = (
    ("topstep", "USD", "1250008.25", "1204.50", "CME_MINI:ES1!", [D("250.00"), D("-125.50")]),
    ("crypto", "USDT", "48310.77", "-310.07", "BINANCE:ETHUSDT.P", [D("31.10")]),
    ("london", "GBP", "102400.00", "0", "FX:EURGBP", [D("-75.00")]),
)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_figures_in_so_many_currencies(browser: Browser, tmp_path: Path, count: int) -> None:
    places = PLACES[:count]
    configuration = replace(
        TestConfiguration(),
        accounts={name: Account(name, "paper", Environment.PAPER) for name, *_ in places},
        deployments={f"trend-{name}": Deployment(f"trend-{name}", name, symbol) for name, _, _, _, symbol, _ in places},
        charts={},
    )
    with sqlite_store(tmp_path) as store:
        people.create_user(store, "ada", PASSWORD, people.Role.ADMIN, NOW)
        store.write(lambda tx: _fill(tx, count))
        app = create_app(
            ControlSettings(), store, lambda: configuration, TestClock(), services=Services(pages=static_folder())
        )
        with serving(app) as url, opened(browser) as page:
            page.goto(f"{url}/#login={make_code(store, 'ada', NOW)}")
            page.get_by_role("heading", name="Overview").wait_for()
            figures = page.get_by_role("region", name="Figures")
            for _, currency, equity, day, _, _ in places:
                expect(figures).to_contain_text(re.compile(rf"{float(equity):,.2f}\s*{currency}"))
                expect(figures).to_contain_text(f"{abs(float(day)):,.2f}")
            _look(page, f"overview-{count}-currencies")
            page.goto(f"{url}/#/performance")
            total = page.get_by_role("region", name="Figures in total")
            expect(total).to_contain_text("+124.50 USD")
            if count > 1:
                page.get_by_label("Currency").select_option("USDT")
                expect(total).to_contain_text("+31.10 USDT")
                expect(page.get_by_role("region", name="Deployments")).not_to_contain_text("topstep")
            _look(page, f"performance-{count}-currencies")
            page.goto(f"{url}/#/positions?tab=trades")
            record = page.get_by_role("group", name="Wins and losses")
            for text in ("+124.50 USD", "+31.10 USDT", "−75.00 GBP")[:count]:
                expect(record).to_contain_text(text)


def _look(page: Page, name: str) -> None:
    for device, width, height in (("desktop", 1440, 900), ("narrow", 1024, 768), ("phone", 390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        keep(page, f"{name}-{device}")
        assert page.evaluate(CUT) == []
        assert page.evaluate("() => document.documentElement.scrollWidth") == width
    accessible(page)
    page.set_viewport_size({"width": 1440, "height": 900})


def _fill(tx: Tx, count: int) -> None:
    today = datetime.fromtimestamp(NOW / 1000, UTC).date().isoformat()
    for name, currency, equity, day, symbol, profits in PLACES[:count]:
        tx.standings.put_balance(name, Balance(currency, D(equity), D(equity), D(0), D(equity), NOW))
        found = tx.standings.day(f"account:{name}", today)
        tx.standings.put_day(replace(found, start_equity=D(equity) - D(day)))
        tx.standings.put_quote(Quote(symbol, D(105), NOW, "feed"))
        lot = Lot(D(2), D(100), NOW - 60_000, D(0), f"pn-{name}-e0", "s")
        tx.positions.put(
            Position(f"trend-{name}", name, symbol, 1, (lot,), D(0), D(0), NOW - 60_000, updated=NOW - 60_000)
        )
        tx.trades.add(
            Trade(
                f"{name}{index}",
                f"trend-{name}",
                name,
                symbol,
                1,
                D(1),
                D(100),
                D(101),
                NOW - 10_000_000,
                NOW - 3_600_000 * (index + 1),
                profit,
                D(1),
                "s",
                "s",
                "exit",
            )
            for index, profit in enumerate(profits)
        )
