"""``pinery doctor`` on prepared stores: what a trader is told, by list and check. Only the last test runs Pinery."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from pinery.adapters.store.database import SqlStore, open_store
from pinery.adapters.store.figures import Figures
from pinery.adapters.store.owner import owner_name
from pinery.app.doctor import network
from pinery.app.doctor.checking import Check, Level, ok
from pinery.app.doctor.checking import examine as examine_with
from pinery.app.doctor.measuring import quantile
from pinery.app.doctor.patient import Patient
from pinery.trading.broker import Balance, Quote
from pinery.trading.events import Event
from pinery.trading.figures import Histogram
from pinery.trading.orders.model import Order, OrderType, Role, Side, Status
from pinery.trading.positions.model import Lot, Position
from pinery.trading.signals import Action, Signal, Source
from pinery.trading.store import Decision, Message, MessageStatus, Outcome, StateRow, TradingState, Tx
from tests.app.conftest import Ended
from tests.crash.storm import free_port
from tests.stores import new_sqlite

ETH = "BINANCE:ETHUSDT.P"
D = Decimal

CONFIGURATION = """\
[store]
url = "sqlite:///pinery.db"

[webhook]
port = 1
{webhook}
[accounts.paper]
broker = "paper"
[accounts.paper.limits]
min_balance = 1000

