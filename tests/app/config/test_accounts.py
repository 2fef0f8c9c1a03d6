"""Accounts with real brokers: what the file may say, what is said of mistakes, and which stage fits which money."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from pinery.adapters.binance.settings import BinanceSettings
from pinery.adapters.ccxt.settings import CcxtSettings
from pinery.adapters.tradovate.settings import TradovateSettings
from pinery.app.config.broker_settings import Given, credentials, hosts, settings_of
from pinery.app.config.configuration import Configuration
from pinery.app.config.effective import effective
from pinery.app.up.directory import ConfiguredDirectory
from pinery.market.rolls import front
from pinery.market.symbols import lookup
from pinery.trading.broker import Environment
from pinery.trading.deployments import Stage
from pinery.trading.windows import exchange_day
from tests.app.config.conftest import Ended

Load = Callable[..., Configuration]
Findings = Callable[..., tuple[str, ...]]

SECRETS = '[secrets]\nkey = "KEYKEYKEY"\nsecret = "SECRETSECRET"\n'
BINANCE = """\
[accounts.main]
broker = "binance"
environment = "demo"
api_key_secret = "key"
api_secret_secret = "secret"
"""
TRADOVATE = """\
[accounts.main]
broker = "tradovate"
environment = "demo"
account = "DEMO12345"
username = "ann"
password_secret = "key"
cid = 8
sec_secret = "secret"
"""
CCXT = """\
[accounts.main]
broker = "ccxt"
exchange = "binanceusdm"
environment = "demo"
api_key_secret = "key"
api_secret_secret = "secret"
"""


def settings(configuration: Configuration) -> object:
    return settings_of(configuration.account("main"), Given(configuration.folder, configuration.secret))


def test_an_account_at_binance(load: Load) -> None:
    more = 'leverage = 5\nleverages = { "BINANCE:ETHUSDT.P" = 3 }\nmargin_type = "isolated"\npatience = "6s"\n'
    found = load(BINANCE + more, SECRETS)
    account, made = found.account("main"), settings(found)
    assert (account.broker, account.environment, account.currency) == ("binance", Environment.DEMO, "USDT")
    assert account.leverage == account.leverage_of("BINANCE:BTCUSDT.P") == Decimal(5)
    assert account.leverage_of("BINANCE:ETHUSDT.P") == Decimal(3)
    assert isinstance(made, BinanceSettings)
    assert (made.api_key, made.leverage_of("BINANCE:ETHUSDT.P"), made.margin_type) == ("KEYKEYKEY", 3, "isolated")
    assert (made.patience, made.recv_window, made.request_timeout) == (6.0, 5000, 10.0)


def test_an_account_at_tradovate_keeps_its_token_beside_pinery_toml(load: Load, tmp_path: Path) -> None:
    found = load(TRADOVATE, SECRETS)
    made = settings(found)
    assert isinstance(made, TradovateSettings)
    assert (made.cid, made.password, made.account) == ("8", "KEYKEYKEY", "DEMO12345")
    assert made.token_file.parent == tmp_path
    assert found.account("main").currency == "USD"


def test_an_account_at_an_exchange_that_ccxt_knows(load: Load) -> None:
    made = settings(load(CCXT + 'rest_url = "http://127.0.0.1:7001"\npoll = "500ms"\n', SECRETS))
    assert isinstance(made, CcxtSettings)
    assert (made.exchange, made.rest_url, made.poll) == ("binanceusdm", "http://127.0.0.1:7001", 0.5)


@pytest.mark.parametrize("text", [BINANCE, TRADOVATE, CCXT])
def test_hosts_and_environments_are_shown_and_secrets_never(
    load: Load, text: str, command: Callable[..., Ended], tmp_path: Path
) -> None:
    found = load(text, SECRETS)
    assert "demo" in json.dumps(effective(found))
    shown = command("config", "show", tmp_path).out + command("config", "show", tmp_path, "--json").out
    checked = command("config", "check", tmp_path)
    assert checked.code == 0
    for said in (shown, checked.out, repr(found), repr(settings(found))):
        assert "KEYKEYKEY" not in said and "SECRETSECRET" not in said
    given = Given(found.folder, found.secret)
    for host in hosts(found.account("main"), given).values():
        assert host in shown and host in checked.out
    assert "demo" in checked.out


LOCAL = 'rest_url = "http://127.0.0.1:1"\nstream_url = "ws://127.0.0.1:1"'
LOCAL_REST = 'rest_url = "http://127.0.0.1:1"'
MISTAKES = {
    "unknown setting": (
        BINANCE,
        "leverag = 3",
        "line 6: [accounts.main] leverag: there is no such setting; did you mean",
    ),
    "leverage": (
        BINANCE,
        "leverage = 126",
        "line 6: [accounts.main] leverage: 126 cannot be used: input should be less",
    ),
    "leverages": (BINANCE, "leverages = { 'A:B' = 0 }", "[accounts.main] leverages.A:B: 0 cannot be used"),
    "live host": (
        BINANCE,
        'rest_url = "https://fapi.binance.com"',
        "line 6: [accounts.main] rest_url: leads to fapi.binance.com, where money is real",
    ),
    "simulator": (BINANCE.replace('"demo"', '"live"'), LOCAL, "line 6: [accounts.main] rest_url: leads to 127.0.0.1"),
    "environment": (
        BINANCE.replace('"demo"', '"paper"'),
        "",
        'line 3: [accounts.main] environment: "paper" is not known; known are demo, live',
    ),
    "no environment": (BINANCE.replace('environment = "demo"\n', ""), "", "[accounts.main] environment: is missing"),
    "no secret": (
        BINANCE.replace('"secret"', '"other"'),
        "",
        'line 5: [accounts.main] api_secret_secret: there is no secret "other"; write other = "…" under [secrets]',
    ),
    "no key": (BINANCE, 'signature = "ed25519"', "[accounts.main] api_secret_secret: "),
    "window": (BINANCE, 'recv_window = "2m"', "line 6: [accounts.main] recv_window: is a whole number from 1000 to"),
    "tradovate's live host": (
        TRADOVATE,
        'rest_url = "https://live.tradovateapi.com/v1"',
        "line 9: [accounts.main] rest_url: live.tradovateapi.com is live, but the account's environment is demo",
    ),
    "client id": (TRADOVATE.replace("cid = 8", "cid = true"), "", "line 7: [accounts.main] cid: true is not text"),
    "misspelt": (TRADOVATE, "passwort_secret = 'x'", "did you mean 'password_secret'?"),
    "exchange": (
        CCXT.replace("binanceusdm", "binanceusdn"),
        "",
        "line 3: [accounts.main] exchange: is an exchange that ccxt knows (did you mean 'binanceusdm'?), not",
    ),
    "elsewhere": (CCXT, 'rest_url = "https://example.com"', "line 7: [accounts.main] rest_url: is https://example.com"),
    "simulator by ccxt": (
        CCXT.replace('"demo"', '"live"'),
        LOCAL_REST,
        "rest_url: is http://127.0.0.1:1, a simulator's, and the account is live",
    ),
    "no broker": ("[accounts.main]\n", "", '[accounts.main] broker: is missing; write broker = "paper", "binance"'),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_says_where_and_what(findings: Findings, name: str) -> None:
    text, more, said = MISTAKES[name]
    found = findings(f"{text}{more}\n", SECRETS)
    assert said in found[0], found
    assert all("SECRETSECRET" not in one for one in found)


def test_a_missing_secret_and_a_wrong_host_are_told_at_once(findings: Findings) -> None:
    found = findings(BINANCE + 'rest_url = "https://fapi.binance.com"\n')
    assert len(found) == 3, found
    assert sum("there is no secret" in one for one in found) == 2 and any("money is real" in one for one in found)


def test_a_secret_may_come_from_the_environment(load: Load) -> None:
    made = settings(load(BINANCE, "", {"PINERY_SECRET_KEY": "A", "PINERY_SECRET_SECRET": "B"}))
    assert isinstance(made, BinanceSettings) and (made.api_key, made.api_secret) == ("A", "B")


def test_a_new_secret_connects_the_account_anew(load: Load) -> None:
    directory = ConfiguredDirectory(load(BINANCE, SECRETS))
    before = directory.configured("main")
    directory.use(load(BINANCE, SECRETS + 'other = "x"\n'))
    assert directory.configured("main") == before
    directory.use(load(BINANCE, SECRETS.replace("KEYKEYKEY", "NEW")))
    assert directory.configured("main") != before
    assert directory.configured("nobody") == (None, ())


def test_secrets_are_asked_for_by_the_names_of_the_file(load: Load) -> None:
    found = load(TRADOVATE, SECRETS)
    assert credentials(found.account("main"), found.secrets) == ("KEYKEYKEY", "SECRETSECRET")


# --- stage and money ------------------------------------------------------------------

DEPLOYMENT = """\
[deployments.eth]
account = "main"
symbol = "BINANCE:ETHUSDT.P"
stage = "{stage}"
bracket.stop = "1%"
"""
PAPER = '[accounts.main]\nbroker = "paper"\ncurrency = "USDT"\n'
LIVE = BINANCE.replace('"demo"', '"live"')


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("account", [PAPER, BINANCE, LIVE], ids=["paper", "demo", "live"])
def test_only_the_stages_of_real_money_trade_on_a_live_account(
    load: Load, findings: Findings, stage: Stage, account: str
) -> None:
    """Nothing but the account changes; the deployment stays as it is."""
    text = account + DEPLOYMENT.format(stage=stage.value)
    if stage is Stage.PAPER and account is LIVE:
        (found,) = findings(text, SECRETS)
        assert "paper must not trade on main, which is a live account" in found
        return
    warnings = " ".join(load(text, SECRETS).warnings)
    real = stage in (Stage.SMALL, Stage.PRODUCTION)
    assert ("no real money is traded" in warnings) == (real and account is not LIVE)


@pytest.mark.parametrize(
    ("account", "one", "other", "warned"),
    [
        (BINANCE, "", "", True),
        (TRADOVATE, "", 'direction = "long"', True),
        (BINANCE, 'direction = "long"', 'direction = "short"', True),
        (BINANCE, 'direction = "long"', 'direction = "long"', False),
        (BINANCE, "", 'stage = "backtest"', False),
        ('[accounts.main]\nbroker = "paper"\n', "", "", False),
    ],
)
def test_deployments_that_would_net_are_told_of(load: Load, account: str, one: str, other: str, warned: bool) -> None:
    today = exchange_day(lookup("CME_MINI:ES1!"), time.time_ns() // 1_000_000)  # in the evening the next one
    contract = f"CME_MINI:{front('ES', today).ticker}"
    both = (("one", "CME_MINI:ES1!", one), ("other", contract, other))
    text = account + "".join(
        f'[deployments.{name}]\naccount = "main"\nsymbol = "{symbol}"\n{more}\n' for name, symbol, more in both
    )
    found = [warning for warning in load(text, SECRETS).warnings if "OPPOSITE_SIDE" in warning]
    assert len(found) == warned
    if warned:
        assert f"[deployments.other] account: trades {contract} in main as one does" in found[0]


@pytest.mark.parametrize(
    ("account", "more", "warned"),
    [
        (BINANCE, "", True),
        (CCXT, "", True),
        (BINANCE + "leverage = 5\n", "", False),
        (BINANCE + 'leverages = { "BINANCE:ETHUSDT.P" = 5 }\n', "", False),
        (BINANCE + 'leverages = { "BINANCE:BTCUSDT.P" = 5 }\n', "", True),
        (BINANCE + "limits.margin_check = false\n", "", False),
        (BINANCE, "limits.margin_check = false\n", False),
        (BINANCE, '[symbols."ETHUSDT.P"]\nmargin = 300\n', False),
        (PAPER, "", False),
    ],
)
def test_a_leverage_that_nobody_has_told_is_named(load: Load, account: str, more: str, warned: bool) -> None:
    """The desk then counts the whole value as margin, and denies what the venue would take."""
    warnings = load(account + DEPLOYMENT.format(stage="paper") + more, SECRETS).warnings
    found = [warning for warning in warnings if "margin is checked as if it were 1" in warning]
    assert len(found) == warned
    if warned:
        assert "[accounts.main]: has no leverage for BINANCE:ETHUSDT.P" in found[0]
