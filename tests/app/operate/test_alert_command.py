"""``pinery alert`` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from pinery.app.operate.alert_command import register
from pinery.app.operate.init_command import register as register_init
from pinery.trading.deployments import Deployment
from pinery.trading.messages import Unreadable
from pinery.trading.signals import Signal

ALERT = '{"action":"buy","symbol":"ES1!","qty":1,"sl":"1%","price":5932.25}'


def steps(signal: Signal, deployment: Deployment, configuration: object) -> list[tuple[str, str, str]]:
    return [("size", "ok", f"{signal.quantity} of {deployment.symbol}")]


def run(*arguments: str, given: str | None = None) -> Result:
    app = typer.Typer()
    register(app, steps)
    register_init(app)
    return CliRunner().invoke(app, list(arguments), input=given)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("init", str(tmp_path)).exit_code == 0
    return tmp_path


def test_a_message_is_explained_without_any_configuration(tmp_path: Path) -> None:
    shown = run("alert", "test", ALERT, "--folder", str(tmp_path))
    assert shown.exit_code == 0
    for said in ("json:", "ES1!", "5932.25", "1%", "within 30 s", "body:"):
        assert said in shown.stdout
    assert "would happen" not in shown.stdout


def test_what_would_happen_is_said_by_the_rules_of_the_deployment(folder: Path) -> None:
    shown = run("alert", "test", ALERT, "--deployment", "demo", "--folder", str(folder))
    assert "what would happen" in shown.stdout and "1 of BINANCE:ETHUSDT.P" in shown.stdout


def test_the_same_as_json(folder: Path) -> None:
    said = json.loads(run("alert", "test", ALERT, "-d", "demo", "--folder", str(folder), "--json").stdout)
    assert said["understood"] and said["deployment"] == "demo"
    assert said["signal"]["action"] == "buy" and said["signal"]["quantity"] == "1"
    assert said["steps"] == [{"step": "size", "result": "ok", "facts": "1 of BINANCE:ETHUSDT.P"}]


def test_standard_input_is_read(tmp_path: Path) -> None:
    assert "enter_long" in run("alert", "test", "-", "--folder", str(tmp_path), given="ES IN\n").stdout


def test_what_is_not_understood_says_why(tmp_path: Path) -> None:
    refused = run("alert", "test", "ES INN", "--folder", str(tmp_path))
    assert isinstance(refused.exception, Unreadable) and "Did you mean" in refused.exception.message
    assert refused.exception.exit_code == 3
    as_json = run("alert", "test", "ES INN", "--folder", str(tmp_path), "--json")
    assert as_json.exit_code == 3
    assert "Did you mean" in json.loads(as_json.stdout)["reason"]


def test_an_unknown_deployment_and_a_missing_configuration_say_what_to_do(folder: Path, tmp_path: Path) -> None:
    assert "no deployment" in str(run("alert", "test", "IN", "-d", "dmo", "--folder", str(folder)).exception)
    nowhere = run("alert", "test", "IN", "-d", "demo", "--folder", str(tmp_path / "nowhere"))
    assert "there is no pinery.toml" in str(nowhere.exception)


def test_formats_are_listed_with_examples() -> None:
    shown = run("alert", "formats").stdout
    for name in ("traderspost", "pickmytrade", "3commas", "freqtrade", "tradingview", "text", "template"):
        assert name in shown
    assert '{"signal":"IN","instrument":"ES","timeframe":"1M"}' in shown
    listed = json.loads(run("alert", "formats", "--json").stdout)
    assert all(entry["examples"] and entry["description"] for entry in listed["formats"])
    assert "CALL" in listed["words"]["enter_long"]


def test_the_message_to_paste(folder: Path) -> None:
    strategy = run("alert", "template", "--strategy", "--folder", str(folder)).stdout
    assert json.loads(strategy)["market_position"] == "{{strategy.market_position}}"
    indicator = run("alert", "template", "--indicator", "--deployment", "demo", "--folder", str(folder)).stdout
    assert json.loads(indicator)["action"] == "IN"
    as_json = json.loads(run("alert", "template", "--folder", str(folder), "--json").stdout)
    assert (as_json["for"], as_json["message"] + "\n") == ("strategy", strategy)
