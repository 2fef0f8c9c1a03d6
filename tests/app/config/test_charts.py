"""Feeds and charts in pinery.toml: what becomes of them, and what is said of mistakes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.config.effective import effective
from pinery.app.config.reading import check_everything, load_configuration
from pinery.app.config.secrets import make_key
from pinery.charts.settings import ChartSettings, FeedSettings, Missed, Send
from pinery.trading.errors import ConfigError

BARS = "time,open,high,low,close,volume\n1700000000,1,2,0.5,1.5,10\n1700000060,1.5,2,1,1.2,10\n"
SCRIPT = """//@version=6
indicator("Crossing")
length = input.int(14, "Length", minval = 1, maxval = 50)
plot(ta.sma(close, length))
"""
HEAD = """\
[webhook]
allow_loopback = true
[feeds.market]
kind = "replay"
bars = { "BINANCE:ETHUSDT.P" = "eth.csv", "CME_MINI:ES1!" = "eth.csv" }
speed = 60
[accounts.paper]
broker = "paper"
feed = "market"
[deployments.eth]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
timeframe = "5"
[deployments.eth.chart]
feed = "market"
"""

Load = Callable[..., Configuration]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "eth.csv").write_text(BARS)
    (tmp_path / "crossing.pine").write_text(SCRIPT)
    return tmp_path


def loaded(folder: Path, text: str, environment: dict[str, str] | None = None) -> Configuration:
    (folder / "pinery.toml").write_text(text)
    return load_configuration(folder, environment or {})


def said(folder: Path, text: str, environment: dict[str, str] | None = None) -> tuple[str, ...]:
    """Every error, the scripts' too."""
    (folder / "pinery.toml").write_text(text)
    with pytest.raises(ConfigError) as raised:
        check_everything(folder, environment or {})
    return raised.value.findings


def test_a_chart_takes_symbol_and_timeframe_of_its_deployment(folder: Path) -> None:
    configuration = loaded(folder, HEAD + 'script = "crossing.pine"\ninputs = { Length = 20, "Some factor" = 1.5 }\n')

    assert configuration.charts == {
        "eth": ChartSettings(
            "eth",
            folder / "crossing.pine",
            "market",
            "BINANCE:ETHUSDT.P",
            "5",
            {"Length": 20, "Some factor": 1.5},
        )
    }
    assert configuration.feeds["market"].kind == "replay"
    assert configuration.feeds["market"].options["speed"] == 60.0
    assert configuration.up.charts == 1


def test_every_setting_of_a_chart(folder: Path) -> None:
    text = HEAD + (
        'script = "crossing.pine"\nsymbol = "cme_mini:es1!"\ntimeframe = "60"\nhistory = 100\nsend = "webhook"\n'
        'kinds = ["order"]\nmessage = "{{ticker}} IN"\nmissed = "act"\nmissed_within = "90s"\nsilence = "off"\n'
        "[up]\ncharts = 3\n"
    )
    configuration = loaded(folder, text)
    chart = configuration.charts["eth"]

    assert (chart.symbol, chart.timeframe, chart.history) == ("CME_MINI:ES1!", "60", 100)
    assert (chart.send, chart.missed, chart.missed_within) == (Send.WEBHOOK, Missed.ACT, 90)
    assert (chart.kinds, chart.message, chart.silence) == (frozenset({"order"}), "{{ticker}} IN", None)
    assert configuration.up.charts == 3
    shown = effective(configuration)
    assert shown["charts"]["eth"]["send"] == "webhook"
    json.dumps(shown)


def test_a_market_of_files_that_grow(folder: Path) -> None:
    feed = '[feeds.x]\nkind = "tail"\nbars = { "BINANCE:ETHUSDT.P" = "live-*.csv" }\ntimeframe = "1"\nevery = "250ms"\n'
    options = loaded(folder, HEAD + f'script = "crossing.pine"\n{feed}').feeds["x"].options
    assert options == {
        "bars": {"BINANCE:ETHUSDT.P": "live-*.csv"}, "timeframe": "1", "every": 0.25, "live": True,
    }  # fmt: skip
    wrong = feed.replace('"1"', '"1x"').replace("live-*.csv", "nowhere/live.csv")
    said_of = said(folder, HEAD + f'script = "crossing.pine"\n{wrong}')
    assert len(said_of) == 2 and all("[feeds.x]" in text for text in said_of)


def test_a_contract_month_has_the_prices_of_its_continuous_future(folder: Path) -> None:
    loaded(folder, HEAD + 'script = "crossing.pine"\nsymbol = "CME_MINI:ESZ2026"\n')


def test_an_account_may_name_a_feed_or_have_its_own(folder: Path) -> None:
    own = '[accounts.b]\nbroker = "paper"\nfeed = { kind = "replay", bars = { "BINANCE:ETHUSDT.P" = "eth.csv" } }\n'
    accounts = loaded(folder, HEAD + 'script = "crossing.pine"\n' + own).accounts

    named = accounts["paper"].options["feed"]
    assert isinstance(named, FeedSettings)
    assert named.name == "market"
    assert accounts["b"].options["feed"]["bars"] == {"BINANCE:ETHUSDT.P": "eth.csv"}


def test_a_chart_with_a_webhook_has_a_token_of_its_own(folder: Path) -> None:
    text = HEAD + 'script = "crossing.pine"\nsend = "webhook"\n'
    assert "eth" not in loaded(folder, text).hooks

    make_key(folder)
    configuration = loaded(folder, text)
    token = configuration.secrets.chart_token("eth")
    assert token is not None
    assert len(configuration.hooks["eth"].token_hashes) == 1
    assert token not in repr(configuration)
    assert os.stat(folder / ".pinery.key").st_mode & 0o077 == 0

    before = (folder / ".pinery.key").read_bytes()
    make_key(folder)
    assert (folder / ".pinery.key").read_bytes() == before


