"""The shape of ``pinery.toml``: a pydantic model per section. Descriptions are the reference that users read."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pinery.app.config.values import (
    Amount,
    DayStart,
    DayStartText,
    DistanceText,
    Hours,
    Milliseconds,
    Minutes,
    Moment,
    Number,
    Percent,
    Seconds,
    SecondsOrOff,
    Share,
    Size,
    SizeText,
    Ticks,
    TimeOfDay,
)
from pinery.gateway.settings import ControlSettings, WebhookSettings
from pinery.market.rolls import check_rule

TRADINGVIEW = "tradingview"
_WEBHOOK, _CONTROL = WebhookSettings(), ControlSettings()


def _network(text: str) -> str:
    if text != TRADINGVIEW:
        try:
            ip_network(text, strict=False)
        except ValueError:
            raise ValueError(f'"{text}" is no address; write "203.0.113.7", "10.0.0.0/8" or "tradingview"') from None
    return text


def _roll(text: str) -> str:
    check_rule(text)
    return text


def _url(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError(f'"{text}" must begin with http:// or https://')
    return text.rstrip("/")


Networks = list[Annotated[str, AfterValidator(_network)]]
Url = Annotated[str, AfterValidator(_url)]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Store(Section):
    """Where signals, orders and positions are kept."""

    url: str = Field(
        default="sqlite:///pinery.db",
        description="`sqlite:///FILE` (relative to this folder) or `postgresql://USER@HOST/DATABASE`, "
        "which several machines may share.",
    )
    password_secret: str | None = Field(default=None, description="Name of the secret with the database's password.")


class Webhook(Section):
    """The server that receives alerts."""

    host: str = Field(default=_WEBHOOK.host, description='Address to listen on; "0.0.0.0" for all.')
    port: Port = Field(default=_WEBHOOK.port, description="Port to listen on.")
    public_url: Url = Field(default="", description="How senders reach it, as `https://alerts.example.com`.")
    allowed_addresses: Networks = Field(
        default=[TRADINGVIEW],
        description='Who may send: addresses or networks; "tradingview" stands for TradingView\'s own.',
    )
    allow_loopback: bool = Field(default=False, description="This machine may send too: for tries with curl.")
    trusted_proxies: Networks = Field(default=[], description="Proxies whose X-Forwarded-For is believed.")
    max_body: Count = Field(default=_WEBHOOK.max_body, description="Longest message, in bytes.")
    rate: Amount = Field(
        default=Decimal(1000), description="Messages a second that each deployment may receive in the long run."
    )
    burst: Count = Field(default=_WEBHOOK.burst, description="Messages that may come at once.")
    bad_token_rate: Amount = Field(
        default=Decimal(5), description="Wrong tokens a second, per address, before it is cut off."
    )


class Control(Section):
    """The API and dashboard, behind logins."""

    host: str = Field(default=_CONTROL.host, description="Address to listen on.")
    port: Port = Field(default=_CONTROL.port, description="Port to listen on.")
    public_url: Url = Field(default="", description="How browsers reach it.")
    session: Minutes = Field(
        default=_CONTROL.session_minutes, json_schema_extra={"default": "12h"}, description="How long a login lasts."
    )
    secure_cookies: bool = Field(default=False, description="Set it where browsers come over https.")
    trusted_proxies: Networks = Field(default=[], description="Proxies whose X-Forwarded-For is believed.")


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
        description='EXCHANGE:TICKER to a file of bars, or to the timeframe of stored ones: "eth.csv", "5".'
    )
    speed: Number = Field(default=Decimal(1), description="Bar time per clock time: 60 plays an hour in a minute.")
    loop: bool = Field(default=True, description="Begin again at the end.")
    start: Moment | None = Field(default=None, description="First moment: a date, or a time with it.")
    seed: int = Field(default=1, description="The same seed meets the same prices inside of bars.")


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
    feed: Feed | None = Field(
        default=None, description="Where prices come from; without it orders fill at the prices that alerts carry."
    )


class Bracket(Section):
    """Protection of a position: it rests at the broker from the first fill on."""

    stop: DistanceText | None = Field(
        default=None,
        description='Stop loss from the entry: "1%", "7 points", "20 ticks", or "signal": as the alert says.',
    )
    target: DistanceText | None = Field(default=None, description="Profit target, written as the stop.")
    trail: DistanceText | None = Field(default=None, description="Trailing stop; with a stop, the closer one holds.")
    from_signal: bool = Field(default=True, description="A stop or target that the alert states comes first.")
    max_bars: Count | None = Field(default=None, description="Bars of the timeframe after which a position is closed.")
    max_time: Minutes | None = Field(default=None, description="Time after which a position is closed.")
    flat_at_session_end: bool = Field(default=False, description="Close when the trading hours end.")


class Deployment(Section):
    """A strategy at work: which alerts, which account, what size, which protection."""

    account: str = Field(description="Name of the account it trades in.")
    symbol: str = Field(description="EXCHANGE:TICKER that alerts without a symbol mean; `CME_MINI:ES1!` is mapped.")
    timeframe: str = Field(default="", description='Chart timeframe in TradingView\'s notation: "5", "60", "1D".')
    stage: Literal["backtest", "paper", "small", "production"] = Field(
        default="paper", description="How far it is trusted: backtest records signals only, small is capped."
    )
    size: SizeText = Field(
        default_factory=Size,
        json_schema_extra={"default": 1},
        description='1 contract, "5000 USD" worth, "10%" of equity, or "risk 250 USD" lost at the stop.',
    )
    size_from_alert: bool = Field(default=True, description="A quantity that the alert states comes first.")
    size_multiplier: Amount = Field(default=Decimal(1), description="Times the quantity that the alert states.")
    symbols: dict[str, str] = Field(
        default_factory=dict, description='More symbols: the alert\'s name to EXCHANGE:TICKER, as ES = "CME_MINI:ES1!".'
    )
    contracts: dict[str, str] = Field(
        default_factory=dict, description='Futures month by hand: "CME_MINI:ES1!" = "CME_MINI:ESZ2026".'
    )
    words: dict[str, str] = Field(
        default_factory=dict,
        description='Your own signal names: `GO = "enter_long"`; also enter_short, exit, exit_long, exit_short, '
        "reverse, buy, sell.",
    )
    template: str | None = Field(default=None, description="Format of the messages, where it is your own.")
    preset: str | None = Field(
        default=None, description="Format of a known sender (`pinery alert formats`); else found out."
    )
    direction: Literal["both", "long", "short"] = Field(default="both", description="Sides it may open.")
    on_opposite: Literal["reverse", "close", "ignore"] = Field(
        default="reverse", description="What an entry against the position held does."
    )
    max_entries: Count = Field(default=1, description="Entries on one side before more are refused.")
    entry: Literal["market", "limit"] = Field(default="market", description="Type of entry orders.")
    limit_offset: DistanceText | None = Field(
        default=None, description="How much better than the alert's price a limit entry waits."
    )
    entry_timeout: SecondsOrOff = Field(
        default=300,
        json_schema_extra={"default": "5m"},
        description='When an unfilled limit entry is canceled; "off": it stays.',
    )
    retry_window: Seconds = Field(
        default=30,
        json_schema_extra={"default": "30s"},
        description="The same message again within it is the same alert.",
    )
    paused: bool = Field(default=False, description="Messages are kept and not acted on.")
    bracket: Bracket = Field(default_factory=Bracket, description="Stop, target, holding time.")
    limits: Limits = Field(default_factory=Limits, description="Risk limits of this deployment.")


class StageCap(Section):
    """Cap of a stage: 1 contract for small, none for the others, unless said here."""

    max_contracts: Amount | None = Field(default=None, description="Most contracts per order and position.")


class Stages(Section):
    """Caps that come with a deployment's stage."""

    paper: StageCap = Field(default_factory=StageCap, description="Cap of paper trading; none by itself.")
    small: StageCap = Field(
        default_factory=lambda: StageCap(max_contracts=Decimal(1)), description="Cap of first real trades."
    )
    production: StageCap = Field(default_factory=StageCap, description="Cap of production; none by itself.")


