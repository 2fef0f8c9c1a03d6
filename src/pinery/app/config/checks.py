"""Checks across sections: whether accounts, deployments, stages and limits fit each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial

from pinery.adapters.feeds.settings import ReplaySettings
from pinery.adapters.notify.channels import build as build_channel
from pinery.app.config.broker_settings import account_findings
from pinery.app.config.charts import chart_findings
from pinery.app.config.configuration import Configuration
from pinery.app.config.findings import Finding, did_you_mean
from pinery.app.config.same_account import same_account_findings
from pinery.app.up.markets import check_market
from pinery.core.errors import DataError, PineryError
from pinery.market.symbols import assumptions, lookup
from pinery.runtime.timeframes import Timeframe
from pinery.trading.broker import Environment
from pinery.trading.contracts import Contract
from pinery.trading.denials import Denial
from pinery.trading.deployments import (
    Account,
    Bracket,
    Deployment,
    Direction,
    Distance,
    Limits,
    SizingKind,
    Stage,
    Unit,
)
from pinery.trading.errors import ConfigError
from pinery.trading.events import EVENTS
from pinery.trading.mapping import contract_for
from pinery.trading.messages import PRESETS, check_template
from pinery.trading.signals import EntryType

_HUNDRED = 100
RETRIES_TAKE = 15  # seconds: three times five


def check(configuration: Configuration, now: int) -> list[Finding]:
    """Everything that is wrong (errors) or remarkable (warnings) at ``now`` (Unix ms)."""
    found: list[Finding] = []
    for name, account in configuration.accounts.items():
        found += _limits(account.limits, ("accounts", name, "limits"))
    for name, deployment in configuration.deployments.items():
        path = ("deployments", name)
        account_of = configuration.accounts.get(deployment.account)
        if account_of is None:
            message = f'there is no account "{deployment.account}"; '
            message += did_you_mean(deployment.account, configuration.accounts)
            found.append(Finding((*path, "account"), message))
        else:
            found += stage_findings(deployment, account_of)
        found += _symbols(configuration, deployment, now)
        found += _limits(deployment.limits, (*path, "limits"))
        found += bracket_findings(deployment)
        found += _sizing(deployment)
        found += _entry(deployment)
        found += _messages(deployment)
        if name not in configuration.hooks and name not in configuration.charts:
            message = (
                f"no alert can reach it yet: it has no webhook token; make one with: pinery config rotate-token {name}"
            )
            found.append(Finding(path, message, is_error=False))
    found += same_account_findings(configuration.accounts, configuration.secrets)
    found += _sharing(configuration, now)
    found += _leverage(configuration, now)
    found += chart_findings(configuration)
    found += _adapters(configuration)
    found += _leftovers(configuration)
    found += _routes(configuration)
    found += _servers(configuration)
    return found


def stage_findings(deployment: Deployment, account: Account) -> list[Finding]:
    path = ("deployments", deployment.name, "stage")
    live = account.environment is Environment.LIVE
    if deployment.stage is Stage.PAPER and live:
        message = f"paper must not trade on {account.name}, which is a live account; choose a paper or demo account, "
        return [Finding(path, message + 'or stage = "small" once paper trading has shown what it does')]
    if deployment.stage in (Stage.SMALL, Stage.PRODUCTION) and not live:
        message = f"{deployment.stage.value}, but {account.name} is a {account.environment.value} account: "
        return [Finding(path, message + "no real money is traded", is_error=False)]
    return []


def _symbols(configuration: Configuration, deployment: Deployment, now: int) -> Iterator[Finding]:
    path = ("deployments", deployment.name)
    named: dict[tuple[str, ...], str] = {("symbol",): deployment.symbol}
    named |= {("symbols", sender): symbol for sender, symbol in deployment.symbols.items()}
    for keys, symbol in named.items():
        try:
            instrument = lookup(symbol, configuration.symbol_table)
        except DataError as error:
            yield Finding((*path, *keys), f"{error.message}; {error.hint}")
            continue
        if ":" not in symbol:
            message = f'"{symbol}" lacks the exchange; write it as {instrument.prefix or "EXCHANGE"}:{symbol}'
            yield Finding((*path, *keys), message)
            continue
        if instrument.assumed:
            yield Finding((*path, *keys), assumptions(instrument), is_error=False)
        meant = contract_for(
            symbol,
            replace(deployment, symbol=symbol),
            now,
            table=configuration.symbol_table,
            margins=configuration.margins,
            rolls=configuration.rolls,
        )
        if isinstance(meant, Denial):
            yield Finding((*path, *keys), f"signals will be refused: {meant.reason}", is_error=False)


def _sharing(configuration: Configuration, now: int) -> Iterator[Finding]:
    """Deployments that may hold both sides of a contract in an account that knows one position of it."""
    before: dict[tuple[str, str], list[Deployment]] = {}
    for name, deployment in configuration.deployments.items():
        account = configuration.accounts.get(deployment.account)
        if account is None or account.environment is Environment.PAPER or deployment.stage is Stage.BACKTEST:
            continue
        for symbol in sorted(_contracts(configuration, deployment, now)):
            others = before.setdefault((account.name, symbol), [])
            against = [other.name for other in others if {deployment.direction, other.direction} not in _ONE_SIDE]
            if against:
                message = (
                    f"trades {symbol} in {account.name} as {', '.join(against)} does, which knows one position only: "
                    "entries against the other's position are denied (OPPOSITE_SIDE); give it an account of its own, "
                    'or all of them one direction, "long" or "short"'
                )
                yield Finding(("deployments", name, "account"), message, is_error=False)
            others.append(deployment)


_ONE_SIDE = ({Direction.LONG}, {Direction.SHORT})


def _leverage(configuration: Configuration, now: int) -> Iterator[Finding]:
    """Accounts whose margin is checked by a leverage that nobody has told."""
    for name, account in configuration.accounts.items():
        if account.broker not in _LEVERAGED or "leverage" in account.options or not account.limits.margin_check:
            continue
        symbols = {
            symbol
            for deployment in configuration.deployments.values()
            if deployment.account == name and deployment.stage is not Stage.BACKTEST and deployment.limits.margin_check
            for symbol, contract in _contracts(configuration, deployment, now).items()
            if contract.margin is None and symbol not in account.leverages
        }
        if symbols:
            message = (
                f"has no leverage for {', '.join(sorted(symbols))}: margin is checked as if it were 1, so an entry is "
                "denied (MARGIN) unless its whole value is free; add leverage = as it is at the venue (pinery doctor "
                "says it), which then sets it there too"
            )
            yield Finding(("accounts", name), message, is_error=False)


#: Brokers at which an account has a leverage of its own; without a setting it stays as it is there.
_LEVERAGED = frozenset({"binance", "ccxt"})


def _contracts(configuration: Configuration, deployment: Deployment, now: int) -> dict[str, Contract]:
    found = {}
    for symbol in (deployment.symbol, *deployment.symbols.values()):
        try:
            meant = contract_for(
                symbol,
                replace(deployment, symbol=symbol),
                now,
                table=configuration.symbol_table,
                margins=configuration.margins,
                rolls=configuration.rolls,
            )
        except DataError:
            continue  # told of with its symbol
        if not isinstance(meant, Denial):
            found[meant.symbol] = meant
    return found


def _limits(limits: Limits, path: tuple[str, ...]) -> Iterator[Finding]:
    if limits.max_order_size and limits.max_position and limits.max_order_size > 2 * limits.max_position:
        reversal = 2 * limits.max_position
        message = f"{limits.max_order_size} is more than any order can be: a reversal at max_position takes {reversal}"
        yield Finding((*path, "max_order_size"), message, is_error=False)
    if limits.max_daily_loss and limits.max_drawdown and limits.max_daily_loss > limits.max_drawdown:
        message = f"{limits.max_daily_loss} a day is never reached: max_drawdown = {limits.max_drawdown} comes first"
        yield Finding((*path, "max_daily_loss"), message, is_error=False)
    if limits.price_collar is not None and limits.price_collar == 0:
        yield Finding((*path, "price_collar"), "0% would refuse every order; leave it out to lift it")
    if limits.allowed_symbols is not None and not limits.allowed_symbols:
        yield Finding((*path, "allowed_symbols"), "is empty and would refuse every order; leave it out to allow all")


def bracket_findings(deployment: Deployment) -> list[Finding]:
    """Distances that cannot be, and prices on the wrong side of each other."""
    path = ("deployments", deployment.name, "bracket")
    bracket = deployment.bracket
    found: list[Finding] = []
    for name in ("stop", "target", "trail"):
        distance: Distance | None = getattr(bracket, name)
        if distance is None or distance.unit is Unit.SIGNAL:
            if distance is not None and name == "trail":
                found.append(Finding((*path, name), 'needs a distance, as "1%" or "20 ticks"'))
            continue
        if distance.value <= 0:
            found.append(Finding((*path, name), "must be above 0"))
        elif name != "target" and distance.unit is Unit.PERCENT and distance.value >= _HUNDRED:
            found.append(Finding((*path, name), f"{distance.value}% of the price would never be reached"))
        elif name == "trail" and distance.unit is Unit.PRICE:
            found.append(Finding((*path, name), 'must be a distance, as "1%" or "20 ticks", not a price'))
        elif distance.unit is Unit.PRICE and deployment.direction is Direction.BOTH:
            message = 'a fixed price protects one side only; write a distance, or direction = "long" or "short"'
            found.append(Finding((*path, name), message))
    found += _order(bracket, deployment.direction, path)
    return found


def _order(bracket: Bracket, direction: Direction, path: tuple[str, ...]) -> list[Finding]:
    stop, target = bracket.stop, bracket.target
    if stop is None or target is None or stop.unit is not Unit.PRICE or target.unit is not Unit.PRICE:
        return []
    if direction is Direction.LONG and stop.value >= target.value:
        return [Finding((*path, "stop"), f"{stop.value} must be below the target {target.value} of a long position")]
    if direction is Direction.SHORT and stop.value <= target.value:
        return [Finding((*path, "stop"), f"{stop.value} must be above the target {target.value} of a short position")]
    return []


def _sizing(deployment: Deployment) -> Iterator[Finding]:
    path = ("deployments", deployment.name, "size")
    if (
        deployment.sizing.kind is SizingKind.RISK
        and deployment.bracket.stop is None
        and deployment.bracket.trail is None
    ):
        message = "the risk follows from the distance of the stop, and there is none; "
        yield Finding(path, message + f'add [deployments.{deployment.name}.bracket] stop = "1%"')
    cap = deployment.max_contracts
    if deployment.sizing.kind is SizingKind.FIXED and cap is not None and deployment.sizing.value > cap:
        message = f"{deployment.sizing.value} is more than the stage {deployment.stage.value} allows: {cap}"
        yield Finding(path, message)
    largest = deployment.limits.max_order_size or deployment.limits.max_position
    if deployment.sizing.kind is SizingKind.FIXED and largest is not None and deployment.sizing.value > largest:
        yield Finding(path, f"{deployment.sizing.value} is more than the limits of the deployment allow: {largest}")


def _entry(deployment: Deployment) -> Iterator[Finding]:
    path = ("deployments", deployment.name)
    if deployment.limit_offset is not None:
        if deployment.entry is not EntryType.LIMIT:
            message = 'has no effect with market entries; add entry = "limit"'
            yield Finding((*path, "limit_offset"), message, is_error=False)
        if deployment.limit_offset.unit in (Unit.PRICE, Unit.SIGNAL):
            yield Finding((*path, "limit_offset"), 'must be a distance, as "2 ticks" or "0.1%"')
    if deployment.timeframe:
        try:
            Timeframe.parse(deployment.timeframe)
        except PineryError:
            message = f'"{deployment.timeframe}" is no timeframe; write it as TradingView does: "5", "60", "1D"'
            yield Finding((*path, "timeframe"), message)
    if deployment.bracket.max_bars is not None and not deployment.timeframe:
        message = "counts bars of the timeframe, and none is given: alerts must carry it"
        yield Finding((*path, "bracket", "max_bars"), message, is_error=False)
    if deployment.bracket.flat_at_session_end and deployment.limits.windows == ():
        message = 'has no effect: trading_hours = "always" never end'
        yield Finding((*path, "bracket", "flat_at_session_end"), message, is_error=False)


def _messages(deployment: Deployment) -> Iterator[Finding]:
    path = ("deployments", deployment.name)
    if deployment.template is not None:
        yield from (Finding((*path, "template"), text) for text in check_template(deployment.template))
    if deployment.preset is not None and deployment.preset not in PRESETS:
        yield Finding(
            (*path, "preset"), f'"{deployment.preset}" is not known; {did_you_mean(deployment.preset, PRESETS)}'
        )
    if deployment.retry_window < RETRIES_TAKE:
        message = f"{deployment.retry_window} s is short: TradingView repeats an alert for {RETRIES_TAKE} s, "
        message += "and what comes later counts as a new one"
        yield Finding((*path, "retry_window"), message, is_error=False)


def _adapters(configuration: Configuration) -> Iterator[Finding]:
    """What channels, feeds and brokers themselves say of their options."""
    for name, channel in configuration.channels.items():
        try:
            build_channel(name, channel.type, configuration.channel_options(channel))
        except ConfigError as error:
            message = error.message.partition(": ")[2] or error.message
            yield Finding(("notify", name), f"{message}; {error.hint}" if error.hint else message)
    for name, market in configuration.feeds.items():
        yield from _feed(("feeds", name), partial(check_market, market, configuration.folder))
    for name, account in configuration.accounts.items():
        if account.environment is not Environment.PAPER:
            yield from account_findings(account, configuration.folder, configuration.secrets)
        feed = account.options.get("feed")
        if isinstance(feed, Mapping):
            path = ("accounts", name, "feed")
            yield from _feed(path, partial(ReplaySettings.from_options, feed, configuration.folder))


def _feed(path: tuple[str, ...], look: Callable[[], object]) -> Iterator[Finding]:
    try:
        look()
    except ConfigError as error:
        for text in error.findings:
            yield Finding(path, text)


def _leftovers(configuration: Configuration) -> Iterator[Finding]:
    for name in configuration.secrets.tokens:
        if name not in configuration.deployments:
            message = f'there is no deployment "{name}"; {did_you_mean(name, configuration.deployments)}'
            yield Finding(("webhook_tokens", name), message, False, configuration.secrets.path.name)


def _routes(configuration: Configuration) -> Iterator[Finding]:
    for route in configuration.routes:
        for pattern in route.kinds:
            if not any(fnmatchcase(kind, pattern) for kind in EVENTS):
                message = f'"{pattern}" fits no event; {did_you_mean(pattern, EVENTS)}'
                yield Finding(("notify", route.channel, "events"), message)


def _servers(configuration: Configuration) -> Iterator[Finding]:
    webhook, control = configuration.webhook, configuration.control
    if webhook.port == control.port and (webhook.host == control.host or "0.0.0.0" in (webhook.host, control.host)):
        yield Finding(("control", "port"), f"{control.port} is the webhook's port already; choose another")
    if not webhook.allowed_addresses and not webhook.allow_loopback:
        yield Finding(("webhook", "allowed_addresses"), "is empty, and allow_loopback is off: nobody may send alerts")
    if webhook.public_url and webhook.allow_loopback and not webhook.trusted_proxies:
        message = "a proxy on this machine makes every sender look like this machine; "
        message += 'add trusted_proxies = ["127.0.0.1"], or take allow_loopback out'
        yield Finding(("webhook", "allow_loopback"), message, is_error=False)
    if control.public_url.startswith("https://") and not control.secure_cookies:
        yield Finding(("control", "public_url"), "is https: add secure_cookies = true", is_error=False)
    if control.host not in ("127.0.0.1", "::1", "localhost") and not control.secure_cookies:
        message = f"{control.host} is reached from other machines, and passwords would come unencrypted; "
        message += "put a proxy with https before it, and add secure_cookies = true"
        yield Finding(("control", "host"), message, is_error=False)
