"""Settings: every mistake is found, hosts fit the environment, secrets are not shown."""

from __future__ import annotations

from typing import Any

import pytest

from pinery.adapters.binance.settings import BinanceSettings, guard
from pinery.trading.broker import Environment
from pinery.trading.errors import BrokerError, ConfigError

_SECRETS = {"key": "abcKEY123", "secret": "topSECRET456", "empty": "", "pem": "-----BEGIN NOTHING-----"}
_NAMES = {"api_key_secret": "key", "api_secret_secret": "secret"}


def _read(environment: Environment = Environment.DEMO, **options: Any) -> BinanceSettings:
    return BinanceSettings.from_options(_NAMES | options, environment, _SECRETS.__getitem__)


def test_defaults_by_environment() -> None:
    demo, live = _read(), _read(Environment.LIVE)
    assert (demo.rest_url, demo.stream_url) == ("https://demo-fapi.binance.com", "wss://demo-fstream.binance.com")
    assert (live.rest_url, live.stream_url) == ("https://fapi.binance.com", "wss://fstream.binance.com")
    assert (demo.api_key, demo.api_secret) == ("abcKEY123", "topSECRET456")


def test_options_arrive() -> None:
    settings = _read(
        leverage=3,
        leverages={"BINANCE:ETHUSDT.P": 5},
        margin_type="isolated",
        hedge=False,
        working_type="mark",
        targets="market",
        patience=6,
        recv_window=6000,
        rest_url="http://127.0.0.1:8080/",
        stream_url="ws://127.0.0.1:8080",
    )
    assert settings.rest_url == "http://127.0.0.1:8080"
    assert settings.leverage_of("BINANCE:ETHUSDT.P") == 5
    assert settings.leverage_of("BINANCE:BTCUSDT.P") == 3
    assert (settings.margin_type, settings.working_type, settings.targets) == ("isolated", "mark", "market")


def test_secrets_are_not_shown() -> None:
    settings = _read()
    assert "KEY123" not in repr(settings) and "SECRET" not in repr(settings)


def test_every_mistake_is_found() -> None:
    with pytest.raises(ConfigError) as error:
        _read(
            leverage=200,
            leverages={"BINANCE:ETHUSDT.P": 0},
            margin_type="crossed",
            recv_windw=1,
            hedge=True,
            signature="rsa",
            api_key_secret="empty",
        )
    text = " ".join(error.value.findings)
    assert len(error.value.findings) == 7
    for name in ("leverage ", "leverages ", "margin_type ", "'recv_window'", "hedge ", "signature ", "api_key_secret"):
        assert name in text
    assert "one-way" in text


def test_a_key_that_is_no_pem_is_found_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="api_secret_secret: is no private key") as error:
        _read(signature="ed25519", api_secret_secret="pem")
    assert "NOTHING" not in str(error.value)


def test_no_request_may_outlive_the_patience() -> None:
    with pytest.raises(ConfigError, match="patience"):
        _read(recv_window=10_000)


@pytest.mark.parametrize(
    ("environment", "rest", "stream"),
    [
        (Environment.DEMO, "https://fapi.binance.com", "wss://demo-fstream.binance.com"),
        (Environment.DEMO, "https://FAPI.binance.com:443", "wss://demo-fstream.binance.com"),
        (Environment.DEMO, "https://demo-fapi.binance.com", "wss://fstream.binance.com"),
        (Environment.DEMO, "https://fapi.binance.example", "wss://demo-fstream.binance.com"),
        (Environment.DEMO, "http://demo-fapi.binance.com", "wss://demo-fstream.binance.com"),
        (Environment.LIVE, "https://demo-fapi.binance.com", "wss://fstream.binance.com"),
        (Environment.LIVE, "https://fapi.binance.com", "wss://demo-fstream.binance.com"),
        (Environment.LIVE, "http://127.0.0.1:8080", "wss://fstream.binance.com"),
        (Environment.LIVE, "http://fapi.binance.com", "wss://fstream.binance.com"),
        (Environment.LIVE, "https://fapi.binance.com.example", "wss://fstream.binance.com"),
        (Environment.PAPER, "http://127.0.0.1:8080", "ws://127.0.0.1:8080"),
    ],
)
def test_hosts_of_another_environment_are_refused(environment: Environment, rest: str, stream: str) -> None:
    with pytest.raises(BrokerError):
        guard(BinanceSettings(environment, "k", "s", rest_url=rest, stream_url=stream))


@pytest.mark.parametrize(
    ("rest", "stream"),
    [
        ("https://testnet.binancefuture.com", "wss://fstream.binancefuture.com"),
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080"),
        ("http://localhost:8080", "ws://[::1]:8080"),
    ],
)
def test_demo_hosts_and_this_machine(rest: str, stream: str) -> None:
    guard(BinanceSettings(Environment.DEMO, "k", "s", rest_url=rest, stream_url=stream))
