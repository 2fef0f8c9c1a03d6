"""``Configuration``: what ``pinery.toml`` and its secrets say, checked, in the terms of trading."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pinery.app.config.secrets import Secrets
from pinery.charts.settings import ChartSettings, FeedSettings
from pinery.gateway.settings import ControlSettings, Hook, WebhookSettings
from pinery.market.symbols import SymbolTable
from pinery.runtime.context import Limits as ScriptLimits
from pinery.tester.gate import Gate
from pinery.trading.channels import Route
from pinery.trading.deployments import Account, Deployment, Stage, Window
from pinery.trading.errors import NotFound
from pinery.trading.stages.gates import StageGate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """``type`` is "console", "smtp" or "http"; ``options`` whose names end in ``_secret`` hold names of secrets."""

    name: str
    type: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retention:
    detail_days: int = 92  # messages, journal, order histories, notifications
    summary_days: int = 365  # signals, orders, fills, trades, the audit log


@dataclass(frozen=True, slots=True)
class BackupSettings:
    folder: Path
    weekly: bool = True
    day: int = 7  # ISO weekday
    at: time = time(3, 0)  # UTC
    keep: int = 8


@dataclass(frozen=True, slots=True)
class UpSettings:
    """Processes that ``pinery up`` starts."""

    workers: int = 1
    gateways: int = 1
    charts: int = 1
    settle_ms: int = 0  # how long a worker waits for a burst to be complete before it takes messages


@dataclass(frozen=True, slots=True)
class LogSettings:
    level: str = "info"
    format: str = "auto"  # "json", "console", or by whether a person looks on


@dataclass(frozen=True, slots=True)
class Configuration:
    """Names are the keys of all mappings.

    Symbols of ``windows``, ``margins`` and ``rolls`` are futures roots ("ES"), or for
    other instruments "ETHUSDT.P" or "BINANCE:ETHUSDT.P", as written."""

    folder: Path
    version: str  # changes with every text that this was read from
    store_url: str = field(repr=False)  # may hold a password
    webhook: WebhookSettings
    control: ControlSettings
    hooks: Mapping[str, Hook]
    accounts: Mapping[str, Account]
    deployments: Mapping[str, Deployment]
    routes: tuple[Route, ...]
    channels: Mapping[str, ChannelSettings]
    stages: Mapping[Stage, Decimal | None]  # most contracts per order and position; applied to the deployments already
    backtest_gate: Gate  # before paper
    stage_gates: Mapping[Stage, StageGate]  # before small and production
    windows: Mapping[str, tuple[Window, ...]]  # trading hours; (): always
    margins: Mapping[str, Decimal]  # initial margin per contract, where it is not the built-in one
    rolls: Mapping[str, str]  # rule of ``pinery.market.rolls``, where it is not the built-in one
    retention: Retention
    backup: BackupSettings
    up: UpSettings
    log: LogSettings
    feeds: Mapping[str, FeedSettings]
    charts: Mapping[str, ChartSettings]  # of the deployments that have one
    libraries: tuple[Path, ...]  # folders of scripts' libraries
    limits: ScriptLimits | None  # of scripts
    symbols: Path | None
    symbol_table: SymbolTable = field(repr=False)
    secrets: Secrets = field(repr=False)
    warnings: tuple[str, ...] = ()

    def secret(self, name: str) -> str:
        """The value of a secret. Raises ConfigError if it is not there."""
        return self.secrets.value(name)

    def channel_options(self, channel: ChannelSettings) -> dict[str, Any]:
        """As its adapter takes them: ``password`` with the value of the secret that ``password_secret`` names."""
        return {
            key.removesuffix("_secret"): self.secret(value) if key.endswith("_secret") else value
            for key, value in channel.options.items()
        }

    def deployment(self, name: str) -> Deployment:
        """Raises NotFound."""
        return _named(name, self.deployments, "deployment")

    def account(self, name: str) -> Account:
        """Raises NotFound."""
        return _named(name, self.accounts, "account")


def _named(name: str, known: Mapping[str, T], what: str) -> T:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, list(known), 1)
    hint = f"did you mean {near[0]!r}?" if near else f"configured are {', '.join(sorted(known)) or 'none'}"
    raise NotFound(f"there is no {what} {name!r} in pinery.toml", hint=hint)
