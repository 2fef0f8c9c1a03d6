"""Options of an account, and the guard between demo and live."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pinery.adapters.tradovate.settings import TradovateSettings
from pinery.trading.broker import Environment
from pinery.trading.errors import ConfigError

_SECRETS = {"pw": "hunter2-and-more", "sec": "0815-4711"}


def _secret(name: str) -> str:
    if name not in _SECRETS:
        raise ConfigError(f"there is no secret {name}")
    return _SECRETS[name]


def _read(environment: Environment = Environment.DEMO, **more: Any) -> TradovateSettings:
    options = {
        "username": "jo@example.org",
        "password_secret": "pw",
        "account": "DEMO12345",
        "cid": 77,
        "sec_secret": "sec",
        "app_id": "Mine",
        **more,
    }
    return TradovateSettings.from_options(
        {name: value for name, value in options.items() if value is not None}, environment, _secret, Path("/keep")
    )


def test_hosts_follow_the_environment() -> None:
    demo, live = _read(), _read(Environment.LIVE)
    assert demo.rest_url == "https://demo.tradovateapi.com/v1"
    assert live.stream_url == "wss://live.tradovateapi.com/v1/websocket"
    assert demo.md_url == live.md_url == "wss://md.tradovateapi.com/v1/websocket"
    assert (demo.cid, demo.password, demo.sec) == ("77", "hunter2-and-more", "0815-4711")
    assert demo.token_file != live.token_file and demo.token_file.parent == Path("/keep")


@pytest.mark.parametrize(
    ("environment", "urls", "words"),
    [
        (Environment.DEMO, {"rest_url": "https://live.tradovateapi.com/v1"}, "is live, but the account's"),
        (Environment.LIVE, {"rest_url": "https://demo.tradovateapi.com/v1"}, "is demo, but the account's"),
        (Environment.DEMO, {"stream_url": "wss://live.tradovateapi.com/v1/websocket"}, "stream_url: live"),
        (Environment.LIVE, {"rest_url": "http://127.0.0.1:8000/v1"}, "127.0.0.1 is demo"),
        (Environment.LIVE, {"md_url": "ws://localhost:8000/md"}, "localhost is demo"),
        (Environment.DEMO, {"rest_url": "https://example.org/v1"}, "neither Tradovate's nor this machine"),
        (Environment.DEMO, {"rest_url": "https://demo.tradovateapi.com.example.org/v1"}, "neither Tradovate's"),
        (Environment.DEMO, {"rest_url": "http://demo.tradovateapi.com/v1"}, "unencrypted"),
        (Environment.DEMO, {"stream_url": "https://demo.tradovateapi.com/v1"}, "begins with wss://"),
        (Environment.DEMO, {"rest_url": "https://a:b@demo.tradovateapi.com/v1"}, "holds no password"),
        (Environment.PAPER, {}, '"demo" or "live"'),
    ],
)
def test_demo_and_live_are_kept_apart(environment: Environment, urls: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        _read(environment, **urls)


def test_a_simulator_on_this_machine_is_demo() -> None:
    settings = _read(rest_url="http://127.0.0.1:9/v1/", stream_url="ws://localhost:9/v1/websocket")
    assert settings.rest_url == "http://127.0.0.1:9/v1"
    assert settings.token_file != _read().token_file


def test_every_finding_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        _read(usrname="x", market_data="yes", request_timeout=0, account=None, password_secret="missing")
    text = " ".join(error.value.findings)
    assert "did you mean 'username'?" in text
    assert "market_data is true or false" in text
    assert "request_timeout is a number of seconds above 0" in text
    assert "account is missing" in text
    assert "there is no secret missing" in text


def test_secrets_do_not_show() -> None:
    settings = _read(device_id="my-machine")
    for shown in (repr(settings), str(settings)):
        for secret in (*_SECRETS.values(), "my-machine"):
            assert secret not in shown


def test_the_pace_of_requests_keeps_within_what_the_venue_takes() -> None:
    found = _read(actions_per_second=4, burst=20, actions_per_hour=2000)
    assert (found.actions_per_second, found.burst, found.actions_per_hour) == (4.0, 20, 2000)
    with pytest.raises(ConfigError) as error:
        _read(actions_per_second=100, burst=0, actions_per_hour=50_000)
    assert "actions_per_second is a number from 0.1 to 10, not 100" in error.value.findings
    assert "burst is a whole number from 1 to 50, not 0" in error.value.findings
    assert "actions_per_hour is a whole number from 100 to 5000, not 50000" in error.value.findings