[deployments.demo]
account = "paper"
symbol = "BINANCE:ETHUSDT.P"
bracket = {{ stop = "1%" }}
{demo}
[deployments.es]
account = "paper"
symbol = "CME_MINI:ES1!"
{es}
"""

Pinery = Callable[..., Ended]


def now() -> int:
    return time.time_ns() // 1_000_000


def configure(home: Path, **parts: str) -> None:
    text = CONFIGURATION.format(**{"webhook": "", "demo": "", "es": "", **parts})
    (home / "pinery.toml").write_text(text, encoding="utf-8")


@pytest.fixture
def store(home: Path, standing_clock: None) -> Iterator[SqlStore]:
    configure(home)
    opened = open_store(new_sqlite(home / "pinery.db"))
    yield opened
    opened.close()


def examined(pinery: Pinery, *arguments: str) -> dict[str, dict[str, list[dict[str, str]]]]:
    ended = pinery("doctor", "--json", "--offline", *arguments)
    said: dict[str, Any] = json.loads(ended.out)
    assert ended.code == (5 if said["problems"] else 0)
    questions = [each["question"] for each in said["lists"]]
    assert questions == ["No signals", "Charts not firing", "Webhook not arriving", "Orders not filling"]
    return {each["name"]: {check["name"]: check["findings"] for check in each["checks"]} for each in said["lists"]}


def order(client_id: str, status: Status, **more: Any) -> Order:
    made = Order(
        client_id, "sig1", "demo", "paper", ETH, Side.BUY, OrderType.MARKET, Role.ENTRY, D(1), status,
        created=now() - 120_000, updated=now() - 120_000,
    )  # fmt: skip
    return replace(made, **more)


def test_without_a_configuration_it_says_so_and_ends(pinery: Pinery, home: Path) -> None:
    found = examined(pinery)
    (finding,) = found["signals"]["configuration"]
    assert finding["level"] == "problem" and "there is no pinery.toml" in finding["found"]
    assert "pinery init" in finding["do"] and "broker" in finding["by_hand"]
    others = [f for checks in found.values() for name, fs in checks.items() if name != "configuration" for f in fs]
    assert {f["level"] for f in others} == {"skipped"}


def test_a_wrong_configuration_is_shown_with_every_mistake(pinery: Pinery, home: Path) -> None:
    configure(home, demo='stage = "papper"')
    (finding,) = examined(pinery)["signals"]["configuration"]
    assert "papper" in finding["found"] and "did you mean" in finding["found"]


def test_without_a_store_what_can_be_looked_at_is(pinery: Pinery, home: Path) -> None:
    configure(home)
    found = examined(pinery)
    assert found["signals"]["store"][0]["level"] == "problem"
    assert found["signals"]["last alerts"][0] == {
        "level": "skipped", "found": "not looked at: the store cannot be read", "do": "", "by_hand": "",
    }  # fmt: skip
    assert found["webhook"]["senders"][0]["level"] == "ok"
    assert not (home / "pinery.db").exists()


def test_a_store_that_is_no_database(pinery: Pinery, home: Path) -> None:
    configure(home)
    (home / "pinery.db").write_bytes(b"no database" * 500)
    (finding,) = examined(pinery)["signals"]["store"]
    assert finding["level"] == "problem" and "not a SQLite database" in finding["found"]


def test_nothing_has_run_yet(pinery: Pinery, store: SqlStore) -> None:
    found = examined(pinery)
    assert [f["level"] for f in found["signals"]["processes"]] == ["problem", "problem", "warning"]
    assert "gateway has never run" in found["signals"]["processes"][0]["found"]
    assert "no connection" in found["webhook"]["port"][0]["found"] and "pinery up" in found["webhook"]["port"][0]["do"]
    assert "no worker has it" in found["orders"]["worker"][0]["found"]
    assert "demo has no webhook token" in found["webhook"]["webhook tokens"][0]["found"]
    assert "rotate-token demo" in found["webhook"]["webhook tokens"][0]["do"]
    assert "no alert has ever arrived" in found["signals"]["last alerts"][0]["found"]


def test_a_healthy_store(pinery: Pinery, store: SqlStore) -> None:
    figures = Figures(store)
    for name in ("gateway", "worker", "control"):
        figures.beat(name, now())
    figures.add([("receipt_to_ack", "demo", "0.005", 99.0), ("receipt_to_ack", "demo", "0.025", 1.0)])

    def fill(tx: Tx) -> None:
        tx.leases.acquire("account:paper", owner_name(), now(), 60_000)
        sent = (now() - 40) * 1000
        (number,) = tx.inbox.add([Message("demo", Source.WEBHOOK, "ETH IN", sent)])
        tx.inbox.finish(number, MessageStatus.DONE, "sig1")
        made = Signal("sig1", "demo", "k1", Action.ENTER_LONG, "IN", Source.WEBHOOK, sent // 1000, message_id=number,
                      sent=sent // 1000 - 200)  # fmt: skip
        tx.signals.add(made, Decision(Outcome.ACCEPTED), "paper", sent + 1000)
        tx.signals.stamp("sig1", sent_us=sent + 3000)
        tx.positions.put(
            Position("demo", "paper", ETH, 1, (Lot(D(1), D(3500), now(), D(0), "pn-sig1-e0", "sig1"),), opened=now())
        )
        tx.orders.put([order("pn-sig1-s0", Status.WORKING, role=Role.STOP, type=OrderType.STOP, stop_price=D(3465))])
        tx.standings.put_balance("paper", Balance("USD", D(50_000), D(50_000), D(0), D(50_000), now()))
        tx.standings.put_quote(Quote(ETH, D(3500), now() - 500, "alert"))
        tx.outbox.add([Event("account.connected", now(), "paper: connected", account="paper")], lambda event: ())

    store.write(fill)
    found = examined(pinery, "--deployment", "demo")
    expected_bad = {"port", "hook path", "public address", "webhook tokens"}  # nothing listens in this test
    for checks in found.values():
        for name, findings in checks.items():
            if name not in expected_bad | {"configuration"}:
                assert {f["level"] for f in findings} <= {"ok", "skipped"}, (name, findings)
    assert "200 ms after" in found["webhook"]["clock"][0]["found"]
    assert "within 5 ms" in found["webhook"]["acknowledgement"][0]["found"]
    assert f"process {os.getpid()}" in found["orders"]["worker"][0]["found"]
    assert "connected since" in found["orders"]["connection"][0]["found"]
    assert len(found["signals"]["deployments"]) == 1  # the other deployment was not asked about


def test_what_to_do_by_hand_is_for_what_is_in_question(pinery: Pinery, store: SqlStore, home: Path) -> None:
    """Not for the deployment that happens to come first: that would close or open another one's position."""
    configure(home, es="paused = true")
    store.write(lambda tx: tx.states.set(StateRow("deployment:es", TradingState.HALTED, "", "ada", now())))
    text = (home / "pinery.toml").read_text(encoding="utf-8")
    (home / "pinery.toml").write_text(text + '[accounts.other]\nbroker = "paper"\n', encoding="utf-8")
    found = examined(pinery)
    assert [f["by_hand"].split(" closes")[0] for f in found["orders"]["worker"]] == [
        "pinery flatten account:paper",
        "pinery flatten account:other",
    ]
    assert found["signals"]["trading state"][0]["by_hand"].startswith("pinery flatten es closes")
    paused = next(f for f in found["signals"]["deployments"] if "paused" in f["found"])
    assert paused["by_hand"].startswith("pinery signal es IN")
    assert found["signals"]["processes"][0]["by_hand"].startswith("pinery flatten all closes")
    alone = examined(pinery, "--deployment", "es")
    assert alone["orders"]["worker"][0]["by_hand"].startswith("pinery flatten es closes")