class SymbolRules(Section):
    """What holds for a symbol in every deployment."""

    trading_hours: Hours | None = Field(default=None, description="When positions may be opened.")
    margin: Amount | None = Field(default=None, description="Initial margin per contract.")
    contract: str | None = Field(default=None, description="Futures month by hand, as `CME_MINI:ESZ2026`.")
    roll: Annotated[str, AfterValidator(_roll)] | None = Field(
        default=None,
        description='When the next futures month takes over: "monday" of the week of the last entry day, "thursday" '
        'of the week before, or "5 days" before it.',
    )


class Symbols(BaseModel):
    """Rules per symbol ("ES", "ETHUSDT.P" or "BINANCE:ETHUSDT.P"), and a file with more symbols."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, SymbolRules] = Field(init=False)

    file: str | None = Field(default=None, description="A TOML file with more instruments, for scripts and trading.")


class _Channel(Section):
    severity: Literal["info", "warning", "critical"] = Field(default="warning", description="From which severity on.")
    events: list[str] = Field(default=["*"], description='Kinds of events, as "order.*".')
    deployments: list[str] = Field(default=[], description="Only of these deployments; empty: of all.")


class ConsoleChannel(_Channel):
    """Events as lines of the log."""

    type: Literal["console"] = Field(description='"console".')


class MailChannel(_Channel):
    """Events as e-mail."""

    type: Literal["smtp"] = Field(description='"smtp".')
    host: str = Field(description="Mail server.")
    port: Port | None = Field(default=None, description="Its port; without it 587, 465 or 25, by security.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="Encryption of the connection."
    )
    username: str = Field(default="", description="Login at the server, where it wants one.")
    password_secret: str | None = Field(default=None, description="Name of the secret with the password.")
    sender: str = Field(description="From address.")
    recipients: list[str] = Field(min_length=1, description="To addresses.")
    subject_prefix: str = Field(default="[Pinery] ", description="Begin of every subject.")
    timeout: Seconds = Field(
        default=15, json_schema_extra={"default": "15s"}, description="Longest wait for the server, at each step."
    )
    ca_file: str = Field(default="", description="Certificates to trust besides the system's own: a PEM file.")


class RetentionModel(Section):
    """How long things are kept."""

    detail_days: Count = Field(default=92, description="Days of detail: messages, journal, order histories.")
    summary_days: Count = Field(default=365, description="Days of signals, orders and fills. Trades and audit stay.")


class Backup(Section):
    """Full copies of the store."""

    folder: str = Field(default="backups", description="Where they go.")
    weekly: bool = Field(default=True, description="Make one a week while `pinery up` runs.")
    day: Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] = Field(default="Sun", description="On which day.")
    at: TimeOfDay = Field(
        default_factory=lambda: time(3, 0), json_schema_extra={"default": "03:00"}, description="At what time, UTC."
    )
    keep: Count = Field(default=8, description="How many are kept.")


class Up(Section):
    """Processes that `pinery up` starts."""

    workers: Annotated[int, Field(ge=0, le=64)] = Field(default=1, description="Processes that trade.")
    gateways: Annotated[int, Field(ge=0, le=64)] = Field(default=1, description="Processes that receive alerts.")
    settle: Milliseconds = Field(
        default=0,
        json_schema_extra={"default": "0ms"},
        description="Wait for more messages of a burst before working on them.",
    )


class Log(Section):
    """What is logged."""

    level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="info", description="From which level on."
    )
    format: Literal["auto", "json", "console"] = Field(
        default="auto", description="auto: console at a terminal, else JSON."
    )


def _symbols(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


class Root(Section):
    """pinery.toml: settings of a folder, for scripts and for trading."""

    libraries: list[str] = Field(default=[], description="Folders with `name/library/version.pine`, for scripts.")
    symbols: Annotated[Symbols, BeforeValidator(_symbols)] = Field(
        default_factory=lambda: Symbols(), description="Rules per symbol; or just the name of a file with more symbols."
    )
    limits: dict[str, Any] = Field(
        default_factory=dict, description="Limits of script runs (not of trading), as `max_loop_seconds`."
    )
    store: Store = Field(default_factory=Store, description="Where everything is kept.")
    webhook: Webhook = Field(default_factory=Webhook, description="The server that receives alerts.")
    control: Control = Field(default_factory=Control, description="The API and dashboard.")
    accounts: dict[str, PaperAccount] = Field(default_factory=dict, description="Accounts by name.")
    deployments: dict[str, Deployment] = Field(default_factory=dict, description="Deployments by name.")
    stages: Stages = Field(default_factory=Stages, description="Caps per stage.")
    notify: dict[str, Annotated[ConsoleChannel | MailChannel, Field(discriminator="type")]] = Field(
        default_factory=dict, description="Channels by name; without any, warnings go to the console."
    )
    retention: RetentionModel = Field(default_factory=RetentionModel, description="How long things are kept.")
    backup: Backup = Field(default_factory=Backup, description="Weekly copies.")
    up: Up = Field(default_factory=Up, description="Processes.")
    log: Log = Field(default_factory=Log, description="Logging.")
