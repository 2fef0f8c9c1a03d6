"""The commands that look into the store and steer, as their users see them; nothing else runs meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pinery.adapters.store.database import open_store
from pinery.trading.store import CommandKind, TradingState
from tests.app.conftest import Ended
from tests.gateway.control.filling import ETH, fill
from tests.stores import new_sqlite

CONFIGURATION = """\
[store]
url = "sqlite:///pinery.db"

[accounts.paper]
broker = "paper"

[deployments.demo]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"

[deployments.mini]
account = "paper"
symbol = "CME_MINI:ES1!"
words = { moon = "enter_long" }
"""

Pinery = Callable[..., Ended]


@pytest.fixture
def folder(home: Path) -> Path:
    """A folder with a morning's trading in its store."""
    (home / "pinery.toml").write_text(CONFIGURATION, encoding="utf-8")
    store = open_store(new_sqlite(home / "pinery.db"))
    fill(store)
    store.close()
    return home


def _json(ended: Ended) -> Any:
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def _read(folder: Path, work: Callable[[Any], Any]) -> Any:
    store = open_store(f"sqlite:///{folder / 'pinery.db'}")
    try:
        return store.read(work)
    finally:
        store.close()


def test_without_a_configuration_it_says_what_to_do(pinery: Pinery, home: Path) -> None:
    for command in ("status", "signals", "halt"):
        ended = pinery(command)
        assert (ended.code, ended.out) == (2, "")
        assert "there is no pinery.toml" in ended.err and "pinery init" in ended.err


def test_lists_as_json(pinery: Pinery, folder: Path) -> None:
    assert [row["id"] for row in _json(pinery("signals", "--json"))] == ["sig2", "sig1"]
    assert [row["status"] for row in _json(pinery("orders", "--open", "--json"))] == ["working"]
    assert [row["price"] for row in _json(pinery("fills", "--json"))] == [3500.1]
    held = {row["symbol"]: (row["side"], row["quantity"]) for row in _json(pinery("positions", "--json"))}
    assert held == {ETH: ("long", 1.5), "CME_MINI:ESZ2026": ("short", -2)}
    assert [row["profit"] for row in _json(pinery("trades", "--json", "--limit", "1"))] == [-12.9]
    assert _json(pinery("signals", "--deployment", "mini", "--json")) == []


def test_lists_as_tables(pinery: Pinery, folder: Path) -> None:
    signals = pinery("signals").out
    assert "SESSION outside [06:30-12:30]" in signals and "accepted" in signals
    assert "pn-sig1-s0" in pinery("orders").out
    assert "3500.1" in pinery("fills").out
    assert "+15.00" in pinery("positions").out
    assert "-12.90" in pinery("trades").out
    assert pinery("trades", "--since", "0s").out == "no trades yet\n"


@pytest.mark.parametrize("command", ["signals", "orders", "fills", "positions", "trades", "charts"])
def test_names_that_nobody_has_are_no_empty_list(pinery: Pinery, folder: Path, command: str) -> None:
    for kind, name, hint in (
        ("deployment", "nosuch", "configured are demo, mini"),
        ("deployment", "dmo", "did you mean 'demo'?"),
        ("account", "nosuch", "configured are paper"),
    ):
        ended = pinery(command, f"--{kind}", name, "--json")
        assert (ended.code, ended.out) == (2, "")
        assert f"there is no {kind} {name!r} in pinery.toml" in ended.err and hint in ended.err


def test_what_was_removed_from_the_settings_keeps_its_lists(pinery: Pinery, folder: Path) -> None:
    without = CONFIGURATION.replace("deployments.demo", "deployments.other").replace("accounts.paper", "accounts.new")
    (folder / "pinery.toml").write_text(without.replace('account = "paper"', 'account = "new"'), encoding="utf-8")
    assert len(_json(pinery("orders", "--deployment", "demo", "--json"))) > 0
    assert len(_json(pinery("trades", "--account", "paper", "--json"))) > 0
    assert pinery("charts", "--deployment", "demo").code == 0  # it ran none, and still is a name


