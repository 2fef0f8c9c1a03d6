"""From the models of the file to the terms of trading."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pinery.app.config import models
from pinery.app.config.account_models import TradovateAccount
from pinery.app.config.accounts import account_of, feed_options, limits_of
from pinery.app.config.configuration import (
    BackupSettings,
    ChannelSettings,
    Configuration,
    LogSettings,
    Retention,
    UpSettings,
)
from pinery.app.config.findings import Finding, did_you_mean
from pinery.app.config.secrets import Secrets, how_to_give, token_hash
from pinery.app.config.stage_gates import backtest_gate, stage_gates
from pinery.app.settings import limits_from
from pinery.charts.settings import ChartSettings, FeedSettings, Missed, Send
from pinery.core.errors import DataError, UsageError
from pinery.gateway.settings import TRADINGVIEW_ADDRESSES, ControlSettings, Hook, WebhookSettings
from pinery.market.symbols import SymbolTable, lookup
from pinery.runtime.context import Limits as ScriptLimits
from pinery.trading.channels import Route
from pinery.trading.deployments import (
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


def name_fault(section: str, name: str) -> str:
    """Why nothing in the section may be named so; "" where it may."""
    if not _NAME.fullmatch(name):
        return "names are up to 40 letters, digits, - and _, and begin with a letter or digit"
    if section in ("accounts", "deployments") and name == "all":
        return '"all" means everything to `pinery halt` and `pinery flatten`; choose another name'
    return ""


def build(
    root: models.Root, folder: Path, secrets: Secrets, table: SymbolTable, version: str
) -> tuple[Configuration | None, list[Finding]]:
    """None where something that is needed cannot be made."""
    findings: list[Finding] = []
    for section in ("feeds", "accounts", "deployments", "notify"):
        for name in getattr(root, section):
            fault = name_fault(section, name)
            if fault:
                findings.append(Finding((section, name), fault))
    gate, gates = backtest_gate(root.stages.paper, findings), stage_gates(root, findings)
    stages = {Stage(name): getattr(root.stages, name).max_contracts for name in ("paper", "small", "production")}
    rules = _symbol_rules(root, table, findings)
    rolls = {name: rule.roll for name, rule in rules.items() if rule.roll is not None}
    feeds = {name: _feed(name, model, root, rolls, findings) for name, model in root.feeds.items()}
    accounts = {name: account_of(name, model, feeds) for name, model in root.accounts.items()}
    by_hand = {symbol: rule.contract.upper() for symbol, rule in rules.items() if rule.contract}
    deployments = {
        name: _deployment(name, model, root, stages, by_hand, findings) for name, model in root.deployments.items()
    }
    charts = {name: _chart(name, model.chart, model, folder) for name, model in root.deployments.items() if model.chart}
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
        hooks={name: Hook(name, hashes) for name in deployments if (hashes := _hashes(name, charts, secrets))},
        accounts=accounts,
        deployments=deployments,
        routes=routes,
        channels=channels,
        stages=stages,
        backtest_gate=gate,
        stage_gates=gates,
        windows=windows,
        margins={name: rule.margin for name, rule in rules.items() if rule.margin is not None},
        rolls=rolls,
        retention=Retention(root.retention.detail_days, root.retention.summary_days),
        backup=BackupSettings(
            folder=folder / root.backup.folder,
            weekly=root.backup.weekly,
            day=_DAYS.index(root.backup.day) + 1,
            at=root.backup.at,
            keep=root.backup.keep,
        ),
        up=UpSettings(root.up.workers, root.up.gateways, root.up.charts, root.up.settle),
        log=LogSettings(root.log.level, root.log.format),
        feeds=feeds,
        charts=charts,
        libraries=tuple(folder / name for name in root.libraries),
        limits=_script_limits(root),
        symbols=folder / root.symbols.file if root.symbols.file else None,
        symbol_table=table,
        secrets=secrets,
    )
    return configuration, findings


def _hashes(name: str, charts: Mapping[str, ChartSettings], secrets: Secrets) -> tuple[str, ...]:
    """Of the tokens that open a deployment's webhook: those of its senders, and its own chart's."""
    chart = charts.get(name)
    by_chart = chart is not None and chart.send is Send.WEBHOOK
    own = secrets.chart_token(name, chart.token_secret) if chart is not None and by_chart else None
    return (*secrets.tokens.get(name, ()), *([token_hash(own)] if own else []))


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


def _feed(
    name: str, model: models.AnyMarket, root: models.Root, rolls: Mapping[str, str], findings: list[Finding]
) -> FeedSettings:
    options = feed_options(model)
    kind = options.pop("kind")
    if isinstance(model, models.TailMarket):
        options["every"] = model.every / 1000
    elif isinstance(model, models.TradovateMarket):
        options = {"rolls": dict(rolls)}
        account = root.accounts.get(model.account)
        if isinstance(account, TradovateAccount):
            # With what it says now: a feed whose log-in has changed is another one.
            found = account_of(model.account, account, {})
            options |= {"login": dict(found.options), "environment": found.environment.value}
        else:
            fitting = [each for each, other in root.accounts.items() if isinstance(other, TradovateAccount)]
            message = f'"{model.account}" is no account with broker = "tradovate"; '
            findings.append(Finding(("feeds", name, "account"), message + did_you_mean(model.account, fitting)))
    return FeedSettings(name, kind, options)


def _chart(name: str, model: models.Chart, deployment: models.Deployment, folder: Path) -> ChartSettings:
    return ChartSettings(
        deployment=name,
        script=folder / Path(model.script).expanduser(),
        feed=model.feed,
        symbol=(model.symbol or deployment.symbol).strip().upper(),
        timeframe=model.timeframe if model.timeframe is not None else deployment.timeframe,
        inputs={title: float(value) if isinstance(value, Decimal) else value for title, value in model.inputs.items()},
        history=model.history,
        send=Send(model.send),
        token_secret=model.token_secret or "",
        kinds=frozenset(model.kinds),
        message=model.message,
        missed=Missed(model.missed),
        missed_within=model.missed_within,
        silence=model.silence,
    )


def _script_limits(root: models.Root) -> ScriptLimits | None:
    try:
        return limits_from(root.limits, "") if root.limits else None
    except UsageError:
        return None  # found, and told of, by who reads the file


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
        limits=limits_of(model.limits, max_signal_age=Limits().max_signal_age),
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
