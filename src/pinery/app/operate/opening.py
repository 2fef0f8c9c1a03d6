"""What commands that look into the store share: configuration and store, who asks, times, tables."""

from __future__ import annotations

import getpass
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table
from rich.text import Text

from pinery.app.failures import report
from pinery.app.terminal import console
from pinery.core.errors import UsageError
from pinery.trading.channels import channels_for
from pinery.trading.control import Names, Person
from pinery.trading.deployments import live_accounts

if TYPE_CHECKING:
    from pinery.adapters.store.database import SqlStore
    from pinery.app.config.configuration import Configuration

FolderOption = Annotated[Path, typer.Option("--folder", "--dir", metavar="DIR", help="Folder with pinery.toml.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

_AGO = re.compile(r"(\d+)\s*(s|m|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Opened:
    """The installation in a folder."""

    configuration: Configuration
    store: SqlStore

    def names(self) -> Names:
        deployments = self.configuration.deployments.values()
        return Names(tuple(self.configuration.accounts), {one.name: one.account for one in deployments})

    def person(self, note: str) -> Person:
        routes, live = self.configuration.routes, live_accounts(self.configuration.accounts)
        return Person(me(), now_us(), "terminal", note, lambda event: channels_for(event, routes), live)

    def expect(self, deployment: str = "", account: str = "") -> None:
        """Raises NotFound for a name that is neither configured nor on record: an empty list would tell nothing of it.

        What was removed from pinery.toml keeps its orders and trades, and can be asked for.
        """
        known = self.configuration
        if deployment not in ("", *known.deployments) and not self._on_record("deployment", deployment):
            known.deployment(deployment)
        if account not in ("", *known.accounts) and not self._on_record("account", account):
            known.account(account)

    def _on_record(self, kind: Literal["deployment", "account"], name: str) -> bool:
        from pinery.adapters.store.views.records import left_traces

        return self.store.read(lambda tx: left_traces(tx, kind, name))

    def point_value(self) -> Callable[[str], Decimal]:
        from pinery.market.symbols import lookup

        table = self.configuration.symbol_table
        return lambda symbol: Decimal(repr(lookup(symbol, table).pointvalue))


@contextmanager
def opened(folder: Path) -> Iterator[Opened]:
    """Configuration and store of ``folder``; nothing else needs to run.

    While pinery.toml has mistakes, or would leave positions behind, the settings that were last in force hold: an edit
    in progress must not take the kill switch away.
    """
    from pinery.adapters.store.database import open_store
    from pinery.app.config.left_behind import in_force

    configuration, error = in_force(folder)
    if error is not None:
        report(error, debug=False)
        console(stderr=True).print("going on with the settings that were last in force")
    store = open_store(configuration.store_url, create=False)
    try:
        yield Opened(configuration, store)
    finally:
        store.close()


def now_us() -> int:
    return time.time_ns() // 1000


def me() -> str:
    """The user of the operating system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "terminal"


def read_since(text: str | None) -> int | None:
    """Unix ms of "90s", "30m", "1h", "2d", "1w" ago, or of an ISO date or time (UTC where it names no zone)."""
    if text is None:
        return None
    ago = _AGO.fullmatch(text.strip())
    if ago:
        return now_us() // 1000 - int(ago[1]) * _SECONDS[ago[2]] * 1000
    try:
        when = datetime.fromisoformat(text)
        return max(0, int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000))
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time", "write 30m, 1h, 2d, or 2026-11-23T06:00") from None


def read_duration(text: str, option: str) -> int:
    """Seconds of "90s", "15m", "2h", "1d", "1w"."""
    found = _AGO.fullmatch(text.strip())
    if not found or not 0 < int(found[1]) < 10**6:
        raise UsageError(f"{option} {text!r} is no time", "write 90s, 15m, 2h or 1d")
    return int(found[1]) * _SECONDS[found[2]]


class PlainTable(Table):
    """A table of texts as they are: what senders and brokers wrote is no markup, and cannot steer the terminal."""

    def add(self, *cells: str | Text) -> None:
        self.add_row(*(plain(cell) if isinstance(cell, str) else cell for cell in cells))


def table(*columns: str) -> PlainTable:
    """Without borders; a name with ``>`` in front is a column of numbers."""
    made = PlainTable(box=None, pad_edge=False)
    for name in columns:
        right = name.startswith(">")
        made.add_column(name.lstrip(">"), justify="right" if right else "left", no_wrap=name != "Reason")
    return made


def plain(text: str) -> Text:
    return Text("".join(char if char.isprintable() else "\ufffd" for char in text))


def say(what: str | Text | Table = "") -> None:
    console().print(plain(what) if isinstance(what, str) else what)


def when(iso: str | None) -> str:
    """A time of a row for a table: to the second, in UTC."""
    return iso[:19].replace("T", " ") if iso else ""


def number(value: Decimal | None, places: int = 8) -> str:
    """For a table: without useless zeros, rounded where an average has no end."""
    if value is None:
        return ""
    text = format(round(value, places), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal | None, currency: str = "", *, signed: bool = False) -> str:
    if value is None:
        return ""
    return f"{value:{'+' if signed else ''},.2f} {currency}".strip()
