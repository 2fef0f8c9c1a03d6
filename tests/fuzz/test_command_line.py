"""The command line as a process: whatever it is given, a code that is documented and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pinery.app.cli import main

ROOT = Path(__file__).resolve().parents[2]
GOOD = ROOT / "examples" / "momentum.pine"
HEAD = "time,open,high,low,close,volume\n"
ROW = "1704067200,1,2,0.5,1.5,10\n1704070800,1.5,2,1,1.2,11\n1704074400,1.2,3,1,2,12\n"
FINE = '//@version=6\nindicator("x")\nplot(close)\n'


def as_process(folder: Path, *arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "pinery.app", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        timeout=300,
        env={**os.environ, "PINERY_HOME": str(folder / "home"), "PYTHONPATH": str(ROOT / "src")},
    )
    out, err = ended.stdout.decode("utf-8", "replace"), ended.stderr.decode("utf-8", "replace")
    assert "Traceback" not in out + err, err
    return ended.returncode, out, err


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process, which is quicker to start."""
    monkeypatch.setenv("PINERY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fine.pine").write_text(FINE)
    if not (tmp_path / "bars.csv").exists():
        (tmp_path / "bars.csv").write_text(HEAD + ROW)

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err, err
        return int(end.value.code or 0), out, err

    return call


BARS = {
    "empty file": (b"", 3),
    "header only": (HEAD.encode(), 3),
    "no header": (b"1,2,3\n", 3),
    "not text": (bytes(range(256)) * 8, 3),
    "a page": (b"<!doctype html><title>Not found</title>", 3),
    "prices of words": ((HEAD + "1704067200,a,b,c,d,e\n").encode(), 3),
    "times that stand still": ((HEAD + "1704067200,1,2,0.5,1.5,10\n" * 3).encode(), None),
    "times that run back": ((HEAD + "".join(reversed(ROW.splitlines(True)))).encode(), None),
    "high below low": ((HEAD + ROW + "1704078000,1,0.5,2,1,1\n").encode(), None),
    "infinite": ((HEAD + ROW + "1704078000,inf,inf,inf,inf,inf\n").encode(), None),
    "na": ((HEAD + ROW + "1704078000,nan,nan,nan,nan,nan\n").encode(), None),
    "huge": ((HEAD + ROW + "1704078000,1e308,1e308,1e308,1e308,1e308\n").encode(), None),
    "negative": ((HEAD + "1704067200,-1,-0.5,-2,-1,10\n1704070800,-1,-0.5,-2,-1,10\n").encode(), None),
    "far future": ((HEAD + "99999999999999999,1,2,0.5,1.5,10\n").encode(), None),
    "one bar": ((HEAD + "1704067200,1,2,0.5,1.5,10\n").encode(), 0),
    "utf-16": ((HEAD + ROW).encode("utf-16"), None),
    "semicolons": ((HEAD + ROW).replace(",", ";").encode(), None),
}


@pytest.mark.parametrize("name", BARS)
def test_bars(run: Run, name: str) -> None:
    data, code = BARS[name]
    Path("bars.csv").write_bytes(data)
    got, _, err = run("run", str(GOOD), "--data", "bars.csv")
    assert got == code if code is not None else got in (0, 3), err
    assert bool(got) == ("error: " in err)


SCRIPTS = {
    "empty": (b"", 2),
    "nothing but a comment": (b"// nothing\n", 1),
    "zeros": (b"\0" * 100, 2),
    "not text": (b"\xff\xfe\xfa" * 50, 2),
    "a syntax error": (b'//@version=6\nindicator("x")\nplot(close\n', 1),
    "an unknown version": (b'//@version=99\nindicator("x")\nplot(close)\n', 1),
    "a stop": (b'//@version=6\nindicator("x")\nruntime.error("enough")\n', 4),
    "deep brackets": (b'//@version=6\nindicator("x")\nplot(' + b"(" * 20000 + b"close" + b")" * 20000 + b")\n", 1),
    "a long sum": (b'//@version=6\nindicator("x")\nplot(' + b"+".join([b"close"] * 20000) + b")\n", None),
    "many lines": (b'//@version=6\nindicator("x")\nx = 0\n' + b"x := x + 1\n" * 4000 + b"plot(x)\n", None),
    "a long name": (b'//@version=6\nindicator("x")\n' + b"x" * 100000 + b" = 1\nplot(close)\n", None),
    "a long string": (b'//@version=6\nindicator("' + b"x" * 200000 + b'")\nplot(close)\n', None),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts(run: Run, name: str) -> None:
    data, code = SCRIPTS[name]
    Path("script.pine").write_bytes(data)
    got, _, err = run("run", "script.pine", "--data", "bars.csv")
    assert got == code if code is not None else got in (0, 1), err[:2000]


USAGE = {
    "no such script": ["run", "none.pine", "--data", "bars.csv"],
    "no such bars": ["run", "fine.pine", "--data", "none.csv"],
    "a folder as script": ["run", ".", "--data", "bars.csv"],
    "a folder as bars": ["run", "fine.pine", "--data", "."],
    "an unknown option": ["run", "fine.pine", "--nothing"],
    "a bad timeframe": ["run", "fine.pine", "--data", "bars.csv", "--timeframe", "7X"],
    "a shorter timeframe": ["run", "fine.pine", "--data", "bars.csv", "--timeframe", "1"],
    "a bad symbol": ["run", "fine.pine", "--data", "bars.csv", "--symbol", "\n"],
    "an unknown input": ["run", "fine.pine", "--data", "bars.csv", "--input", "Nothing=1"],
    "an input without value": ["run", "fine.pine", "--data", "bars.csv", "--input", "Nothing"],
    "a bad range": ["run", "fine.pine", "--data", "bars.csv", "--from", "yesterday"],
    "an empty range": ["run", "fine.pine", "--data", "bars.csv", "--from", "2030-01-01"],
    "a bad zone": ["run", "fine.pine", "--data", "bars.csv", "--timezone", "Nowhere/Land"],
    "a plot file in no folder": ["run", "fine.pine", "--data", "bars.csv", "--plots", "none/plots.csv"],
    "a chart onto a folder": ["run", "fine.pine", "--data", "bars.csv", "--chart", "."],
    "a bad feed": ["run", "fine.pine", "--data", "bars.csv", "--feed", "what"],
    "too many made-up bars": ["run", "fine.pine", "--data", "synthetic:99999999999999"],
    "less than no bars": ["run", "fine.pine", "--data", "synthetic:-5"],
}


@pytest.mark.parametrize("name", USAGE)
def test_usage(run: Run, name: str) -> None:
    got, _, err = run(*USAGE[name])
    assert got in (2, 3), (got, err)
    assert err.strip()


def test_processes(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").write_text(HEAD + ROW)
    (tmp_path / "stops.pine").write_bytes(SCRIPTS["a stop"][0])
    assert as_process(tmp_path, "run", "-", "--data", "bars.csv", stdin=FINE.encode())[0] == 0
    assert as_process(tmp_path, "check", "-", "--json", stdin=b"plot(")[0] == 1
    assert as_process(tmp_path, "check", "-", stdin=b"\xff\xff")[0] == 2
    assert as_process(tmp_path, "run", "stops.pine", "--data", "none.csv")[0] == 2
    assert as_process(tmp_path, "run", "stops.pine", "--data", "bars.csv")[0] == 4
