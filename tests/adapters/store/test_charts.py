from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pinery.adapters.store import charts
from pinery.adapters.store.database import SqlStore
from pinery.adapters.store.retention import apply
from pinery.adapters.store.views.charts import list_alerts
from pinery.adapters.store.views.paging import Filters
from pinery.charts.records import AlertOutcome, ChartAlert, ChartRow, ChartState
from tests.adapters.store.samples import DAY

NOW = 1000 * DAY
ROW = ChartRow(
    "es", ChartState.LIVE, NOW, "trend.pine", "ab" * 32, "CME_MINI:ES1!", "5", "market", "", 5000, NOW - 300_000,
    NOW, 5932.25, NOW, 1, 2, "here/1/2/3",
)  # fmt: skip


def alert(key: str, at: int = NOW, deployment: str = "es", outcome: AlertOutcome = AlertOutcome.SENT) -> ChartAlert:
    return ChartAlert(deployment, key, "alert", NOW - 300_000, at, "Title", f"IN {key}", outcome)


def test_a_chart_is_one_row_with_what_was_said_last(store: SqlStore) -> None:
    store.write(lambda tx: charts.save_chart(tx, replace(ROW, state=ChartState.STARTING, price=None)))
    store.write(lambda tx: charts.save_chart(tx, ROW))
    other = replace(ROW, deployment="eth", last_bar=None)
    store.write(lambda tx: charts.save_chart(tx, other))

    assert store.read(lambda tx: charts.get_chart(tx, "es")) == ROW
    assert store.read(lambda tx: charts.get_chart(tx, "eth")) == other
    assert store.read(lambda tx: charts.get_chart(tx, "nq")) is None


def test_an_alert_is_recorded_once(store: SqlStore) -> None:
    assert store.write(lambda tx: charts.record_alert(tx, alert("a")))
    assert not store.write(lambda tx: charts.record_alert(tx, replace(alert("a"), message="other")))
    assert store.write(lambda tx: charts.record_alert(tx, alert("a", deployment="eth")))

    (kept,) = store.read(lambda tx: list_alerts(tx, "es", Filters())).items
    assert (kept.key, kept.message) == ("a", "IN a")


def test_what_is_due_comes_in_the_order_in_which_it_fired(store: SqlStore) -> None:
    def work(tx) -> None:
        for number, key in enumerate("zyx"):
            charts.record_alert(tx, alert(key, NOW + number, outcome=AlertOutcome.DUE))
        charts.record_alert(tx, alert("late", NOW + 9, outcome=AlertOutcome.CATCHING_UP))
        charts.record_alert(tx, alert("other", NOW, "eth", AlertOutcome.DUE))
        charts.record_alert(tx, alert("gone", NOW))
        charts.settle_alert(tx, "es", "y", AlertOutcome.SENT)

    store.write(work)
    assert [one.key for one in store.read(lambda tx: charts.due_alerts(tx, "es"))] == ["z", "x", "late"]
    assert store.read(lambda tx: charts.last_alert_at(tx, "es")) == NOW + 9
    assert store.read(lambda tx: charts.last_alert_at(tx, "nobody")) == 0


def test_known_keys_among_many(store: SqlStore) -> None:
    store.write(lambda tx: [charts.record_alert(tx, alert(f"k{n}")) for n in range(0, 1200, 3)])
    asked = [f"k{n}" for n in range(1200)]
    assert store.read(lambda tx: charts.recorded_keys(tx, "es", asked)) == {f"k{n}" for n in range(0, 1200, 3)}


def test_alerts_are_counted_by_deployment(store: SqlStore) -> None:
    def work(tx) -> None:
        for n in range(7):
            charts.record_alert(tx, alert(f"k{n}", NOW + n))
        charts.record_alert(tx, alert("k0", NOW, "eth"))

    store.write(work)
    assert store.read(lambda tx: charts.count_alerts(tx, 0)) == {"es": 7, "eth": 1}
    assert store.read(lambda tx: charts.count_alerts(tx, NOW + 1)) == {"es": 6}


def test_everybody_gets_the_same_anchor(store: SqlStore) -> None:
    with ThreadPoolExecutor(4) as threads:
        got = set(threads.map(lambda n: charts.anchor(store, "market", NOW + n), range(8)))
    assert len(got) == 1
    assert charts.anchor(store, "market", 1) == got.pop()
    assert charts.anchor(store, "other", 1) == 1


def test_the_beginning_of_a_chart_moves_when_it_is_told_to(store: SqlStore) -> None:
    assert store.read(lambda tx: charts.beginning(tx, "es")) is None
    store.write(lambda tx: charts.begin(tx, "es", 1, {"script": "a"}))
    store.write(lambda tx: charts.begin(tx, "es", 2, {"script": "b"}))
    assert store.read(lambda tx: charts.beginning(tx, "es")) == (2, {"script": "b"})


def test_old_alerts_go_and_those_that_are_due_stay(store: SqlStore) -> None:
    def work(tx) -> None:
        charts.record_alert(tx, alert("old", NOW - 730 * DAY))
        charts.record_alert(tx, alert("due", NOW - 730 * DAY, outcome=AlertOutcome.DUE))
        charts.record_alert(tx, alert("new"))

    store.write(work)
    assert apply(store, NOW)["chart_alerts"] == 1
    assert {one.key for one in store.read(lambda tx: list_alerts(tx, "es", Filters())).items} == {"due", "new"}
