"""The demo's folder: made once, gone on with, never somebody else's."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import pytest

from pinery.app.demo.place import OUTSIDE, prepare
from pinery.app.up.supervisor import take_folder
from pinery.charts.settings import Send
from pinery.core.errors import UsageError
from pinery.trading.errors import ConfigError, Refused
from tests.crash.storm import free_port, taken


@pytest.fixture
def ports() -> tuple[int, int, int]:
    return free_port(), free_port(), free_port()


def test_a_new_folder_has_everything(tmp_path: Path, ports: tuple[int, int, int]) -> None:
    folder = tmp_path / "demo"
    place = prepare(folder, ports=ports)
    found = place.configuration
    assert place.is_new and not place.notes and not found.warnings
    assert {chart.symbol for chart in found.charts.values()} == {
        "CME_MINI:ES1!", "CME_MINI:NQ1!", "SP:SPX", "BINANCE:ETHUSDT.P",
    }  # fmt: skip
    assert all(chart.send is Send.WEBHOOK and chart.script.is_file() for chart in found.charts.values())
    assert OUTSIDE in found.hooks and OUTSIDE not in found.charts
    assert all(deployment.bracket.stop and deployment.bracket.target for deployment in found.deployments.values())
    assert (found.webhook.port, found.control.port, place.page_port) == ports
    assert place.login_url.startswith(f"http://127.0.0.1:{ports[1]}/#login=")
    assert stat.S_IMODE((folder / "pinery.secrets.toml").stat().st_mode) == 0o600
    shown = repr(place)
    assert place.page_path not in shown and place.hook_url not in shown and "login=" not in shown


def test_a_second_start_goes_on(tmp_path: Path, ports: tuple[int, int, int]) -> None:
    first = prepare(tmp_path / "demo", ports=ports)
    script = first.folder / "strategies" / "es-ema-momentum.pine"
    script.write_text(script.read_text() + "// mine\n")
    second = prepare(tmp_path / "demo", speed=90, ports=ports)
    assert not second.is_new and not second.notes
    assert (second.hook_url, second.page_url) == (first.hook_url, first.page_url)
    assert second.login_url != first.login_url
    assert second.configuration.feeds["market"].options["speed"] == 90
    assert script.read_text().endswith("// mine\n")


def test_ports_that_are_taken(tmp_path: Path, ports: tuple[int, int, int]) -> None:
    prepare(tmp_path / "demo", ports=ports)
    with taken(ports[0]), taken(ports[2]):
        place = prepare(tmp_path / "demo", ports=ports)
    port = place.configuration.webhook.port
    assert (
        port != ports[0]
        and f"port {ports[0]} is taken by another program: the webhook is on port {port}" in place.notes
    )
    assert place.page_port != ports[2] and len(place.notes) == 2
    assert f":{port}/hook/" in place.hook_url and f":{place.page_port}/" in place.page_url
    assert tomllib.loads((place.folder / "pinery.toml").read_text())["webhook"]["port"] == port
    options = place.configuration.channel_options(place.configuration.channels["page"])
    assert options["url"] == f"{place.page_url}in"


def test_fresh_begins_anew(tmp_path: Path, ports: tuple[int, int, int]) -> None:
    first = prepare(tmp_path / "demo", ports=ports)
    (first.folder / "mine.txt").write_text("kept")
    (first.folder / "pinery.toml").write_text("broken = [")
    with pytest.raises(ConfigError, match="not valid TOML"):
        prepare(first.folder, ports=ports)
    second = prepare(first.folder, fresh=True, ports=ports)
    assert second.is_new and second.hook_url != first.hook_url
    assert (first.folder / "mine.txt").read_text() == "kept"


def test_somebody_elses_folder_is_left_alone(tmp_path: Path, ports: tuple[int, int, int]) -> None:
    (tmp_path / "pinery.toml").write_text("[log]\n")
    for fresh in (False, True):
        with pytest.raises(Refused, match=r"not the demo's"):
            prepare(tmp_path, fresh=fresh, ports=ports)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["pinery.toml"]


def test_a_demo_that_runs_is_left_alone(tmp_path: Path, ports: tuple[int, int, int]) -> None:
    prepare(tmp_path / "demo", ports=ports)
    with take_folder(tmp_path / "demo"), pytest.raises(Refused, match="already"):
        prepare(tmp_path / "demo", fresh=True, ports=ports)
    assert (tmp_path / "demo" / "pinery.db").exists()


def test_a_file_in_the_way(tmp_path: Path, ports: tuple[int, int, int]) -> None:
    (tmp_path / "demo").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        prepare(tmp_path / "demo", ports=ports)
