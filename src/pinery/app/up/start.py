"""What ``pinery up`` does: check, say where everything is, supervise."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog
from rich.table import Table

from pinery.adapters.store.database import open_store
from pinery.app import logs
from pinery.app.config.configuration import Configuration
from pinery.app.config.reading import load_configuration, remember
from pinery.app.terminal import console
from pinery.app.up.supervisor import Supervisor, take_folder
from pinery.core.errors import UsageError

KINDS = ("gateway", "worker", "control")


def start(folder: Path, components: list[str], workers: int | None, gateways: int | None) -> int:
    """Runs until it is stopped; returns the exit code. Raises PineryError where it cannot start."""
    for name in components:
        if name not in KINDS:
            raise UsageError(f"there is no component {name!r}", f"components are {', '.join(KINDS)}")
    configuration = load_configuration(folder)
    remember(configuration)
    lock = take_folder(configuration.folder) if "sqlite" in configuration.store_url or not components else None
    try:
        open_store(configuration.store_url).close()  # makes or migrates it once, before several processes need it
        wanted = components or list(KINDS)
        counts = {
            "gateway": gateways or configuration.up.gateways,
            "worker": workers or configuration.up.workers,
            "control": 1,
        }
        logs.configure(configuration.log.level, configuration.log.format, component="up")  # type: ignore[arg-type]
        for warning in configuration.warnings:
            structlog.get_logger().warning("configuration", text=warning)
        _say(configuration, wanted, counts)
        started = []
        for kind in wanted:
            for number in range(counts[kind]):
                name = kind if counts[kind] == 1 else f"{kind}-{number + 1}"
                arguments = [kind, "--dir", str(configuration.folder)]
                if counts[kind] > 1:
                    arguments.append("--share-port")
                started.append((name, tuple(arguments)))
        return asyncio.run(Supervisor(started, structlog.get_logger()).run())
    finally:
        if lock is not None:
            lock.close()


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
    table.add_row("accounts", ", ".join(configuration.accounts) or "none", f"{counts['worker']} worker(s)")
    table.add_row("deployments", ", ".join(configuration.deployments) or "none", "Ctrl-C stops everything")
    console(stderr=True).print(table)
