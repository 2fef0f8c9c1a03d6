"""A deployment that leaves its account while it holds something there: the change waits, and is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pinery.adapters.store.database import SqlStore, open_store
from pinery.app.config.configuration import Configuration
from pinery.app.config.left_behind import in_force, kept_back
from pinery.app.config.reading import load_configuration, remember
from pinery.app.config.watching import Watcher
from pinery.app.operate.opening import opened
from pinery.trading.errors import ConfigError
from pinery.trading.orders.model import Order, OrderType, Role, Side, Status
from pinery.trading.positions.model import Lot, Position
from tests.app.config.conftest import Ended
from tests.stores import new_sqlite

ES = "CME_MINI:ESZ2026"
REAL = """\
[accounts.{name}]
broker = "tradovate"
environment = "{environment}"
account = "{account}"
username = "ann"
password_secret = "key"
cid = 8
sec_secret = "key"
"""
OLD = REAL.format(name="old", environment="demo", account="DEMO1")
OTHER = REAL.format(name="new", environment="demo", account="DEMO2")
PAPER = '[accounts.paper]\nbroker = "paper"\n'
TREND = '[deployments.trend]\nsymbol = "CME_MINI:ES1!"\naccount = "{account}"\n'


def text(account: str, old: str = OLD, more: str = "") -> str:
    return old + OTHER + PAPER + TREND.format(account=account) + more


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secrets = tmp_path / "pinery.secrets.toml"
    secrets.write_text('[secrets]\nkey = "KEYKEYKEY"\n')
    secrets.chmod(0o600)
    write(tmp_path, text("old"))
    remember(load_configuration(tmp_path))  # as pinery up does
    return tmp_path


@pytest.fixture
def store(folder: Path) -> Iterator[SqlStore]:
    store = open_store(new_sqlite(folder / "pinery.db"))
    yield store
    store.close()


def write(folder: Path, settings: str) -> None:
    (folder / "pinery.toml").write_text(settings)


def holds(store: SqlStore, account: str = "old", side: int = 1, deployment: str = "trend") -> None:
    lots = (Lot(Decimal(2), Decimal(6000), 1, Decimal(0), "e0", "s1"),) if side else ()
    position = Position(deployment, account, ES, side, lots, opened=1, updated=1)
    store.write(lambda tx: tx.positions.put(position))


def test_a_deployment_moves_when_it_holds_nothing_in_its_account(folder: Path, store: SqlStore) -> None:
    holds(store)
    watcher = Watcher(folder)
    before = watcher.current
    write(folder, text("new"))
    wrong = watcher.poll()
    assert isinstance(wrong, ConfigError)
    said = "[deployments.trend] account: trend holds 2 CME_MINI:ESZ2026 in old, and pinery.toml has it in new"
    assert said in wrong.message
    assert 'first: pinery flatten trend; or write account = "old" again' in wrong.message
    assert watcher.poll() is None and watcher.current is before  # told once
    holds(store, side=0)
    found = watcher.poll()
    assert isinstance(found, Configuration) and found.deployments["trend"].account == "new"


def test_an_order_that_has_not_ended_is_enough(folder: Path, store: SqlStore) -> None:
    stop = Order(
        "s0", "s1", "trend", "old", ES, Side.SELL, OrderType.STOP, Role.STOP, Decimal(1), status=Status.WORKING
    )  # fmt: skip
    store.write(lambda tx: tx.orders.put([stop]))
    watcher = Watcher(folder)
    write(folder, text("new"))
    wrong = watcher.poll()
    assert isinstance(wrong, ConfigError) and "trend holds 1 order that has not ended in old" in wrong.message


CHANGES = {
    "taken out": (OLD + OTHER + PAPER, "pinery.toml does not have it"),
    "renamed": (text("old").replace("deployments.trend", "deployments.other"), "pinery.toml does not have it"),
    "account renamed": (
        text("main", OLD.replace("[accounts.old]", "[accounts.main]")),
        "pinery.toml has it in main",
    ),
    "another account of the venue": (text("old", OLD.replace("DEMO1", "DEMO9")), "[accounts.old] is another account"),
    "from demo to live": (text("old", OLD.replace('"demo"', '"live"')), "[accounts.old] is another account"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_other_ways_to_leave_an_account(folder: Path, store: SqlStore, name: str) -> None:
    holds(store)
    changed, said = CHANGES[name]
    write(folder, changed.replace('symbol = "CME', 'stage = "backtest"\nsymbol = "CME'))
    found, why = in_force(folder)
    assert why is not None and said in why.message
    assert found.deployments["trend"].account == "old"


def test_what_leaves_nothing_behind_is_taken_over(folder: Path, store: SqlStore) -> None:
    holds(store)
    for settings in (
        text("old", more="size = 2\n"),
        text("old", OLD.replace("cid = 8", "cid = 9")),  # a new key of the same account
        text("old", more=TREND.format(account="new").replace("trend", "more")),
    ):
        write(folder, settings)
        assert in_force(folder)[1] is None
    holds(store, side=0)
    holds(store, account="new", deployment="more")
    write(folder, text("new"))
    assert in_force(folder)[1] is None


def test_paper_is_left_with_a_warning(folder: Path, store: SqlStore, command: Callable[..., Ended]) -> None:
    write(folder, text("paper"))
    remember(load_configuration(folder))
    holds(store, account="paper")
    watcher = Watcher(folder)
    write(folder, text("new"))
    assert isinstance(watcher.poll(), Configuration)
    (warning, *_) = json.loads(command("config", "check", folder, "--json").out)["warnings"]
    assert "trend holds 2 CME_MINI:ESZ2026 in paper, and pinery.toml has it in new" in warning


def test_without_a_store_nothing_is_held(folder: Path) -> None:
    write(folder, text("new"))
    assert in_force(folder)[1] is None
    assert not (folder / "pinery.db").exists()


def test_a_store_that_cannot_be_read_keeps_the_settings(folder: Path) -> None:
    (folder / "pinery.db").write_text("no database")
    write(folder, text("new"))
    found, why = in_force(folder)
    assert why is not None and "whether trend may leave their account is not known" in why.message
    assert found.deployments["trend"].account == "old"


def test_a_process_that_starts_anew_goes_on_with_what_was_in_force(folder: Path, store: SqlStore) -> None:
    """Also while the file has mistakes: a process that dies must come back while somebody writes."""
    holds(store)
    write(folder, text("new"))
    watcher = Watcher(folder)
    assert watcher.current.deployments["trend"].account == "old"
    assert isinstance(watcher.poll(), ConfigError)
    write(folder, "x = = 1\n")
    again = Watcher(folder)
    assert again.current.deployments["trend"].account == "old"
    told = again.poll()
    assert isinstance(told, ConfigError) and "not valid TOML" in told.message
    assert again.poll() is None
    holds(store, side=0)
    write(folder, text("new"))
    found = again.poll()
    assert isinstance(found, Configuration) and found.deployments["trend"].account == "new"


def test_what_is_in_force_already_is_told_and_no_reason_to_go_back(
    folder: Path, store: SqlStore, command: Callable[..., Ended]
) -> None:
    """As after ``pinery up --leave-positions``."""
    holds(store)
    write(folder, text("new"))
    remember(load_configuration(folder))
    found, why = kept_back(load_configuration(folder))
    assert why is None and found.deployments["trend"].account == "new"
    checked = command("config", "check", folder, "--json")
    assert checked.code == 0
    assert any("trend holds 2 CME_MINI:ESZ2026 in old" in one for one in json.loads(checked.out)["warnings"])
    write(folder, OLD + OTHER)
    (warning, *_) = json.loads(command("config", "check", folder, "--json").out)["warnings"]
    assert "write [deployments.trend] again, then pinery flatten trend" in warning


def test_commands_reach_what_is_held(folder: Path, store: SqlStore, capsys: pytest.CaptureFixture[str]) -> None:
    holds(store)
    write(folder, OLD + OTHER)
    with opened(folder) as here:
        assert here.names().deployments == {"trend": "old"}
    err = " ".join(capsys.readouterr().err.split())
    assert "pinery flatten trend" in err and "settings that were last in force" in err