def test_the_configuration_may_lie_elsewhere(pinery: Pinery, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert len(_json(pinery("signals", "--dir", str(folder), "--json"))) == 2


@pytest.mark.parametrize("since", ["soon", "1y", "2026-13-01"])
def test_a_time_that_is_none(pinery: Pinery, folder: Path, since: str) -> None:
    ended = pinery("signals", "--since", since)
    assert ended.code == 2 and "is no time" in ended.err


def test_since(pinery: Pinery, folder: Path) -> None:
    assert len(_json(pinery("signals", "--since", "2026-11-18", "--json"))) == 2
    assert _json(pinery("signals", "--since", "2026-11-19T00:00", "--json")) == []


def test_status(pinery: Pinery, folder: Path) -> None:
    found = _json(pinery("status", "--json"))
    assert [(account["name"], account["positions"]) for account in found["accounts"]] == [("paper", 2)]
    shown = pinery("status").out
    assert "trading active" in shown and "100,065.00 USD" in shown
    assert "! no component is running" in shown


def test_what_senders_wrote_cannot_steer_the_terminal(pinery: Pinery, folder: Path) -> None:
    from pinery.trading.signals import Action, Signal, Source
    from pinery.trading.store import Decision, Outcome

    store = open_store(f"sqlite:///{folder / 'pinery.db'}")
    wild = Signal("sig3", "demo", "k3", Action.EXIT, "\x1b[2J[red]", Source.WEBHOOK, 1_795_000_000_000)
    store.write(lambda tx: tx.signals.add(wild, Decision(Outcome.NOTHING), "paper", 0))
    store.close()
    shown = pinery("signals").out
    assert "\x1b" not in shown and "[2J[red]" in shown


def test_halt_and_resume_work_while_everything_is_down(pinery: Pinery, folder: Path) -> None:
    assert pinery("halt", "--reason", "news").out == "all is halted\n"
    assert pinery("halt", "demo", "--exits-only").out.startswith("deployment:demo is reducing\nall is halted: news")
    states = _read(folder, lambda tx: tx.states.all())
    assert states["all"].state is TradingState.HALTED and states["all"].reason == "news"
    assert "halted" in pinery("status").out
    assert pinery("resume").out.startswith("all is active\ndeployment:demo is reducing")
    left = _json(pinery("resume", "deployment:demo", "--json"))
    assert left == {"scope": "deployment:demo", "state": "active", "states": []}


def test_an_unknown_scope_gets_a_hint(pinery: Pinery, folder: Path) -> None:
    ended = pinery("halt", "deployment:dmeo")
    assert ended.code == 2 and "did you mean demo?" in ended.err


def test_flatten_asks_and_says_when_nobody_answers(pinery: Pinery, folder: Path) -> None:
    unasked = pinery("flatten", "all")
    assert unasked.code == 2 and "--yes" in unasked.err
    assert _read(folder, lambda tx: tx.commands.pending("paper")) == []
    unanswered = pinery("flatten", "demo", "--yes", "--halt", "--wait", "0.2")
    assert unanswered.code == 5 and "no worker has answered for paper" in unanswered.err
    (command,) = _read(folder, lambda tx: tx.commands.pending("paper"))
    assert (command.kind, command.deployment) == (CommandKind.FLATTEN, "demo")
    assert _read(folder, lambda tx: tx.states.all())["deployment:demo"].state is TradingState.HALTED


def test_flatten_waits_for_the_result(pinery: Pinery, folder: Path) -> None:
    import threading
    import time

    def answer(tx: Any) -> bool:
        waiting = tx.commands.pending("paper")
        for command in waiting:
            tx.commands.finish(command.id, 1, "closed 2 positions, canceled 1 order")
        return bool(waiting)

    def work() -> None:
        store = open_store(f"sqlite:///{folder / 'pinery.db'}")
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if store.write(answer):
                break
            time.sleep(0.02)
        store.close()

    worker = threading.Thread(target=work)
    worker.start()
    ended = pinery("flatten", "all", "--yes")
    worker.join()
    assert (ended.code, ended.out) == (0, "paper: closed 2 positions, canceled 1 order\n")


def test_cancel(pinery: Pinery, folder: Path) -> None:
    assert pinery("cancel", "pn-sig1-s0", "--wait", "0").code == 0
    ended = pinery("cancel", "pn-sig1-e0")
    assert ended.code == 5 and "filled already" in ended.err
    assert pinery("cancel", "nothing").code == 2


def test_a_signal_by_hand(pinery: Pinery, folder: Path) -> None:
    given = _json(pinery("signal", "mini", "moon", "--note", "a feeling", "--quantity", "2", "--no-wait", "--json"))
    message = _read(folder, lambda tx: tx.inbox.get(given["message"]))
    body = json.loads(message.body)
    assert (body["signal"], body["quantity"], body["note"]) == ("moon", "2", "a feeling")
    unanswered = pinery("signal", "demo", "OUT", "--wait", "--patience", "0.1")
    assert unanswered.code == 5 and "waits in the inbox" in unanswered.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("demo", "SHROT"), "SHORT"),
        (("dmeo", "IN"), "demo"),
        (("demo", "IN", "--quantity", "-1"), "--quantity must be above 0"),
        (("demo", "IN", "--price", "high"), "is no number"),
    ],
)
def test_a_wrong_signal_by_hand(pinery: Pinery, folder: Path, arguments: tuple[str, ...], told: str) -> None:
    ended = pinery("signal", *arguments)
    assert ended.code == 2 and told in ended.err