def test_halted_restricted_paused_and_at_backtest(pinery: Pinery, store: SqlStore, home: Path) -> None:
    configure(home, demo="paused = true", es='stage = "backtest"')
    at = now()
    store.write(lambda tx: tx.states.set(StateRow("all", TradingState.HALTED, "news", "ada", at)))
    store.write(lambda tx: tx.states.set(StateRow("deployment:es", TradingState.REDUCING, "", "ada", at)))
    found = examined(pinery)
    halted, reducing = sorted(found["signals"]["trading state"], key=lambda f: f["level"])
    assert "all is halted" in halted["found"] and "by ada: news" in halted["found"]
    assert halted["do"].endswith("pinery resume all") and "pinery flatten all" in halted["by_hand"]
    assert reducing["level"] == "warning" and "deployment:es is reducing" in reducing["found"]
    assert found["orders"]["trading state"] == found["signals"]["trading state"]
    assert [f["found"] for f in found["signals"]["deployments"]] == [
        "demo is paused", "es is at stage backtest: its signals are recorded only",
    ]  # fmt: skip


def test_messages_that_wait_repeat_too_often_or_are_not_understood(pinery: Pinery, store: SqlStore) -> None:
    def fill(tx: Tx) -> None:
        at = (now() - 570_000) * 1000
        ids = tx.inbox.add(Message("demo", Source.WEBHOOK, f"what {i}", at + i * 1_000_000) for i in range(20))  # type: ignore[arg-type]
        for number in ids[:19]:
            tx.inbox.finish(number, MessageStatus.UNPARSED, note="no signal word")

    store.write(fill)
    found = examined(pinery)["signals"]
    (unparsed,) = found["messages not understood"]
    assert unparsed["found"] == "demo: 19 not understood in 24 hours: no signal word"
    assert "pinery alert test" in unparsed["do"] and "pinery signal demo" in unparsed["by_hand"]
    assert "1 messages wait for a decision, the oldest for 9 minutes" in found["waiting messages"][0]["found"]
    (burst,) = found["stopped alerts"]
    assert burst["level"] == "warning" and "more than 15 alerts within 3 minutes" in burst["found"]


def test_a_sender_that_fell_silent_two_months_after_its_first_alert(pinery: Pinery, store: SqlStore) -> None:
    day = 86_400_000
    times = [(now() - days * day) * 1000 for days in (61, 30, 5)]
    ids = store.write(lambda tx: tx.inbox.add([Message("demo", Source.WEBHOOK, "ETH IN", at) for at in times]))
    store.write(lambda tx: [tx.inbox.finish(number, MessageStatus.DONE) for number in ids])
    silent = examined(pinery)["signals"]["last alerts"][0]
    assert silent["level"] == "warning" and "5 days ago" in silent["found"] and "two months" in silent["do"]


def test_denied_rejected_and_stuck(pinery: Pinery, store: SqlStore) -> None:
    def fill(tx: Tx) -> None:
        for i in range(3):
            made = Signal(f"sig{i}", "demo", f"k{i}", Action.ENTER_LONG, "IN", Source.WEBHOOK, now() - 1000)
            denial = Decision(Outcome.DENIED, "MAX_POSITION", "demo would hold 3, at most 2")
            tx.signals.add(made, denial, "paper", now() * 1000)
        tx.orders.put(
            [
                order("pn-a-e0", Status.UNKNOWN, reason="timeout"),
                order("pn-b-e0", Status.PENDING, waits_for=("pn-x-s0",)),
                order("pn-c-e0", Status.REJECTED, code="BROKER_REJECTED", reason="not enough money", deployment="es"),
            ]
        )

    store.write(fill)
    found = examined(pinery)
    for where, check in (("signals", "refused signals"), ("orders", "risk limits")):
        (denied,) = found[where][check]
        assert denied["found"] == "demo: 3 × MAX_POSITION, last: demo would hold 3, at most 2"
    unknown, waits = found["orders"]["orders under way"]
    assert "pn-a-e0" in unknown["found"] and "outcome not known: timeout" in unknown["found"]
    assert "sends nothing twice" in unknown["do"]
    assert "pn-b-e0 (demo) is pending since 2 minutes, waits for pn-x-s0" in waits["found"]
    (rejected,) = found["orders"]["rejected orders"]
    assert "not enough money" in rejected["found"] and "pinery signal es IN" in rejected["by_hand"]


