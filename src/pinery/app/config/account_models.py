"""The shape of ``[accounts.NAME]``: a model per broker. Descriptions are the reference that users read.

A setting whose name ends in ``_secret`` holds the name of a secret, never its value.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from pinery.app.config.sections import Count, Section, Url
from pinery.app.config.values import (
    Amount,
    DayStart,
    DayStartText,
    Hours,
    Milliseconds,
    Moment,
    Number,
    Percent,
    Seconds,
    SecondsOrOff,
    Share,
    Ticks,
)

# Settings that accounts at several brokers have.

Patience = Annotated[
    Milliseconds,
    Field(
        json_schema_extra={"default": "5s"},
        description="How long an order whose outcome is not known is looked for before it counts as not there.",
    ),
]
RequestTimeout = Annotated[
    Milliseconds, Field(json_schema_extra={"default": "10s"}, description="Longest wait for an answer.")
]
RestUrl = Annotated[
    Url | None, Field(description="Another address of the REST API: a simulator's. It must fit the environment.")
]


class Limits(Section):
    """Risk limits. What is left out is not limited. Money is in the account's currency."""

    max_position: Amount | None = Field(default=None, description="Most contracts held per symbol, long or short.")
    max_order_size: Amount | None = Field(default=None, description="Most contracts in one order.")
    max_orders_per_day: Count | None = Field(default=None, description="Most entries a day.")
    max_daily_loss: Amount | None = Field(
        default=None, description="Loss of the day, open losses included, that ends entries."
    )
    max_drawdown: Amount | None = Field(
        default=None, description="Fall from the highest equity that ends entries, in money."
    )
    cool_down: Seconds | None = Field(default=None, description="Wait after a trade was closed.")
    price_collar: Percent | None = Field(
        default=None, description="Most distance between an order's price and the last one known."
    )
    max_data_age: Seconds | None = Field(default=None, description="Oldest last price that an entry may rely on.")
    min_balance: Amount | None = Field(default=None, description="Balance below which nothing is opened.")
    margin_check: bool = Field(default=True, description="The account must have the margin for an order.")
    max_signal_age: SecondsOrOff = Field(
        default=None,
        description='Oldest alert that may still open a position; "off" lifts it. Default: `5m` for deployments, '
        "none for accounts. Exits are never too old.",
    )
    trading_hours: Hours | None = Field(
        default=None,
        description='When positions may be opened: "06:30-12:30 UTC-8 Mon-Fri", a list of such, or "always". '
        "Default: the symbol's.",
    )
    allowed_symbols: list[str] | None = Field(default=None, description='Only these: "ES", "BINANCE:ETHUSDT.P".')


class Feed(Section):
    """Prices for a paper account: bars played back as if they were happening now."""

    kind: Literal["replay"] = Field(default="replay", description='"replay".')
    bars: dict[str, str] = Field(
        description="EXCHANGE:TICKER to a file of bars, to the timeframe of stored ones, or to made-up ones: "
        '"eth.csv", "5", "synthetic".'
    )
    speed: Number = Field(default=Decimal(1), description="Bar time per clock time: 60 plays an hour in a minute.")
    loop: bool = Field(default=True, description="Begin again at the end.")
    start: Moment | None = Field(default=None, description="First moment: a date, or a time with it.")
    seed: int = Field(default=1, description="The same seed meets the same prices inside of bars.")


def _name_or_table(value: Any) -> str:
    return "name" if isinstance(value, str) else "table"