def test_users(pinery: Pinery, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    def say(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    say("correct horse battery\n")
    assert pinery("user", "add", "ada", "--role", "admin", "--password-stdin").code == 0
    say("correct horse battery\n")
    again = pinery("user", "add", "ada", "--password-stdin")
    assert again.code == 2 and "already" in again.err
    say("short\n")
    assert "too short" in pinery("user", "add", "bob", "--password-stdin").err
    say("")
    assert "--password-stdin" in pinery("user", "add", "bob").err
    assert [(row["name"], row["role"]) for row in _json(pinery("user", "list", "--json"))] == [("ada", "admin")]
    last = pinery("user", "disable", "ada")
    assert last.code == 5 and "last admin" in last.err
    say("another long password\n")
    assert pinery("user", "password", "ada", "--password-stdin").code == 0
    assert "correct horse" not in (folder / "pinery.db").read_bytes().decode("latin-1")


def test_a_login_link_is_printed_once(pinery: Pinery, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse battery\n"))
    assert pinery("user", "add", "ada", "--role", "admin", "--password-stdin").code == 0
    made = pinery("user", "link", "ada", "--for", "5m")
    url, _, code = made.out.strip().partition("/#login=")
    assert url == "http://127.0.0.1:8751" and len(code) >= 43 and "within 5m" in made.err
    assert code not in (folder / "pinery.db").read_bytes().decode("latin-1")
    assert "no user named" in pinery("user", "link", "eve").err
    assert "write 90s, 15m, 2h or 1d" in pinery("user", "link", "ada", "--for", "soon").err
    assert "7 days" in pinery("user", "link", "ada", "--for", "2w").err


def test_tokens(pinery: Pinery, folder: Path) -> None:
    made = pinery("token", "add", "grafana", "--days", "30")
    secret = made.out.strip()
    assert secret.startswith("pn_") and secret not in made.err
    listed = _json(pinery("token", "list", "--json"))
    assert [(row["name"], row["role"]) for row in listed] == [("grafana", "viewer")] and listed[0]["expires"]
    assert "grafana" in pinery("token", "list").out
    assert pinery("token", "revoke", "grafana").code == 0
    missing = pinery("token", "revoke", "grafana")
    assert missing.code == 2 and "no token named" in missing.err
    assert pinery("token", "add", "x", "--role", "king").code == 2
