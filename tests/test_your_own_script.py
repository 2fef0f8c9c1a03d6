"""The guide from a TradingView script to a deployment: its commands, one after the other, on its own script."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

import pinery
from pinery.app.cli import main
from tests.test_docs import needs_chart

GUIDE = (Path(__file__).resolve().parents[1] / "docs/your-own-script.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
# These want a running Pinery, or weeks of trading.
LATER = ("up", "status", "signals", "positions", "doctor", "promote", "demote")


def test_the_guide_works_from_the_first_step_to_the_deployment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needs_chart("chart")
    monkeypatch.setenv("PINERY_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    done = []
    for language, block in BLOCKS:
        if language == "pine":
            Path("my-strategy.pine").write_text(block, encoding="utf-8")
        elif language == "toml":
            with Path("pinery.toml").open("a", encoding="utf-8") as settings:
                settings.write(f"\n{block}")
        for command in block.splitlines() if not language else ():
            words = shlex.split(command, comments=True)
            if words[0] == "cd":
                monkeypatch.chdir(words[1])
            elif words[0] == "cp":
                shutil.copy(words[1], words[2])
            elif words[1] not in LATER:
                with pytest.raises(SystemExit) as end:
                    main(words[1:])
                said = capsys.readouterr()
                assert end.value.code in (0, None), f"{command}\n{said.out}{said.err}"
                done.append(words[1])
    assert done[:6] == ["check", "convert", "run", "audit", "backtest", "init"]
    assert done.count("deploy") == 2
    assert (tmp_path / "report.html").exists() and (tmp_path / "trades.csv").exists()
    settings_text = Path("pinery.toml").read_text(encoding="utf-8")
    assert "[deployments.mine]" in settings_text and "[deployments.alerts]" in settings_text


def test_the_guides_script_gives_the_same_after_its_conversion(tmp_path: Path) -> None:
    old = next(block for language, block in BLOCKS if language == "pine")
    path = tmp_path / "old.pine"
    path.write_text(old, encoding="utf-8")
    with pytest.raises(SystemExit):
        main(["convert", str(path), "-o", str(tmp_path / "new.pine")])
    before, after = (
        pinery.backtest(tmp_path / f"{name}.pine", bars="synthetic:3000", symbol="CME_MINI:ES1!", timeframe="15")
        for name in ("old", "new")
    )
    assert before.trades and [str(t) for t in before.trades] == [str(t) for t in after.trades]
