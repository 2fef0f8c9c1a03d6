"""How the system itself does: uptimes, latencies, the size of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from pinery.adapters.store.figures.measuring import uptimes
from pinery.adapters.store.views.connection import connection
from pinery.adapters.store.views.status import ComponentView
from pinery.adapters.store.views.values import Number, iso
from pinery.trading.figures import Histogram, SystemFigures
from pinery.trading.store import Tx

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class LatencyView:
    """Seconds. ``counts`` are per bucket; the last is of what is above all ``bounds``."""

    bounds: tuple[Number, ...]
    counts: tuple[int, ...]
    count: int
    mean: Number | None
    p50: Number | None
    p90: Number | None
    p99: Number | None


@dataclass(frozen=True, slots=True)
class UptimeView:
    """Of a component in a month, as far as known. ``ratio`` and ``target`` from 0 to 1."""

    component: str
    month: str
    up_ms: int
    known_ms: int
    ratio: Number | None
    target: Number | None
    met: bool | None
    last: str


@dataclass(frozen=True, slots=True)
class StoreView:
    """``url`` is without a password; ``kind`` is sqlite or postgresql."""

    url: str
    kind: str
    bytes: int


@dataclass(frozen=True, slots=True)
class DiskView:
    """Of the file system with the installation's folder, in bytes."""

    total: int
    free: int


@dataclass(frozen=True, slots=True)
class SystemView:
    """``latency`` by name: from the receipt of a message until it was ``decided``, ``sent`` and ``filled``, from an
    order's sending to its first fill (``order_fill:market``), and what components measure of themselves."""

    version: str
    python: str
    started: str
    time: str
    store: StoreView
    components: tuple[ComponentView, ...]
    uptimes: tuple[UptimeView, ...]
    latency: dict[str, LatencyView]
    disk: DiskView | None


def store_view(tx: Tx, url: str) -> StoreView:
    sql = connection(tx)
    kind = sql.dialect.name
    if kind == "sqlite":
        pages, size = (sql.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size"))
        return StoreView(url, kind, int(pages) * int(size))
    return StoreView(url, kind, int(sql.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one()))


def uptime_rows(tx: Tx, now: int) -> tuple[UptimeView, ...]:
    return tuple(
        UptimeView(
            one.component,
            one.month,
            one.up_ms,
            one.known_ms,
            _number(one.ratio),
            _number(one.target),
            one.met,
            iso(one.last),
        )
        for one in uptimes(connection(tx), now)
    )


def latencies(figures: SystemFigures) -> Mapping[str, LatencyView]:
    found = {"decided": figures.decided, "sent": figures.sent, "filled": figures.filled}
    found |= {f"order_fill:{kind}": histogram for (kind,), histogram in figures.order_fill.items()}
    found |= {":".join(filter(None, key)): histogram for key, histogram in figures.measured.items()}
    return {name: _latency(histogram) for name, histogram in found.items()}


def _latency(of: Histogram) -> LatencyView:
    return LatencyView(
        tuple(Decimal(repr(bound)) for bound in of.bounds),
        tuple(int(count) for count in of.counts),
        int(of.count),
        _number(of.total / of.count) if of.count else None,
        _number(of.quantile(0.5)),
        _number(of.quantile(0.9)),
        _number(of.quantile(0.99)),
    )


def _number(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.{_DIGITS}f}")
