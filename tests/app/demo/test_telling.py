"""Lines of the terminal, and the sums at the end, from what is in the store."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.text import Text

from pinery.adapters.store.database import open_store
from pinery.app.demo.telling import Teller
from pinery.trading.events import Event

AT = 1_795_000_000_000


def _event(kind: str, deployment: str = "es", signal: str = "s1", **data: Any) -> Event:
    return Event(kind, AT, f"{deployment}: {kind}", deployment, "paper", signal, data)


def _fill(side: str, role: str, price: str, signal: str = "s1") -> Event:
    return _event(
        "order.filled", signal=signal, side=side, role=role, fill_quantity="1", symbol="CME_MINI:ESZ2026", price=price
    )


def _tell(tmp_path: Path, *batches: list[Event]) -> tuple[list[str], Teller]:
    store = open_store(f"sqlite:///{tmp_path}/store.db", create=True)
    lines: list[Text] = []
    teller = Teller(store, lines.append, lambda symbol: Decimal("0.25"))
    try:
        for batch in batches:
            store.write(lambda tx, batch=batch: tx.outbox.add(batch, lambda event: ()))
            asyncio.run(teller.look())
            assert not lines or teller.open
            teller.open = True
        asyncio.run(teller.look())
    finally:
        store.close()
    return [" ".join(line.plain.split()[1:]) for line in lines], teller


def test_a_round_trip_is_two_lines(tmp_path: Path) -> None:
    closed = _event("position.closed", symbol="CME_MINI:ESZ2026", profit="98.36", currency="USD", role="stop")
    lines, teller = _tell(
        tmp_path,
        [_event("signal.received", word="IN"), _fill("buy", "entry", "5338.5"), _event("position.opened")],
        [_fill("sell", "stop", "5340.5"), closed],
    )
    assert lines == ["es IN bought 1 ESZ2026 at 5,338.50", "es STOP sold 1 ESZ2026 at 5,340.50 +98.36 USD"]
    tally = teller.tally
    assert (tally.signals, tally.fills, tally.trades, tally.won) == (1, 2, 1, 1)
    assert tally.profit == {"USD": Decimal("98.36")}


def test_refusals_have_their_reason(tmp_path: Path) -> None:
    denied = _event("signal.denied", word="IN", code="MAX_ORDER_SIZE", reason="the order of 9 is too large")
    odd = _event("signal.unparsed", signal="", reason="\x1b[2Jneither JSON nor text" + "x" * 200)
    lines, teller = _tell(tmp_path, [denied], [odd])
    assert lines[0] == "es IN denied MAX_ORDER_SIZE: the order of 9 is too large"
    assert lines[1].startswith("es ? not understood:") and "\x1b" not in lines[1] and len(lines[1]) < 110
    assert teller.tally.denied == {"MAX_ORDER_SIZE": 1} and teller.tally.unparsed == 1
