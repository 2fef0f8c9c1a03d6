"""What pinery.toml means, and what is said of every mistake in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from decimal import Decimal
from pathlib import Path

import pytest

from pinery.adapters.paper.settings import PaperSettings
from pinery.app.config.checks import stage_findings
from pinery.app.config.configuration import Configuration
from pinery.app.config.models import Root
from pinery.app.config.reading import load_configuration
from pinery.app.settings import TRADING_SECTIONS, load_settings
from pinery.core.errors import UsageError
from pinery.gateway.settings import TRADINGVIEW_ADDRESSES, ControlSettings, WebhookSettings
from pinery.trading.broker import Environment
from pinery.trading.channels import Route
from pinery.trading.deployments import (
    Account,
    Bracket,
    Deployment,
    Distance,
    Limits,
    Sizing,
    SizingKind,
    Stage,
    Unit,
    Window,
)
from pinery.trading.errors import ConfigError, NotFound
from pinery.trading.events import Severity
from pinery.trading.signals import Action
from tests.app.config.conftest import ES, PAPER, TOKEN

Load = Callable[..., Configuration]
Findings = Callable[..., tuple[str, ...]]


def test_defaults_are_those_of_the_terms_of_trading(load: Load) -> None:
    found = load(ES, TOKEN)
    assert found.accounts["paper"] == Account(
        "paper", "paper", Environment.PAPER, options=found.accounts["paper"].options
    )
    assert found.deployments["es"] == Deployment("es", "paper", "CME_MINI:ES1!")
    assert found.webhook == WebhookSettings() and found.control == ControlSettings()
    assert PaperSettings.from_options(found.accounts["paper"].options) == PaperSettings()
    assert found.warnings == ()
    assert found.hooks["es"].token_hashes == ("ab" * 32,)
    assert (found.retention.detail_days, found.retention.summary_days) == (92, 365)
    assert found.backup.folder == found.folder / "backups"
    assert found.routes == (Route("console", severity=Severity.WARNING),)


def test_trading_hours_of_es_and_of_others(load: Load) -> None:
    morning = Window(time(6, 30), time(12, 30), "UTC-8", frozenset({1, 2, 3, 4, 5}))
    assert load(ES).windows["ES"] == (morning,)
    assert load(f'{ES}[symbols."CME_MINI:ES1!"]\ntrading_hours = "always"').windows["ES"] == ()
    two = 'trading_hours = ["09:30-11:00 America/New_York", "14:00-16:00 America/New_York"]'
    assert [w.start for w in load(f"{ES}[symbols.NQ]\n{two}").windows["NQ"]] == [time(9, 30), time(14, 0)]
    assert load(f'{ES}limits = {{ trading_hours = "always" }}').deployments["es"].limits.windows == ()


def test_values_are_read_as_traders_write_them(load: Load) -> None:
    found = load(
        """
        [accounts.paper]
        broker = "paper"
        latency = "50ms"
        slippage = "1 tick"
        reject_share = "5%"
        commission = "0.05%"
        day_starts = "16:30 America/New_York"
        [accounts.paper.limits]
        max_daily_loss = 5_000.50
        [deployments.es]
        account = "paper"
        symbol = "cme_mini:ES1!"
        size = "risk 350 USD"
        size_from_alert = false
        words = { Go = "enter_long" }
        entry_timeout = "off"
        retry_window = "1m"
        bracket = { stop = "7 points", target = "1.5%", trail = "20 ticks", max_time = "4h" }
        [deployments.es.limits]
        max_signal_age = "off"
        cool_down = "5m"
        price_collar = "2%"
        allowed_symbols = ["ES"]
        [symbols.ES]
        margin = 13_000
        roll = "5 days"
        contract = "CME_MINI:ESZ2040"
        """
    )
    es = found.deployments["es"]
    assert es.symbol == "CME_MINI:ES1!"
    assert es.sizing == Sizing(SizingKind.RISK, Decimal(350), quantity_from_alert=False)
    assert es.bracket == Bracket(
        stop=Distance(Unit.POINTS, Decimal(7)),
        target=Distance(Unit.PERCENT, Decimal("1.5")),
        trail=Distance(Unit.TICKS, Decimal(20)),
        max_minutes=240,
    )
    assert es.words == {"go": Action.ENTER_LONG}
    assert (es.entry_timeout, es.retry_window) == (None, 60)
    assert es.limits == Limits(
        max_signal_age=None, cool_down=300, price_collar=Decimal(2), allowed_symbols=frozenset({"ES"})
    )
    assert es.contracts == {"ES": "CME_MINI:ESZ2040"}
    paper = found.accounts["paper"]
    assert (paper.day_starts, paper.day_zone) == (time(16, 30), "America/New_York")
    assert paper.limits.max_daily_loss == Decimal("5000.50")
    settings = PaperSettings.from_options(paper.options)
    assert (settings.latency_ms, settings.slippage_ticks, settings.reject_share) == (50, Decimal(1), 0.05)
    assert settings.commission_percent == Decimal("0.05")
    assert found.margins == {"ES": Decimal(13_000)} and found.rolls == {"ES": "5 days"}


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("2", Sizing(SizingKind.FIXED, Decimal(2))),
        ("0.5", Sizing(SizingKind.FIXED, Decimal("0.5"))),
        ('"5_000 USD"', Sizing(SizingKind.CASH, Decimal(5000))),
        ('"10%"', Sizing(SizingKind.PERCENT_OF_EQUITY, Decimal(10))),
        ('"2.5% of equity"', Sizing(SizingKind.PERCENT_OF_EQUITY, Decimal("2.5"))),
    ],
)
def test_sizes(load: Load, size: str, expected: Sizing) -> None:
    assert load(f"{ES}size = {size}").deployments["es"].sizing == expected


def test_stage_caps(load: Load) -> None:
    assert load(ES).deployments["es"].max_contracts is None
    assert load(f'{ES}stage = "small"').deployments["es"].max_contracts == 1
    larger = "[stages.small]\nmax_contracts = 3\n"
    assert load(f'{ES}stage = "small"\nsize = 3\n{larger}').deployments["es"].max_contracts == 3


def test_addresses_of_senders(load: Load) -> None:
    webhook = load(f'{ES}[webhook]\nallowed_addresses = ["tradingview", "10.0.0.0/8"]').webhook
    assert webhook.allowed_addresses == (*TRADINGVIEW_ADDRESSES, "10.0.0.0/8")
    assert load(f'{ES}[webhook]\npublic_url = "https://a.example/"').webhook.hook_url("T") == "https://a.example/hook/T"


def test_notifications(load: Load) -> None:
    found = load(
        f"""{ES}
        [notify.mail]
        type = "smtp"
        host = "mail.example.com"
        username = "me"
        password_secret = "mail"
        sender = "me@example.com"
        recipients = ["me@example.com"]
        severity = "critical"
        events = ["order.*"]
        deployments = ["es"]
        """,
        "[secrets]\nmail = 'hush'",
    )
    assert found.routes == (Route("mail", ("order.*",), Severity.CRITICAL, frozenset({"es"})),)
    assert found.channels["mail"].options["password_secret"] == "mail"
    assert found.channel_options(found.channels["mail"])["password"] == "hush"
    assert "hush" not in repr(found)


def test_store_urls(load: Load, tmp_path: Path) -> None:
    assert load(ES).store_url == f"sqlite:///{tmp_path}/pinery.db"
    url = 'url = "postgresql://me@db.example/pinery"\npassword_secret = "db"'
    found = load(f"{ES}[store]\n{url}", "[secrets]\ndb = 'p@ss'")
    assert found.store_url == "postgresql+psycopg://me:p%40ss@db.example/pinery"
    assert "p%40ss" not in repr(found) and "p@ss" not in repr(found)
    (warning,) = load(f'{ES}[store]\nurl = "postgres://me:pw@db/x"', TOKEN).warnings
    assert "password_secret" in warning and "pw" not in warning.replace("password", "")


def cases(file: str) -> dict[str, tuple[str, str]]:
    """Name -> (text, what is said of it)."""
    blocks = (Path(__file__).parent / file).read_text(encoding="utf-8").split("\n--- ")[1:]
    found = {}
    for block in blocks:
        name, _, rest = block.partition("\n")
        text, _, expected = rest.partition("=> ")
        found[name] = (text, expected.strip())
    return found


# --- mistakes -------------------------------------------------------------------------

MISTAKES = cases("mistakes.txt")


@pytest.mark.parametrize("name", MISTAKES)
def test_every_mistake_says_where_and_what(findings: Findings, name: str) -> None:
    text, expected = MISTAKES[name]
    found = findings(f"{ES}{text}\n", TOKEN)
    assert len(found) == 1, found
    assert expected in found[0]
    assert found[0].startswith("pinery.toml line ")


def test_all_mistakes_are_told_at_once(findings: Findings) -> None:
    found = findings(f"{ES}bracket.stp = 1\nsize = 'x'\n[webhok]\n[control]\nport = 'x'\n")
    assert [one.split(": ")[0] for one in found] == [f"pinery.toml line {line}" for line in (6, 7, 8, 10)]


def test_toml_that_is_none_is_told_with_its_line(findings: Findings) -> None:
    (found,) = findings("[accounts.paper]\nbroker = paper\n")
    assert "is not valid TOML" in found and "line 2" in found


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_no_file_or_no_text(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "pinery.toml").write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        load_configuration(tmp_path)
    assert "pinery.toml" in raised.value.message and raised.value.exit_code == 2


def test_an_empty_file_is_a_configuration(load: Load) -> None:
    assert load("").deployments == {}


WARNINGS = cases("warnings.txt")


@pytest.mark.parametrize("name", WARNINGS)
def test_what_is_remarkable_is_a_warning(load: Load, name: str) -> None:
    text, expected = WARNINGS[name]
    assert any(expected in warning for warning in load(f"{ES}{text}\n").warnings)


@pytest.mark.parametrize(
    ("stage", "environment", "error"),
    [
        (Stage.PAPER, Environment.LIVE, True),
        (Stage.PAPER, Environment.PAPER, None),
        (Stage.PAPER, Environment.DEMO, None),
        (Stage.BACKTEST, Environment.LIVE, None),
        (Stage.SMALL, Environment.LIVE, None),
        (Stage.PRODUCTION, Environment.LIVE, None),
        (Stage.SMALL, Environment.DEMO, False),
        (Stage.PRODUCTION, Environment.PAPER, False),
    ],
)
def test_stages_fit_where_the_money_is(stage: Stage, environment: Environment, error: bool | None) -> None:
    account = Account("a", "paper", environment)
    found = stage_findings(Deployment("d", "a", "CME_MINI:ES1!", stage=stage), account)
    assert [finding.is_error for finding in found] == ([] if error is None else [error])


def test_names_that_are_not_there(load: Load) -> None:
    found = load(ES)
    with pytest.raises(NotFound, match="no deployment 'ess'") as raised:
        found.deployment("ess")
    assert raised.value.hint == "did you mean 'es'?"
    with pytest.raises(NotFound, match="no account"):
        found.account("x")


# --- one file for scripts and for trading ---------------------------------------------


def test_settings_of_scripts_and_of_trading_share_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / "more.toml").write_text('[symbols]\n"X:ABC" = { type = "stock", mintick = 0.05 }\n')
    text = f"""
    libraries = ["lib"]
    symbols = {{ file = "more.toml", "X:ABC" = {{ margin = 5 }} }}
    {PAPER}
    [deployments.abc]
    account = "paper"
    symbol = "X:ABC"
    [limits]
    max_loop_seconds = 60
    """
    found = load(text)
    assert found.symbols == tmp_path / "more.toml"
    assert not any("assumed" in warning for warning in found.warnings)
    settings = load_settings(tmp_path)
    assert settings.symbols == tmp_path / "more.toml"
    assert settings.libraries == (tmp_path / "lib",)
    assert settings.limits is not None and settings.limits.max_loop_seconds == 60
    assert load('symbols = "more.toml"').symbols == load_settings(tmp_path).symbols == tmp_path / "more.toml"


def test_script_commands_know_the_sections_of_trading(tmp_path: Path) -> None:
    assert set(Root.model_fields) - {"libraries", "symbols", "limits"} == TRADING_SECTIONS
    (tmp_path / "pinery.toml").write_text("[webhok]\n")
    with pytest.raises(UsageError) as raised:
        load_settings(tmp_path)
    assert raised.value.hint == "did you mean 'webhook'?"
