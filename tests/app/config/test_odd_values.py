"""Whatever stands in the file, the answer is a configuration or findings, never a fault."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from pinery.app.config.reading import load_configuration
from pinery.trading.errors import ConfigError
from tests.app.config.test_commands import everything_of_the_starter

ODD: dict[str, Any] = {
    name: tomllib.loads(f"x = {text}")["x"]
    for name, text in {
        "empty": '""',
        "blank": '" "',
        "long": f'"{"9" * 5000}"',
        "percent": '"%"',
        "unicode": '"１２％"',
        "control": r'"\u0000\u001b"',
        "zero": "0",
        "minus": "-1",
        "huge": "9" * 400,
        "float": "0.1",
        "nan": "nan",
        "infinite": "-inf",
        "true": "true",
        "date": "2026-01-05",
        "time": "07:30:15",
        "list": "[]",
        "nested": '[[1, "a"], {}]',
        "table": "{}",
        "deep": '{ a = { b = "c" } }',
    }.items()
}


def places(table: dict[str, Any], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in table.items():
        found.append((*path, key))
        if isinstance(value, dict):
            found += places(value, (*path, key))
    return found


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_anywhere(odd: str, tmp_path: Path) -> None:
    text = everything_of_the_starter() + '\n[symbols.ES]\nroll = "monday"\nmargin = 5\ntrading_hours = "always"\n'
    whole = tomllib.loads(text)
    refused = 0
    for path in places(whole):
        changed: Any = tomllib.loads(text)
        inner = changed
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = ODD[odd]
        (tmp_path / "pinery.toml").write_text(tomlkit.dumps(changed), encoding="utf-8")
        try:
            load_configuration(tmp_path, {"PINERY_SECRET_MAIL": "x"})
        except ConfigError as error:
            refused += 1
            assert error.findings and all(len(finding) < 500 for finding in error.findings), path
    assert refused > 20


@pytest.mark.parametrize("number", ["1e999999", "1e-999999", "nan", "inf", "1e400"])
@pytest.mark.parametrize("setting", ["size", "limits.cool_down", "limits.max_position", "max_entries", "retry_window"])
def test_numbers_beyond_all_measure(setting: str, number: str, tmp_path: Path) -> None:
    text = '[accounts.paper]\nbroker = "paper"\n[deployments.es]\naccount = "paper"\nsymbol = "CME_MINI:ES1!"\n'
    (tmp_path / "pinery.toml").write_text(f"{text}{setting} = {number}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="line 6"):
        load_configuration(tmp_path, {})
