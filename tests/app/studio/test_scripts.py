from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from pinery.app.config.configuration import Configuration
from pinery.app.studio.scripts import ScriptFolder, heading
from pinery.app.views.scripts import script_path
from pinery.core.errors import UsageError
from pinery.gateway.control.studio import LONGEST_SCRIPT
from pinery.trading.errors import NotFound, Refused, StoreError
from tests.app.studio.conftest import TREND


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "lib"
    (folder / "strategies").mkdir(parents=True)
    (folder / "strategies" / "turn.pine").write_text("//@version=5\nstrategy(title = 'Turn')\n")
    return folder


@pytest.fixture
def scripts(installation: Configuration, library: Path) -> ScriptFolder:
    return ScriptFolder(lambda: installation, library)


def test_the_list_has_own_ones_those_of_charts_and_the_library(scripts: ScriptFolder) -> None:
    rows = {row.id: row for row in scripts.all()}
    assert list(rows) == ["own:trend", "library:strategies:turn", "chart:other"]
    own, turn, other = rows.values()
    assert (own.title, own.kind, own.version, own.place, own.writable) == ("Trend", "strategy", 6, "own", True)
    assert own.used_by == ("trend",) and other.used_by == ("other",) and turn.used_by == ()
    assert (turn.title, turn.place, turn.version, turn.writable) == ("Turn", "library", 5, False)
    assert not other.writable and own.bytes == len(TREND)


def test_without_any_script_there_is_none(installation: Configuration, tmp_path: Path) -> None:
    for name in ("scripts/trend.pine", "strategies/other.pine"):
        (tmp_path / name).unlink()
    (tmp_path / "scripts").rmdir()
    assert ScriptFolder(lambda: installation, None).all() == []
    made = ScriptFolder(lambda: installation, tmp_path / "nowhere").create("first", TREND)
    assert (made.script.id, made.text) == ("own:first", TREND)


def test_a_script_is_made_changed_and_deleted(scripts: ScriptFolder, tmp_path: Path) -> None:
    made = scripts.create("my_trend.pine", TREND)
    path = tmp_path / "scripts" / "my_trend.pine"
    assert path.read_text() == TREND and made.sha256 == hashlib.sha256(TREND.encode()).hexdigest()
    changed = scripts.save(made.script.id, TREND + "// more\n", made.sha256)
    assert path.read_text().endswith("// more\n") and changed.sha256 != made.sha256
    assert sorted(os.listdir(path.parent)) == ["my_trend.pine", "trend.pine"]  # no drafts are left
    scripts.delete(made.script.id)
    assert not path.exists()
    with pytest.raises(NotFound, match="no script 'own:my_trend'"):
        scripts.read(made.script.id)


def test_nobodys_change_is_lost(scripts: ScriptFolder, tmp_path: Path) -> None:
    read = scripts.read("own:trend")
    (tmp_path / "scripts" / "trend.pine").write_text(TREND + "// by somebody else\n")
    with pytest.raises(Refused, match=r"trend\.pine was changed meanwhile"):
        scripts.save("own:trend", TREND, read.sha256)
    assert scripts.read("own:trend").text.endswith("else\n")
    with pytest.raises(Refused, match="already"):
        scripts.create("Trend", TREND)


@pytest.mark.parametrize("id", ["library:strategies:turn", "chart:other"])
def test_only_own_scripts_are_changed(scripts: ScriptFolder, id: str) -> None:
    read = scripts.read(id)
    with pytest.raises(Refused, match="cannot be changed here"):
        scripts.save(id, TREND, read.sha256)
    with pytest.raises(Refused, match="cannot be changed here"):
        scripts.delete(id)


def test_one_that_a_chart_runs_is_not_deleted(scripts: ScriptFolder) -> None:
    with pytest.raises(Refused, match="runs on the chart of trend"):
        scripts.delete("own:trend")


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", ".hidden", "", "a b", "é", "x" * 65, "-a", "a\x00", "C:\\x"])
def test_a_name_cannot_leave_the_folder(scripts: ScriptFolder, name: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="cannot be the name of a script"):
        scripts.create(name, TREND)
    with pytest.raises(NotFound):
        scripts.read(f"own:{name}")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("// " + "x" * LONGEST_SCRIPT, "up to 200000"),
        ("a\ud800", "half a character"),
        ("a\0", "binary"),
    ],
)
def test_a_text_that_is_no_script_is_not_kept(scripts: ScriptFolder, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        scripts.create("odd", text)
    assert "own:odd" not in {row.id for row in scripts.all()}


def test_a_folder_that_cannot_be_written_is_told(installation: Configuration, tmp_path: Path) -> None:
    for path in (tmp_path / "scripts").iterdir():
        path.unlink()
    (tmp_path / "scripts").rmdir()
    (tmp_path / "scripts").write_text("a file")
    with pytest.raises(StoreError, match="cannot be written"):
        ScriptFolder(lambda: installation, None).create("x", TREND)


def test_what_a_script_says_of_itself() -> None:
    assert heading("//@version=4\nstudy('Old', overlay=true)").kind == "indicator"
    assert heading('// @version = 6\nlibrary("lib")').version == 6
    assert heading("plot(close)").kind == "" and heading("").version is None
    assert heading('strategy(shorttitle="S", title="T")').kind == "strategy"


def test_an_id_means_the_same_file_for_a_chart_view(installation: Configuration) -> None:
    assert script_path(installation, "own:trend") == installation.folder / "scripts" / "trend.pine"
    assert script_path(installation, "trend.pine").name == "trend.pine"
    assert script_path(installation, "chart:other").parent.name == "strategies"
    for name in ("own:none", "../pinery.toml", "/etc/passwd", "../../x.pine"):
        with pytest.raises(NotFound):
            script_path(installation, name)
