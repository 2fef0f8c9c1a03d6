"""``pinery up`` by itself: what it says when it cannot start, and what it does with a configuration that changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from pinery.adapters.store import tables as t
from tests.crash.failing import check_log, opened, quiet_place, readiness, wait_for
from tests.crash.storm import Place, children, free_port, pinery_up, taken
from tests.stores import store_url

pytestmark = pytest.mark.slow


def _up(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pinery.app", "up"], cwd=folder, capture_output=True, text=True, timeout=180
    )


@pytest.mark.parametrize("server", ["webhook", "control"])
def test_a_port_that_is_taken(tmp_path: Path, server: str) -> None:
    place = quiet_place(tmp_path / "place")
    port = place.port if server == "webhook" else place.control
    with taken(port):
        ended = _up(place.folder)
    assert ended.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}: another program listens there" in ended.stderr
    assert f"{server}.port" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_configuration(tmp_path: Path) -> None:
    ended = _up(tmp_path)
    assert ended.returncode == 2
    assert "pinery.toml" in ended.stderr and "pinery init" in ended.stderr


def test_with_an_invalid_configuration(tmp_path: Path) -> None:
    place = quiet_place(tmp_path / "place")
    _edit(place, "workers = 1", 'workers = "many"')
    ended = _up(place.folder)
    assert ended.returncode == 2
    assert '[up] workers: "many" is not a whole number' in ended.stderr and "Traceback" not in ended.stderr


def _edit(place: Place, before: str, after: str) -> None:
    path = place.folder / "pinery.toml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def _a_second_one_is_refused(place: Place, first: int) -> None:
    ended = _up(place.folder)
    assert ended.returncode == 5
    assert f"(process {first})" in ended.stderr
    assert readiness(place) == 200


def test_a_second_one_in_the_folder_and_a_configuration_that_changes(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with store_url("sqlite", tmp_path) as url:
        place = quiet_place(tmp_path / "place", url)
        with pinery_up(place, log) as process, opened(place) as store:
            _a_second_one_is_refused(place, process.pid)

            def traded(number: int) -> str:
                body = json.dumps({"signal": "IN" if number % 2 else "OUT", "price": 2000, "unique_id": str(number)})
                assert httpx.post(place.hook("d1"), content=body, timeout=10, verify=False).status_code == 200
                wanted = sa.select(t.orders.c.quantity).where(t.orders.c.final, t.orders.c.role.in_(["entry", "exit"]))

                def quantities() -> list[str]:
                    rows = store.read(lambda tx: tx.connection.execute(wanted.order_by(t.orders.c.created)).all())
                    return [format(row.quantity.normalize(), "f") for row in rows]

                wait_for("traded", lambda: len(quantities()) == number)
                return quantities()[-1]

            assert traded(1) == "1" and traded(2) == "1"
            _edit(place, "[deployments.d1]\n", "[deployments.d1]\nsize = 3\n")
            wait_for("reloaded", lambda: log.read_text().count("config.reloaded") >= 3)
            assert traded(3) == "3" and traded(4) == "3"

            _edit(place, "size = 3\n", "size = 'much'\n")
            wait_for("told", lambda: log.read_text().count("config.invalid") >= 3)
            assert traded(5) == "3" and traded(6) == "3"

            before, old = children(process.pid), place.port
            place.port = free_port()
            _edit(place, "size = 'much'\n", "size = 2\n")
            _edit(place, f"port = {old}", f"port = {place.port}")
            took = wait_for("ready on the new port", lambda: readiness(place) == 200)
            print(f"ready on the new port after {took:.1f} s")
            with pytest.raises(httpx.ConnectError):
                httpx.get(f"http://127.0.0.1:{old}/healthz")
            assert traded(7) == "2"
            again = children(process.pid)
            assert {pid for pid in before if pid in again} == {p for p, name in before.items() if name != "gateway"}
        check_log(log, place)
