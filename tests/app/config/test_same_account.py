"""Two accounts of the file that are one at the venue: an error that names both, and no key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.config.reading import load_configuration
from pinery.app.up.start import start
from pinery.trading.errors import ConfigError
from tests.app.config.conftest import Ended

Load = Callable[..., Configuration]
Findings = Callable[..., tuple[str, ...]]

SECRETS = '[secrets]\nkey = "KEYKEYKEY"\nagain = "KEYKEYKEY"\nother = "OTHEROTHER"\nsecret = "SECRETSECRET"\n'


def binance(name: str, key: str, more: str = "", environment: str = "demo") -> str:
    return (
        f'[accounts.{name}]\nbroker = "binance"\nenvironment = "{environment}"\n'
        f'api_key_secret = "{key}"\napi_secret_secret = "secret"\n{more}\n'
    )


def ccxt(name: str, key: str) -> str:
    return binance(name, key, 'exchange = "binanceusdm"').replace('broker = "binance"', 'broker = "ccxt"')


def tradovate(name: str, account: str, username: str = "ann", environment: str = "demo", more: str = "") -> str:
    return (
        f'[accounts.{name}]\nbroker = "tradovate"\nenvironment = "{environment}"\naccount = "{account}"\n'
        f'username = "{username}"\npassword_secret = "key"\ncid = 8\nsec_secret = "secret"\n{more}\n'
    )


def at(port: int) -> str:
    return f'rest_url = "http://127.0.0.1:{port}"\nstream_url = "ws://127.0.0.1:{port}"'


ONE = {
    "the same secret": (binance("one", "key"), binance("two", "key"), "api_key_secret"),
    "two names of a secret": (binance("one", "key"), binance("two", "again"), "api_key_secret"),
    "two adapters": (binance("one", "key"), ccxt("two", "again"), "api_key_secret"),
    "a simulator": (
        binance("one", "key", at(7001)),
        binance("two", "key", at(7001).replace("127.0.0.1", "localhost")),
        "api_key_secret",
    ),
    "tradovate": (tradovate("one", "DEMO1"), tradovate("two", "DEMO1", "Ann"), "account"),
}


@pytest.mark.parametrize("name", ONE)
def test_one_account_of_a_venue_is_no_two_accounts(findings: Findings, name: str) -> None:
    first, second, option = ONE[name]
    (found,) = findings(first + second, SECRETS)
    line = (first + second).splitlines().index("[accounts.two]") + 1
    assert f"[accounts.two] {option}: two and one are one account: the same" in found
    assert int(found.partition("line ")[2].partition(":")[0]) > line
    assert 'keep one of the two sections, with account = "one" in all deployments' in found
    assert "KEYKEYKEY" not in found and "SECRETSECRET" not in found


SEVERAL = {
    "two keys": binance("one", "key") + binance("two", "other"),
    "demo and live": binance("one", "key") + binance("two", "key", environment="live"),
    "two simulators": binance("one", "key", at(7001)) + binance("two", "key", at(7002)),
    "two accounts of a log-in": tradovate("one", "DEMO1") + tradovate("two", "DEMO2"),
    "two log-ins": tradovate("one", "DEMO1") + tradovate("two", "DEMO1", "bob"),
    "tradovate's demo and live": tradovate("one", "A1") + tradovate("two", "A1", environment="live"),
    "two venues": binance("one", "key") + tradovate("two", "key"),
    "paper": '[accounts.one]\nbroker = "paper"\n[accounts.two]\nbroker = "paper"\n',
}


@pytest.mark.parametrize("name", SEVERAL)
def test_several_accounts_are_several(load: Load, name: str) -> None:
    assert set(load(SEVERAL[name], SECRETS).accounts) == {"one", "two"}


def test_a_secret_that_is_not_there_is_compared_by_its_name(findings: Findings) -> None:
    found = findings(binance("one", "gone") + binance("two", "gone"), SECRETS)
    assert sum("there is no secret" in one for one in found) == 2
    assert sum("two and one are one account" in one for one in found) == 1


def test_keys_from_the_environment_are_compared(tmp_path: Path) -> None:
    (tmp_path / "pinery.toml").write_text(binance("one", "a") + binance("two", "b"))
    given = {"PINERY_SECRET_A": "SAME", "PINERY_SECRET_B": "OTHER", "PINERY_SECRET_SECRET": "x"}
    assert len(load_configuration(tmp_path, given).accounts) == 2
    with pytest.raises(ConfigError, match="two and one are one account"):
        load_configuration(tmp_path, given | {"PINERY_SECRET_B": "SAME"})


def test_neither_check_nor_up_takes_it(tmp_path: Path, command: Callable[..., Ended]) -> None:
    (tmp_path / "pinery.toml").write_text(binance("one", "key") + binance("two", "again"))
    secrets = tmp_path / "pinery.secrets.toml"
    secrets.write_text(SECRETS)
    secrets.chmod(0o600)
    ended = command("config", "check", tmp_path)
    assert ended.code == 2 and "two and one are one account" in " ".join(ended.err.split())
    assert "KEYKEYKEY" not in ended.out + ended.err
    with pytest.raises(ConfigError, match="two and one are one account"):
        start(tmp_path, [], None, None)