class PaperAccount(Section):
    """A paper account: fills are simulated, nothing is risked."""

    broker: Literal["paper"] = Field(description='"paper".')
    currency: str = Field(default="USD", description="Currency of the account.")
    leverage: Amount = Field(
        default=Decimal(1), description="For instruments without a margin per contract; 1 is none."
    )
    day_starts: DayStartText = Field(
        default_factory=DayStart,
        json_schema_extra={"default": "17:00 America/Chicago"},
        description="When the day of daily limits begins.",
    )
    limits: Limits = Field(default_factory=Limits, description="Risk limits over all deployments of the account.")
    balance: Amount = Field(default=Decimal(100_000), description="Money to begin with.")
    latency: Milliseconds = Field(
        default=0,
        json_schema_extra={"default": "0ms"},
        description="Delay before an order reaches the simulated market.",
    )
    slippage: Ticks = Field(
        default_factory=Decimal,
        json_schema_extra={"default": "0 ticks"},
        description='What market and stop orders lose against the price seen: "1 tick".',
    )
    partial_fill_share: Share = Field(
        default=Decimal(0), description="Share of orders that fill in two or three parts."
    )
    reject_share: Share = Field(default=Decimal(0), description="Share of orders that are rejected, to rehearse it.")
    unreachable_share: Share = Field(default=Decimal(0), description="Share of requests that never arrive.")
    timeout_share: Share = Field(
        default=Decimal(0), description="Share of requests whose answer is lost; half of them were executed."
    )
    commission: Percent = Field(
        default_factory=Decimal,
        json_schema_extra={"default": "0%"},
        description="Commission in percent of the value traded.",
    )
    commission_per_contract: Number = Field(default=Decimal(0), description="Commission per contract, in money.")
    seed: int = Field(default=1, description="The same seed rejects, and fills in parts, the same orders.")
    feed: (
        Annotated[
            Annotated[Feed, Tag("table")] | Annotated[str, Tag("name")],
            Discriminator(_name_or_table),
        ]
        | None
    ) = Field(
        default=None,
        description="Where prices come from: the name of one of the `[feeds]`, or a table of its own; without it "
        "orders fill at the prices that alerts carry.",
    )


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Leverage = Annotated[int, Field(ge=1, le=125)]


class _RealAccount(Section):
    """What accounts at real venues have in common."""

    environment: Literal["demo", "live"] = Field(
        description='"demo": the venue\'s own test money, or a simulator; "live": real money. The hosts must fit it.'
    )
    day_starts: DayStartText = Field(
        default_factory=DayStart,
        json_schema_extra={"default": "17:00 America/Chicago"},
        description="When the day of daily limits begins.",
    )
    limits: Limits = Field(default_factory=Limits, description="Risk limits over all deployments of the account.")


class BinanceAccount(_RealAccount):
    """Binance USDⓈ-M Futures, in the account's own keys. Real money where `environment = "live"`."""

    broker: Literal["binance"] = Field(description='"binance".')
    currency: str = Field(default="USDT", description="Asset that the account's balance is counted in.")
    api_key_secret: str = Field(description="Name of the secret with the API key.")
    api_secret_secret: str = Field(
        description="Name of the secret with the key's secret: its text (hmac), or the private key as PEM (ed25519)."
    )
    signature: Literal["hmac", "ed25519"] = Field(default="hmac", description="Which kind of API key it is.")
    leverage: Leverage | None = Field(
        default=None,
        description="Set at the venue before trading; without it, it stays as it is there, and margin is checked as if "
        "it were 1: the whole value of a position must be free.",
    )
    leverages: dict[str, Leverage] = Field(
        default_factory=dict, description='Of symbols that have another one: { "BINANCE:ETHUSDT.P" = 5 }.'
    )
    margin_type: Literal["cross", "isolated"] | None = Field(
        default=None, description="Set at the venue before trading; without it, it stays as it is there."
    )
    working_type: Literal["last", "mark"] = Field(
        default="last", description="The price that stops and targets are triggered by."
    )
    targets: Literal["limit", "market"] = Field(
        default="limit",
        description="How profit targets rest: as limit orders, or as market orders that wait for their price.",
    )
    recv_window: Milliseconds = Field(
        default=5_000,
        json_schema_extra={"default": "5s"},
        description="How old a request may be when it arrives; at most a minute.",
    )
    patience: Patience = 5_000
    request_timeout: RequestTimeout = 10_000
    rest_url: RestUrl = None
    stream_url: str | None = Field(default=None, description="Another address of the streams, likewise.")