def test_account_positions_and_money(pinery: Pinery, store: SqlStore) -> None:
    def fill(tx: Tx) -> None:
        tx.leases.acquire("account:paper", "elsewhere/x/1/1", now() - 60_000, 6_000)
        tx.positions.put(
            Position("demo", "paper", ETH, 1, (Lot(D(1), D(3500), now(), D(0), "pn-sig1-e0", "sig1"),), opened=now())
        )
        tx.standings.put_balance("paper", Balance("USD", D(900), D(900), D(0), D(900), now()))
        tx.standings.put_quote(Quote(ETH, D(3500), now() - 500, "alert"))
        gone = Event("account.disconnected", now(), "paper: no connection to the broker", account="paper")
        differs = Event("position.mismatch", now(), "paper: ours 1, the broker's 2", account="paper")
        tx.outbox.add([gone, differs], lambda event: ())

    store.write(fill)
    found = examined(pinery, "-d", "demo")["orders"]
    assert "the last one ended" in found["worker"][0]["found"]
    assert found["connection"][0]["level"] == "problem" and "no connection" in found["connection"][0]["found"]
    mismatch, bare = found["positions"]
    assert "the broker's 2" in mismatch["found"] and "demo holds 1 BINANCE:ETHUSDT.P without a stop" in bare["found"]
    little, margin = found["money"]
    assert "min_balance is 1000" in little["found"] and "need 3,500.00 margin, 900.00 are free" in margin["found"]


@pytest.mark.parametrize(
    ("webhook", "check", "level", "said"),
    [
        ('public_url = "https://x.example:8443"', "public address", "problem", "80 and 443"),
        ('public_url = "http://x.example"', "public address", "warning", "not https"),
        ('public_url = "https://x.example"', "public address", "ok", "port 443"),
        ('public_url = "https://x.example"', "proxy", "problem", "refused with 403"),
        ('public_url = "https://x.example"\nallow_loopback = true', "proxy", "warning", "trusted_proxies is empty"),
        ('public_url = "https://x.example"\ntrusted_proxies = ["127.0.0.1"]', "proxy", "ok", "is believed"),
        ('allowed_addresses = ["52.32.178.0/24"]', "senders", "problem", "52.89.214.238"),
    ],
)
def test_how_the_webhook_is_set_up(pinery: Pinery, home: Path, webhook: str, check: str, level: str, said: str) -> None:
    configure(home, webhook=webhook)
    (finding,) = examined(pinery)["webhook"][check]
    assert finding["level"] == level and said in finding["found"]


def test_a_slow_clock(pinery: Pinery, store: SqlStore) -> None:
    at = now()
    made = Signal("s", "demo", "k", Action.EXIT, "OUT", Source.WEBHOOK, at, sent=at + 90_000)
    store.write(lambda tx: tx.signals.add(made, Decision(Outcome.NOTHING), "paper", at * 1000))
    (finding,) = examined(pinery)["webhook"]["clock"]
    assert finding["level"] == "problem" and "clock is slow" in finding["found"]


def test_for_people_and_an_unknown_deployment(pinery: Pinery, store: SqlStore) -> None:
    ended = pinery("doctor", "--offline")
    assert ended.code == 5
    for said in ("No signals", "Webhook not arriving", "Orders not filling", "do: ", "by hand: ", "problems"):
        assert said in ended.out
    wrong = pinery("doctor", "--deployment", "dmo")
    assert wrong.code == 2 and "did you mean 'demo'" in wrong.err


@pytest.fixture
def given_up() -> Iterator[threading.Event]:
    """What hangs as long as the test goes on."""
    end = threading.Event()
    yield end
    end.set()


