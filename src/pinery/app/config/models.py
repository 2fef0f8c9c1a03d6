"""The shape of ``pinery.toml``: a pydantic model per section. Descriptions are the reference that users read."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from pinery.app.config.account_models import AnyAccount, Feed, Limits
from pinery.app.config.sections import Count, Port, Section, Url
from pinery.app.config.values import (
    Amount,
    DistanceText,
    Hours,
    Milliseconds,
    Minutes,
    Moment,
    Number,
    Seconds,
    SecondsOrOff,
    Size,
    SizeText,
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


Networks = list[Annotated[str, AfterValidator(_network)]]


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


class ReplayMarket(Feed):
    """A market of bars played back: charts and accounts that name it see the same one, also after a restart."""

    kind: Literal["replay"] = Field(description='"replay".')
    began: Moment | None = Field(
        default=None,
        description="When the market was at `start`. Without it: the first time that it was opened, which is kept.",
    )
    skip_closed: bool = Field(default=False, description="Jump over the hours in which no symbol has bars.")


class TailMarket(Section):
    """A market that another program writes into files: every new line is a bar, or a trade."""

    kind: Literal["tail"] = Field(description='"tail".')
    bars: dict[str, str] = Field(
        description='EXCHANGE:TICKER to the file that grows, or to a pattern of names: "eth.csv", "eth-*.csv".'
    )
    timeframe: str | None = Field(default=None, description="Of its bars; without it, it is read off the first ones.")
    every: Milliseconds = Field(
        default=500, json_schema_extra={"default": "500ms"}, description="Time between two looks at the files."
    )
    live: bool = Field(default=True, description="The clock's time is the market's; false: that of the newest line.")


class BinanceMarket(Section):
    """Perpetuals of Binance USDⓈ-M Futures, their bars and prices: public, so without a key."""

    kind: Literal["binance"] = Field(description='"binance".')
    rest_url: Url | None = Field(
        default=None, description="Another address of the REST API: a simulator's on this machine."
    )
    stream_url: str | None = Field(default=None, description="Another address of the streams, likewise.")


class TradovateMarket(Section):
    """Futures of CME by Tradovate: needs its subscription for API market data, and an account's log-in."""

    kind: Literal["tradovate"] = Field(description='"tradovate".')
    account: str = Field(description='Name of the one of `[accounts]` with broker = "tradovate" whose log-in it uses.')


AnyMarket = Annotated[ReplayMarket | TailMarket | BinanceMarket | TradovateMarket, Field(discriminator="kind")]


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


class Chart(Section):
    """A script that runs on live bars; its alerts and order fills are the deployment's signals."""

    script: str = Field(description="The Pine script's file, relative to this folder.")
    feed: str = Field(description="Name of one of the `[feeds]`.")
    symbol: str | None = Field(default=None, description="EXCHANGE:TICKER of its bars; without it the deployment's.")
    timeframe: str | None = Field(default=None, description="Of its bars; without it the deployment's.")
    inputs: dict[str, str | bool | int | Decimal] = Field(
        default_factory=dict, description='The script\'s inputs by title: { "Length" = 20 }.'
    )
    history: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        default=5_000, description="Bars that the script has seen before it is live."
    )
    send: Literal["inbox", "webhook"] = Field(
        default="inbox",
        description='How alerts get to work: straight, or as "webhook" over HTTP to the deployment\'s own address.',
    )
    token_secret: str | None = Field(
        default=None,
        description='Name of the secret with the token that send = "webhook" uses; needed only where charts and '
        "gateway run in different folders.",
    )
    kinds: Annotated[list[Literal["alert", "alertcondition", "order"]], Field(min_length=1)] = Field(
        default=["alert", "alertcondition", "order"], description="Which alerts are sent."
    )
    message: str = Field(
        default="",
        description="Of order fills, with TradingView's placeholders; without it as `pinery alert template` prints it.",
    )
    missed: Literal["record", "act"] = Field(
        default="record",
        description='What is done about an alert that should have fired while the chart was down: "act" sends it '
        "after all, while it is younger than `missed_within`.",
    )
    missed_within: Seconds = Field(
        default=300, json_schema_extra={"default": "5m"}, description="How old a missed alert may be to be sent."
    )
    silence: SecondsOrOff = Field(
        default=120,
        json_schema_extra={"default": "2m"},
        description='An alarm after so long without a price while the market is open; "off": none.',
    )


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
    chart: Chart | None = Field(default=None, description="A script that gives its signals; without it alerts do.")


StageLimit = Annotated[Literal[False] | Number, Field(union_mode="left_to_right")]


class StageRules(Section):
    """What a stage allows, and what `pinery promote` asks for before it; docs/stages.md lists figures and defaults."""

    max_contracts: Amount | None = Field(
        default=None, description="Most contracts per order and position; small has 1 by itself, the others none."
    )
    at_least: dict[str, StageLimit] = Field(
        default_factory=dict, description="What is asked for before it: { days = 14, trades = 30 }; false lifts one."
    )
    at_most: dict[str, StageLimit] = Field(
        default_factory=dict, description="As at_least: { latency_p99 = 1, max_drawdown_percent = 5 }."
    )


def _small(value: Any) -> Any:
    return {"max_contracts": 1} | value if isinstance(value, dict) else value


class Stages(Section):
    """What comes with a deployment's stage."""

    paper: StageRules = Field(default_factory=StageRules, description="Simulated trades.")
    small: Annotated[StageRules, BeforeValidator(_small)] = Field(
        default_factory=lambda: StageRules(max_contracts=Decimal(1)), description="First real trades."
    )
    production: StageRules = Field(default_factory=StageRules, description="Real trades.")


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


class HttpChannel(_Channel):
    """Events as JSON, posted to an address of your own."""

    type: Literal["http"] = Field(description='"http".')
    url: Url | None = Field(default=None, description="Where to, as `https://bot.example.com/pinery`.")
    url_secret: str | None = Field(
        default=None, description="Name of the secret with the address instead, where its path is one."
    )
    token_secret: str | None = Field(
        default=None, description="Name of the secret that is sent as `Authorization: Bearer …`."
    )
    timeout: Seconds = Field(
        default=10, json_schema_extra={"default": "10s"}, description="Longest wait for an answer."
    )

    @model_validator(mode="after")
    def _one_address(self) -> HttpChannel:
        if bool(self.url) == bool(self.url_secret):
            raise ValueError("needs either url or url_secret")
        return self


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
    charts: Annotated[int, Field(ge=0, le=64)] = Field(
        default=1, description="Processes that run scripts on live bars; they share the charts."
    )
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
    feeds: dict[str, AnyMarket] = Field(
        default_factory=dict, description="Markets by name, for charts and paper accounts."
    )
    accounts: dict[str, Annotated[AnyAccount, Field(discriminator="broker")]] = Field(
        default_factory=dict, description="Accounts by name."
    )
    deployments: dict[str, Deployment] = Field(default_factory=dict, description="Deployments by name.")
    stages: Stages = Field(default_factory=Stages, description="Caps per stage.")
    notify: dict[str, Annotated[ConsoleChannel | MailChannel | HttpChannel, Field(discriminator="type")]] = Field(
        default_factory=dict, description="Channels by name; without any, warnings go to the console."
    )
    retention: RetentionModel = Field(default_factory=RetentionModel, description="How long things are kept.")
    backup: Backup = Field(default_factory=Backup, description="Weekly copies.")
    up: Up = Field(default_factory=Up, description="Processes.")
    log: Log = Field(default_factory=Log, description="Logging.")