class TradovateAccount(_RealAccount):
    """A futures account at Tradovate. Real money where `environment = "live"`; prop firms' are on demo."""

    broker: Literal["tradovate"] = Field(description='"tradovate".')
    currency: str = Field(default="USD", description="Currency of the account.")
    account: str = Field(description="Name of the account at Tradovate, as `DEMO12345`: a log-in may have several.")
    username: str = Field(description="The log-in's name.")
    password_secret: str = Field(description="Name of the secret with its password.")
    app_id: str = Field(default="Pinery", description="Name of the API key's application.")
    app_version: str = Field(default="1.0", description="Its version.")
    cid: Annotated[str, BeforeValidator(_as_text)] = Field(description="Client id of the API key, a number.")
    sec_secret: str = Field(description="Name of the secret with the API key's `sec`.")
    device_id: str | None = Field(
        default=None, description="A name that stays the same for this machine; without it one is made and kept."
    )
    market_data: bool = Field(
        default=False, description="Prices come from Tradovate, too: needs its subscription for API market data."
    )
    brackets: bool = Field(
        default=True,
        description="Stop and target go to Tradovate with the entry; without it Pinery places them after its fill.",
    )
    trailing_stop: bool = Field(
        default=False, description="Trailing stops rest at Tradovate; without it Pinery trails the stop itself."
    )
    split_sync: bool = Field(
        default=False, description="Ask for the account's state in parts, as business customers of Tradovate have to."
    )
    patience: Patience = 5_000
    request_timeout: RequestTimeout = 10_000
    actions_per_second: Annotated[float, Field(ge=0.1, le=10)] = Field(
        default=1.0,
        description="Orders, changes and cancels a second that are sent over longer times. Tradovate counts them.",
    )
    burst: Annotated[int, Field(ge=1, le=50)] = Field(
        default=10, description="How many of them may go at once after a pause."
    )
    actions_per_hour: Annotated[int, Field(ge=100, le=5000)] = Field(
        default=5000, description="How many in an hour; a tenth of it is kept for what closes or protects."
    )
    rest_url: RestUrl = None
    stream_url: str | None = Field(default=None, description="Another address of the user stream, likewise.")
    md_url: str | None = Field(default=None, description="Another address of market data.")


class CcxtAccount(_RealAccount):
    """An account at an exchange that the `ccxt` library knows: market and limit orders, state by asking again."""

    broker: Literal["ccxt"] = Field(description='"ccxt".')
    exchange: str = Field(description='The exchange as ccxt calls it: "bybit", "binanceusdm", "kraken".')
    currency: str = Field(default="USDT", description="Asset that the account's balance is counted in.")
    api_key_secret: str = Field(description="Name of the secret with the API key.")
    api_secret_secret: str = Field(description="Name of the secret with the key's secret.")
    password_secret: str | None = Field(
        default=None, description="Name of the secret with the key's passphrase, where the exchange wants one."
    )
    leverage: Leverage | None = Field(
        default=None,
        description="Set at the venue before trading; without it, it stays as it is there, and margin is checked as if "
        "it were 1: the whole value of a position must be free.",
    )
    symbols: dict[str, str] = Field(
        default_factory=dict,
        description='ccxt\'s names of symbols that it writes in another way: "BYBIT:ETHUSDT.P" = "ETH/USDT:USDT".',
    )
    poll: Milliseconds = Field(
        default=2_000,
        json_schema_extra={"default": "2s"},
        description="Time between two looks at orders and trades; there is no stream.",
    )
    patience: Patience = 5_000
    request_timeout: RequestTimeout = 10_000
    rest_url: Url | None = Field(
        default=None, description="Another host for all requests: a simulator's. It must be on this machine."
    )


AnyAccount = PaperAccount | BinanceAccount | TradovateAccount | CcxtAccount