def test_checks_that_hang_or_fail_stop_nothing(tmp_path: Path, given_up: threading.Event) -> None:
    def hang(patient: Patient) -> list[Any]:
        given_up.wait()
        return []

    def fail(patient: Patient) -> list[Any]:
        raise KeyError("secret")

    checks = [Check("a", "", hang), Check("b", "", fail), Check("c", "", lambda patient: [ok("fine")])]
    hung, failed, fine = (c.findings[0] for c in examine_with(Patient(tmp_path, now()), checks, patience=2))
    assert (hung.level, failed.level, fine.level) == (Level.PROBLEM, Level.PROBLEM, Level.OK)
    assert "no answer" in hung.found and "KeyError" in failed.found and "secret" not in failed.found


def test_a_store_that_does_not_answer_is_waited_for_once(
    store: SqlStore, home: Path, given_up: threading.Event
) -> None:
    patient = Patient.of(home, now())
    patient.open()
    opened = patient.opened
    assert opened is not None
    waited: list[str] = []

    def check(name: str) -> Check:
        def hang(patient: Patient) -> list[Any]:
            patient.read(lambda tx: (waited.append(name), given_up.wait()))
            return []

        return Check(name, "", hang)

    levels = [c.findings[0].level for c in examine_with(patient, [check(name) for name in "abcdef"], patience=2)]
    assert levels == [Level.PROBLEM, *[Level.SKIPPED] * 5] and waited == ["a"]
    given_up.set()
    for thread in [one for one in threading.enumerate() if one.name == "doctor a"]:
        thread.join()
    opened.close()


def test_a_store_that_others_keep_locked(pinery: Pinery, store: SqlStore, home: Path) -> None:
    with closing(sqlite3.connect(home / "pinery.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = examined(pinery)
    assert found["webhook"]["store writable"][0]["level"] == "problem"
    assert "locked" in found["webhook"]["store writable"][0]["found"]
    assert found["signals"]["trading state"][0]["level"] == "ok"


def test_what_the_network_does_not_give_is_said() -> None:
    assert network.resolve("no-such-name.invalid").error
    assert network.resolve("127.0.0.1").v4 == ("127.0.0.1",)
    assert network.ask("http://127.0.0.1:1/").status is None
    assert "no connection" in network.certificate("127.0.0.1", 1).error


def test_the_slowest_percent() -> None:
    assert quantile(Histogram(), 0.99) is None
    histogram = Histogram()
    for _ in range(99):
        histogram.observe(0.004)
    assert quantile(histogram, 0.99) == 0.005
    for _ in range(5):
        histogram.observe(100)
    assert quantile(histogram, 0.99) == float("inf")


@pytest.mark.slow
def test_on_a_running_pinery(pinery: Pinery, home: Path) -> None:
    port = free_port()
    made = json.loads(pinery("init", "shop", "--port", port, "--json").out)
    folder = home / "shop"
    settings = folder / "pinery.toml"
    text, changed = re.subn(r"(?m)^(\[control\].*\nport = )\d+", rf"\g<1>{free_port()}", settings.read_text())
    assert changed == 1
    settings.write_text(text)
    with subprocess.Popen(
        [sys.executable, "-m", "pinery.app", "up", "--dir", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as up:  # fmt: skip
        try:
            _until(lambda: httpx.get(f"http://127.0.0.1:{port}/readyz", verify=False).status_code == 200)
            _until(
                lambda: (
                    httpx.post(made["webhook_url"], content='{"signal":"IN","price":3500}', verify=False).status_code
                    == 200
                )
            )
            _until(lambda: json.loads(pinery("positions", "--dir", str(folder), "--json").out))
            ended = pinery("doctor", "--dir", str(folder), "--json")
        finally:
            up.send_signal(signal.SIGTERM)
            up.wait(60)
    said = json.loads(ended.out)
    checks = [c for each in said["lists"] for c in each["checks"]]
    bad = {c["name"] for c in checks for f in c["findings"] if f["level"] == "problem"}
    assert bad <= {"acknowledgement"}  # slow on a machine that does much else, and the doctor says so
    assert ended.code == (5 if bad else 0)
    found = {c["name"]: c["findings"] for c in checks}
    assert "can store alerts" in found["port"][1]["found"] and "404" in found["hook path"][0]["found"]
    assert "connected since" in found["connection"][0]["found"]
    assert made["webhook_url"].rpartition("/")[2] not in ended.out


def _until(done: Callable[[], object]) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end:
        try:
            if done():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError("Pinery did not come up")
