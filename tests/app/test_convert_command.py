"""``pinery convert`` at the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinery.app.cli import main

OLD = '//@version=5\nindicator("t")\nplot(volume ? 1 : 2)  // keep me\n'
NEW = '//@version=6\nindicator("t")\nplot(bool(volume) ? 1 : 2)  // keep me\n'


def convert(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(["convert", *arguments])
    return int(end.value.code or 0)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.pine"
    path.write_text(OLD, encoding="utf-8")
    return path


def test_the_new_script_is_printed(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(str(old), "--to", "6") == 0
    assert capsys.readouterr().out == NEW


def test_the_new_script_is_written(old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new.pine"
    assert convert(str(old), "-o", str(out)) == 0
    assert out.read_text(encoding="utf-8") == NEW
    assert "from version 5 to 6" in capsys.readouterr().out
    assert convert(str(out), "-o", str(tmp_path / "again.pine")) == 0
    assert (tmp_path / "again.pine").read_text(encoding="utf-8") == NEW
    assert "unchanged" in capsys.readouterr().out


def test_what_cannot_be_converted_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "old.pine"
    path.write_text('//@version=5\nindicator("t")\nf(bool x) =>\n    na(x)\nbool y = na\nplot(f(y) ? 1 : 0)\n')
    assert convert(str(path), "-o", str(tmp_path / "new.pine")) == 1
    said = capsys.readouterr().err
    assert "old.pine:4" in said and "C001" in said and "Traceback" not in said
    assert not (tmp_path / "new.pine").exists()


def test_other_versions_are_refused(old: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(str(old), "--to", "5") == 2
    assert "--to 6" in capsys.readouterr().err


def test_older_libraries_and_intervals_are_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = tmp_path / "libraries/me/sums/1.pine"
    library.parent.mkdir(parents=True)
    library.write_text('//@version=5\nlibrary("sums")\nexport twice(float x) => x * 2\n')
    path = tmp_path / "old.pine"
    path.write_text(
        '//@version=5\nindicator("t")\nimport me/sums/1 as s\nplot(s.twice(close))\n'
        'alertcondition(close > open, "a", "{{ticker}} {{interval}}")\n'
    )
    assert convert(str(path)) == 0
    said = capsys.readouterr().err
    assert "old.pine:3: note: `me/sums/1` is version 5" in said
    assert "old.pine:5: note: {{interval}}" in said
