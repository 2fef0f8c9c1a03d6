"""What ``pinery up`` does: check, say where everything is, supervise."""

from __future__ import annotations

import asyncio
import sys
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import structlog
from rich.table import Table
from rich.text import Text

from pinery.adapters.store.database import open_store
from pinery.app import logs
from pinery.app.config.configuration import Configuration
from pinery.app.config.left_behind import kept_back, left_behind
from pinery.app.config.reading import load_configuration, remember
from pinery.app.settings import FILE_NAME
from pinery.app.terminal import console
from pinery.app.up.supervisor import Supervisor, take_folder
from pinery.core.errors import UsageError
from pinery.trading.broker import Environment
from pinery.trading.deployments import Account

KINDS = ("gateway", "worker", "charts", "control")


def start(
    folder: Path,
    components: list[str],
    workers: int | None,
    gateways: int | None,
    charts: int | None = None,
    *,
    leave_positions: bool = False,
) -> int:
    """Runs until it is stopped; returns the exit code. Raises PineryError where it cannot start.

    With ``leave_positions`` the file is taken over although a deployment leaves a position behind in another account.
    """
    for name in components:
        if name not in KINDS:
            raise UsageError(f"there is no component {name!r}", f"components are {', '.join(KINDS)}")
    configuration, waits = load_configuration(folder), None
    if not leave_positions:
        configuration, waits = kept_back(configuration)
    if waits is None:
        remember(configuration)
    lock = take_folder(configuration.folder) if "sqlite" in configuration.store_url or not components else None
    try:
        left = _left_behind(configuration)
        wanted = components or list(KINDS)
        counts = _counts(configuration, workers, gateways, charts)
        logs.configure(configuration.log.level, configuration.log.format, component="up")  # type: ignore[arg-type]
        if waits is not None:
            structlog.get_logger().warning("config.invalid", text=waits.message, hint=waits.hint)
        for warning in (*left, *configuration.warnings):
            structlog.get_logger().warning("configuration", text=warning)
        _say(configuration, wanted, counts)
        started = components_of(configuration, wanted, counts)
        with_charts = WithCharts(configuration).there
        later = {name: with_charts for name, (kind, *_) in started if kind == "charts"}
        return asyncio.run(Supervisor(started, structlog.get_logger(), later=later).run())
    finally:
        if lock is not None:
            lock.close()


def _left_behind(configuration: Configuration) -> list[str]:
    """Makes the store or brings it up to date, once, before several processes need it."""
    store = open_store(configuration.store_url)
    try:
        return [str(left.finding()) for left in store.read(lambda tx: left_behind(configuration, tx))]
    finally:
        store.close()


def components_of(
    configuration: Configuration, wanted: Sequence[str] = KINDS, counts: Mapping[str, int] | None = None
) -> list[tuple[str, tuple[str, ...]]]:
    """What the supervisor starts: names and arguments. ``counts``: processes of each kind, else as configured."""
    counts = counts or _counts(configuration)
    started = []
    for kind in wanted:
        for number in range(counts[kind]):
            name = kind if counts[kind] == 1 else f"{kind}-{number + 1}"
            arguments = [kind, "--dir", str(configuration.folder)]
            if counts[kind] > 1:
                arguments.append("--share-port")
            started.append((name, tuple(arguments)))
    return started


def _counts(
    configuration: Configuration, workers: int | None = None, gateways: int | None = None, charts: int | None = None
) -> dict[str, int]:
    return {
        "gateway": gateways or configuration.up.gateways,
        "worker": workers or configuration.up.workers,
        "charts": charts or configuration.up.charts,
        "control": 1,
    }


class WithCharts:
    """Whether any deployment has a chart: a process that runs scripts takes room, and where there are none it waits."""

    def __init__(self, configuration: Configuration) -> None:
        self._path = configuration.folder / FILE_NAME
        self._found = bool(configuration.charts)
        self._seen = 0

    def there(self) -> bool:
        """Looks into the file when it has changed; what is wrong with it is told by those who take it over."""
        with suppress(OSError, ValueError):
            stamp = self._path.stat().st_mtime_ns
            if not self._found and stamp != self._seen:
                self._seen = stamp
                found = tomllib.loads(self._path.read_text(encoding="utf-8")).get("deployments", {})
                self._found = any(isinstance(one, dict) and "chart" in one for one in found.values())
        return self._found


def _account(account: Account) -> Text:
    if account.environment is Environment.LIVE:
        return Text.assemble(account.name, " ", (f"{account.broker} LIVE", "bold white on red"))
    return Text(f"{account.name} ({account.environment.value})")


def _say(configuration: Configuration, wanted: list[str], counts: dict[str, int]) -> None:
    """Where everything is, for people; logs follow below it."""
    if not sys.stderr.isatty():
        return
    table = Table.grid(padding=(0, 2))
    webhook, control = configuration.webhook, configuration.control
    if "gateway" in wanted:
        table.add_row("webhook", webhook.public_url or f"http://{webhook.host}:{webhook.port}", "/hook/<token>")
    if "control" in wanted:
        table.add_row("control", control.public_url or f"http://{control.host}:{control.port}", "/docs, /metrics")
    accounts = Text(", ").join(_account(account) for account in configuration.accounts.values()) or Text("none")
    table.add_row("accounts", accounts, f"{counts['worker']} worker(s)")
    if "charts" in wanted and configuration.charts:
        table.add_row("charts", ", ".join(configuration.charts), f"{counts['charts']} process(es)")
    table.add_row("deployments", ", ".join(configuration.deployments) or "none", "Ctrl-C stops everything")
    console(stderr=True).print(table)