def test_a_chart_may_have_its_token_from_the_secrets(folder: Path) -> None:
    text = HEAD + 'script = "crossing.pine"\nsend = "webhook"\ntoken_secret = "eth"\n'
    assert said(folder, text) == (
        'pinery.toml line 18: [deployments.eth] chart.token_secret: there is no secret "eth"; '
        'write eth = "…" under [secrets] in pinery.secrets.toml, or set PINERY_SECRET_ETH',
    )
    assert "32 or more" in said(folder, text, {"PINERY_SECRET_ETH": "short"})[0]
    configuration = loaded(folder, text, {"PINERY_SECRET_ETH": "a" * 40})
    assert configuration.secrets.chart_token("eth", "eth") == "a" * 40
    assert len(configuration.hooks["eth"].token_hashes) == 1


@pytest.mark.parametrize(
    ("chart", "expected"),
    [
        ('script = "crossing.pine"\nsymbol = "BINANCE:BTCUSDT.P"', "chart.symbol: the feed market has no bars of"),
        ('script = "crossing.pine"\ntimeframe = "5x"', 'chart.timeframe: "5x" is no timeframe'),
        ('script = "crossing.pine"\nhistry = 5', "chart.histry: there is no such setting; did you mean 'history'?"),
        ('script = "crossing.pine"\nsend = "mail"', 'chart.send: "mail" is not known; known are inbox, webhook'),
        ('script = "crosing.pine"', "chart.script: there is no file"),
        ('script = "crossing.pine"\ninputs = { Lenght = 5 }', "chart.inputs.Lenght: "),
        ('script = "crossing.pine"\ninputs = { Length = 500 }', "chart.inputs.Length: "),
        ('script = "bad.pine"', "chart.script: bad.pine: line 3, column 6: "),
        ('script = "library.pine"', "is a library: no chart can run it"),
    ],
)
def test_mistakes_in_a_chart(folder: Path, chart: str, expected: str) -> None:
    (folder / "bad.pine").write_text('//@version=6\nindicator("Bad")\nplot(clsoe)\n')
    (folder / "library.pine").write_text('//@version=6\nlibrary("Lib")\nexport one() => 1\n')
    findings = said(folder, HEAD + chart + "\n")
    assert len(findings) == 1
    assert findings[0].startswith("pinery.toml line ")
    assert expected in findings[0]


def test_unknown_feeds(folder: Path) -> None:
    text = HEAD.replace('feed = "market"', 'feed = "markt"')
    findings = said(folder, text + 'script = "crossing.pine"\n')
    assert findings == (
        "pinery.toml line 9: [accounts.paper] feed: there is no feed \"markt\"; did you mean 'market'?",
        "pinery.toml line 15: [deployments.eth] chart.feed: there is no feed \"markt\"; did you mean 'market'?",
    )


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        ('[feeds.x]\nkind = "reply"\nbars = {}', "[feeds.x] kind: \"reply\" is not known; did you mean 'replay'?"),
        ("[feeds.x]\nbars = {}", '[feeds.x] kind: is missing; write kind = "replay", "tail", "binance" or "tradovate"'),
        (
            '[feeds.x]\nkind = "tradovate"\naccount = "paper"',
            '[feeds.x] account: "paper" is no account with broker = "tradovate"; there is none yet',
        ),
        (
            '[feeds.x]\nkind = "binance"\nrest_url = "https://fapi.binance.com"',
            "[feeds.x]: stream_url is missing",
        ),
        (
            '[feeds.x]\nkind = "replay"\nsped = 1\nbars = {}',
            "[feeds.x] sped: there is no such setting; did you mean 'speed'",
        ),
        (
            '[feeds.x]\nkind = "replay"\nbars = { "BINANCE:ETHUSDT.P" = "gone.csv" }',
            "[feeds.x]: bars of the replay feed names",
        ),
    ],
)
def test_mistakes_in_a_feed(folder: Path, feed: str, expected: str) -> None:
    findings = said(folder, HEAD + f'script = "crossing.pine"\n{feed}\n')
    assert any(expected in finding for finding in findings), findings


def test_mistakes_in_the_feed_of_an_account(folder: Path) -> None:
    for given, expected in [
        ('{ kind = "replay", bars = { "BINANCE:ETHUSDT.P" = "eth.csv" }, sped = 1 }', "feed.sped: there is no such"),
        ("5", "[accounts.b] feed: 5 is not a table"),
    ]:
        text = HEAD + f'script = "crossing.pine"\n[accounts.b]\nbroker = "paper"\nfeed = {given}\n'
        assert expected in said(folder, text)[0]


def test_a_webhook_that_refuses_this_machine(folder: Path) -> None:
    text = HEAD.replace("allow_loopback = true", "") + 'script = "crossing.pine"\nsend = "webhook"\n'
    assert "add allow_loopback = true" in said(folder, text)[0]


def test_a_wrong_script_does_not_keep_pinery_from_starting(folder: Path) -> None:
    assert loaded(folder, HEAD + 'script = "gone.pine"\n').charts["eth"].script == folder / "gone.pine"


def test_order_fills_that_the_deployment_could_not_read(folder: Path) -> None:
    text = HEAD.replace('timeframe = "5"', 'timeframe = "5"\npreset = "traderspost"') + 'script = "crossing.pine"\n'
    assert any("chart.message" in warning for warning in loaded(folder, text).warnings)
