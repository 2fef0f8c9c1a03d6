"""From the models of ``[accounts.NAME]`` to accounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pinery.app.config.account_models import AnyAccount, BinanceAccount, PaperAccount, TradovateAccount
from pinery.app.config.account_models import Limits as LimitsModel
from pinery.app.config.sections import Section
from pinery.charts.settings import FeedSettings
from pinery.trading.broker import Environment
from pinery.trading.deployments import Account, Limits

#: Settings of every account; all others are options of its broker.
_COMMON = frozenset({"broker", "environment", "currency", "day_starts", "limits"})

#: Durations, in the file milliseconds; brokers take seconds.
_IN_SECONDS = frozenset({"patience", "request_timeout", "poll"})


def account_of(name: str, model: AnyAccount, feeds: Mapping[str, FeedSettings]) -> Account:
    """Names of secrets stay names: values are looked up where a broker is made."""
    return Account(
        name=name,
        broker=model.broker,
        environment=Environment.PAPER if isinstance(model, PaperAccount) else Environment(model.environment),
        currency=model.currency.upper(),
        leverage=Decimal(1) if isinstance(model, TradovateAccount) else Decimal(model.leverage or 1),
        leverages=_leverages(model),
        limits=limits_of(model.limits, max_signal_age=None),
        options=_paper_options(model, feeds) if isinstance(model, PaperAccount) else _options(model),
        day_starts=model.day_starts.at,
        day_zone=model.day_starts.zone,
    )


def _leverages(model: AnyAccount) -> dict[str, Decimal]:
    own = model.leverages if isinstance(model, BinanceAccount) else {}
    return {symbol: Decimal(leverage) for symbol, leverage in own.items()}


def _paper_options(model: PaperAccount, feeds: Mapping[str, FeedSettings]) -> dict[str, Any]:
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
    if isinstance(model.feed, str):
        # With what it says now: a desk whose market has changed starts again.
        options["feed"] = feeds.get(model.feed, FeedSettings(model.feed, "", {}))
    elif model.feed is not None:
        options["feed"] = feed_options(model.feed)
    return options


def _options(model: AnyAccount) -> dict[str, Any]:
    """What its file says; the broker's own settings have the same names, and their times in seconds."""
    options = model.model_dump(exclude=set(_COMMON), exclude_none=True)
    return {name: value / 1000 if name in _IN_SECONDS else value for name, value in options.items()}


def feed_options(model: Section) -> dict[str, Any]:
    options = model.model_dump(exclude_none=True)
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in options.items()}


def limits_of(model: LimitsModel, *, max_signal_age: int | None) -> Limits:
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
