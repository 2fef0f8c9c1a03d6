"""From the models of the file to the terms of trading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pinery.app.config import models
from pinery.app.config.configuration import (
    BackupSettings,
    ChannelSettings,
    Configuration,
    LogSettings,
    Retention,
    UpSettings,
)
from pinery.app.config.findings import Finding, did_you_mean
from pinery.app.config.secrets import Secrets, how_to_give
from pinery.core.errors import DataError
from pinery.gateway.settings import TRADINGVIEW_ADDRESSES, ControlSettings, Hook, WebhookSettings
from pinery.market.symbols import SymbolTable, lookup
from pinery.trading.broker import Environment
from pinery.trading.channels import Route
from pinery.trading.deployments import (
    Account,
    Bracket,
    Deployment,
    Direction,
    Limits,
    OnOpposite,
    Sizing,
    Stage,
    Window,
)
from pinery.trading.events import Severity
from pinery.trading.signals import Action, EntryType
from pinery.trading.windows import DEFAULT_WINDOWS

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_WORDS = {action.value: action for action in Action if action is not Action.TARGET}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def build(
    root: models.Root, folder: Path, secrets: Secrets, table: SymbolTable, version: str
) -> tuple[Configuration | None, list[Finding]]:
    """None where something that is needed cannot be made."""
    findings: list[Finding] = []
    for section in ("accounts", "deployments", "notify"):
        for name in getattr(root, section):
            if not _NAME.fullmatch(name):
                message = "names are up to 40 letters, digits, - and _, and begin with a letter or digit"
                findings.append(Finding((section, name), message))
            elif section != "notify" and name == "all":
                message = '"all" means everything to `pinery halt` and `pinery flatten`; choose another name'
                findings.append(Finding((section, name), message))
    stages = {Stage(name): getattr(root.stages, name).max_contracts for name in ("paper", "small", "production")}
    accounts = {name: _account(name, model) for name, model in root.accounts.items()}
    rules = _symbol_rules(root, table, findings)
    by_hand = {symbol: rule.contract.upper() for symbol, rule in rules.items() if rule.contract}
    deployments = {
        name: _deployment(name, model, root, stages, by_hand, findings) for name, model in root.deployments.items()
    }
    channels, routes = _channels(root, folder, secrets, findings)
    store_url = _store_url(root.store, folder, secrets, findings)
    if any(finding.is_error for finding in findings) or store_url is None:
        return None, findings
    windows: dict[str, tuple[Window, ...]] = dict(DEFAULT_WINDOWS)
    windows |= {name: rule.trading_hours for name, rule in rules.items() if rule.trading_hours is not None}
    configuration = Configuration(
        folder=folder,
        version=version,
        store_url=store_url,
        webhook=_webhook(root.webhook),
        control=ControlSettings(
            host=root.control.host,
            port=root.control.port,
            public_url=root.control.public_url,
            session_minutes=root.control.session,
            secure_cookies=root.control.secure_cookies,
            trusted_proxies=_addresses(root.control.trusted_proxies),
        ),
        hooks={name: Hook(name, secrets.tokens[name]) for name in deployments if secrets.tokens.get(name)},
        accounts=accounts,
        deployments=deployments,
        routes=routes,
        channels=channels,
        stages=stages,
        windows=windows,
        margins={name: rule.margin for name, rule in rules.items() if rule.margin is not None},
        rolls={name: rule.roll for name, rule in rules.items() if rule.roll is not None},
        retention=Retention(root.retention.detail_days, root.retention.summary_days),
        backup=BackupSettings(
            folder=folder / root.backup.folder,
            weekly=root.backup.weekly,
            day=_DAYS.index(root.backup.day) + 1,
            at=root.backup.at,
            keep=root.backup.keep,
        ),
        up=UpSettings(root.up.workers, root.up.gateways, root.up.settle),
        log=LogSettings(root.log.level, root.log.format),
        symbols=folder / root.symbols.file if root.symbols.file else None,
        symbol_table=table,
        secrets=secrets,
    )
    return configuration, findings


def _store_url(store: models.Store, folder: Path, secrets: Secrets, findings: list[Finding]) -> str | None:
    """Absolute, with driver and password."""
    text = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", store.url)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql"):
        message = "is neither sqlite:///FILE nor postgresql://USER@HOST/DATABASE"
        findings.append(Finding(("store", "url"), message))
        return None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            message = "names no file, and several processes share the store; write sqlite:///pinery.db"
            findings.append(Finding(("store", "url"), message))
            return None
        return f"sqlite:///{folder / url.database}"
    if url.password:
        message = "holds a password that everybody who sees this file can read; use password_secret instead"
        findings.append(Finding(("store", "url"), message, is_error=False))
    if store.password_secret:
        if not url.username:
            findings.append(
                Finding(("store", "url"), "names no user for the password: postgresql://USER@HOST/DATABASE")
            )
            return None
        if not _has(secrets, store.password_secret, ("store", "password_secret"), findings):
            return None
        url = url.set(password=secrets.value(store.password_secret))
    return url.render_as_string(hide_password=False)


def _has(secrets: Secrets, name: str, path: tuple[str, ...], findings: list[Finding]) -> bool:
    if secrets.has(name):
        return True
    findings.append(Finding(path, f'there is no secret "{name}"; {how_to_give(name)}'))
    return False


def _webhook(model: models.Webhook) -> WebhookSettings:
    return WebhookSettings(
        host=model.host,
        port=model.port,
        public_url=model.public_url,
        allowed_addresses=_addresses(model.allowed_addresses),
        allow_loopback=model.allow_loopback,
        trusted_proxies=_addresses(model.trusted_proxies),
        max_body=model.max_body,
        rate=float(model.rate),
        burst=model.burst,
        bad_token_rate=float(model.bad_token_rate),
    )


def _addresses(texts: list[str]) -> tuple[str, ...]:
    found: list[str] = []
    for text in texts:
        found += TRADINGVIEW_ADDRESSES if text == models.TRADINGVIEW else [text]
    return tuple(dict.fromkeys(found))


def _account(name: str, model: models.PaperAccount) -> Account:
    return Account(
        name=name,
        broker=model.broker,
        environment=Environment.PAPER,
        currency=model.currency.upper(),
        leverage=model.leverage,
        limits=_limits(model.limits, max_signal_age=None),
        options=_paper_options(model),
        day_starts=model.day_starts.at,
        day_zone=model.day_starts.zone,
    )


def _paper_options(model: models.PaperAccount) -> dict[str, Any]:
    options: dict[str, Any] = {
        "balance": model.balance,
        "latency_ms": model.latency,
        "slippage_ticks": model.slippage,
        "partial_fill_share": model.partial_fill_share,
        "reject_share": model.reject_share,
        "unreachable_share": model.unreachable_share,
        "timeout_share": model.timeout_share,
        "commission_percent": model.commission,
        "commission_per_contract": model.commission_per_contract,
        "seed": model.seed,
    }
    if model.feed is not None:
        feed = model.feed.model_dump(exclude_none=True)
        options["feed"] = {**feed, "speed": float(model.feed.speed)}
    return options


def _limits(model: models.Limits, *, max_signal_age: int | None) -> Limits:
    return Limits(
        max_position=model.max_position,
        max_order_size=model.max_order_size,
        max_orders_per_day=model.max_orders_per_day,
        max_daily_loss=model.max_daily_loss,
        max_drawdown=model.max_drawdown,
        cool_down=model.cool_down,
        price_collar=model.price_collar,
        max_data_age=model.max_data_age,
        min_balance=model.min_balance,
        margin_check=model.margin_check,
        max_signal_age=model.max_signal_age if "max_signal_age" in model.model_fields_set else max_signal_age,
        windows=model.trading_hours,
        allowed_symbols=frozenset(model.allowed_symbols) if model.allowed_symbols is not None else None,
    )


def _deployment(
    name: str,
    model: models.Deployment,
    root: models.Root,
    stages: Mapping[Stage, Decimal | None],
    contracts: Mapping[str, str],
    findings: list[Finding],
) -> Deployment:
    path = ("deployments", name)
    words: dict[str, Action] = {}
    for word, meaning in model.words.items():
        action = _WORDS.get(meaning.strip().lower())
        if action is None:
            message = f'"{meaning}" is not an action; {did_you_mean(meaning, _WORDS)}'
            findings.append(Finding((*path, "words", word), message))
        else:
            words[word.casefold()] = action
    account = root.accounts.get(model.account)
    if model.size.currency and account is not None and model.size.currency.upper() != account.currency.upper():
        message = f"is in {model.size.currency}, but the account {model.account} is in {account.currency}"
        findings.append(Finding((*path, "size"), message))
    stage = Stage(model.stage)
    bracket = model.bracket
    return Deployment(
        name=name,
        account=model.account,
        symbol=model.symbol.strip().upper(),
        timeframe=model.timeframe,
        stage=stage,
        symbols={sender: symbol.strip().upper() for sender, symbol in model.symbols.items()},
        contracts={**contracts, **{symbol.upper(): month.upper() for symbol, month in model.contracts.items()}},
        words=words,
        template=model.template,
        preset=model.preset,
        sizing=Sizing(model.size.kind, model.size.value, model.size_from_alert, model.size_multiplier),
        bracket=Bracket(
            stop=bracket.stop,
            target=bracket.target,
            trail=bracket.trail,
            from_signal=bracket.from_signal,
            max_bars=bracket.max_bars,
            max_minutes=bracket.max_time,
            flat_at_session_end=bracket.flat_at_session_end,
        ),
        limits=_limits(model.limits, max_signal_age=Limits().max_signal_age),
        direction=Direction(model.direction),
        on_opposite=OnOpposite(model.on_opposite),
        max_entries=model.max_entries,
        entry=EntryType(model.entry),
        limit_offset=model.limit_offset,
        entry_timeout=model.entry_timeout,
        retry_window=model.retry_window,
        paused=model.paused,
        max_contracts=stages.get(stage),
    )


def _symbol_rules(root: models.Root, table: SymbolTable, findings: list[Finding]) -> dict[str, models.SymbolRules]:
    """By futures root, or by the symbol as written."""
    found: dict[str, models.SymbolRules] = {}
    for name, rule in (root.symbols.__pydantic_extra__ or {}).items():
        try:
            instrument = lookup(name, table)
        except DataError as error:
            findings.append(Finding(("symbols", name), error.message))
            continue
        future = instrument.type == "futures"
        if not future and (rule.contract or rule.roll):
            message = f"{instrument.tickerid} is no future: contract and roll are for futures only"
            findings.append(Finding(("symbols", name), message))
        found[(future and instrument.root) or name.strip().upper()] = rule
    return found


def _channels(
    root: models.Root, folder: Path, secrets: Secrets, findings: list[Finding]
) -> tuple[dict[str, ChannelSettings], tuple[Route, ...]]:
    if not root.notify:
        return {"console": ChannelSettings("console", "console")}, (Route("console", severity=Severity.WARNING),)
    channels: dict[str, ChannelSettings] = {}
    routes: list[Route] = []
    for name, model in root.notify.items():
        options = model.model_dump(exclude={"type", "severity", "events", "deployments"}, exclude_none=True)
        for key, value in options.items():
            if key.endswith("_secret"):
                _has(secrets, value, ("notify", name, key), findings)
        if options.get("ca_file"):
            options["ca_file"] = str(folder / options["ca_file"])
        channels[name] = ChannelSettings(name, model.type, options)
        unknown = [deployment for deployment in model.deployments if deployment not in root.deployments]
        for deployment in unknown:
            message = f'there is no deployment "{deployment}"; {did_you_mean(deployment, root.deployments)}'
            findings.append(Finding(("notify", name, "deployments"), message))
        routes.append(Route(name, tuple(model.events), Severity(model.severity), frozenset(model.deployments)))
    return channels, tuple(routes)
