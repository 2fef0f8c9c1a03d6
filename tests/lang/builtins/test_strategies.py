"""The table of ``strategy`` built-ins against TradingView's list and signatures."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from pinery.lang.builtins.schema import REQUIRED, FunctionRow, Overload, VariableRow
from pinery.lang.builtins.strategies import ROWS

IDENTIFIERS = Path(__file__).parents[4] / "shared" / "conformance" / "pine-v6-identifiers.tsv"
FUNCTIONS = {row.name: row for row in ROWS if isinstance(row, FunctionRow)}
VARIABLES = {row.name: row for row in ROWS if isinstance(row, VariableRow)}


def overload(name: str, version: int, number: int = 0) -> Overload:
    return FUNCTIONS[name].overloads_for(version)[number]


def names(found: Overload) -> list[str]:
    return [p.name for p in found.params]


@pytest.mark.skipif(not IDENTIFIERS.exists(), reason="no ../shared/conformance beside the repository")
def test_every_identifier_of_the_reference_is_listed_with_its_kind() -> None:
    listed = [line.split("\t") for line in IDENTIFIERS.read_text().splitlines() if line.startswith("strategy")]
    kinds = dict.fromkeys(FUNCTIONS, "function")
    kinds |= {name: "constant" if row.is_constant else "variable" for name, row in VARIABLES.items()}
    assert kinds == dict(listed)


def test_every_row_has_an_implementation() -> None:
    for row in ROWS:
        impls = [o.impl for o in row.overloads] if isinstance(row, FunctionRow) else [row.impl]
        for impl in impls:
            if impl is not None and impl.kind == "host":
                module, _, name = impl.target.partition(":")
                assert callable(getattr(import_module(f"pinery.runtime.{module}"), name))


def test_v6_entry_has_the_documented_parameters() -> None:
    assert names(overload("strategy.entry", 6)) == [
        *("id", "direction", "qty", "limit", "stop", "oca_name", "oca_type"),
        *("comment", "alert_message", "disable_alert"),
    ]
    assert [p.name for p in overload("strategy.entry", 6).params if p.default is REQUIRED] == ["id", "direction"]


def test_v6_exit_has_the_documented_parameters_in_order() -> None:
    assert names(overload("strategy.exit", 6)) == [
        *("id", "from_entry", "qty", "qty_percent", "profit", "limit", "loss", "stop"),
        *("trail_price", "trail_points", "trail_offset", "oca_name"),
        *("comment", "comment_profit", "comment_loss", "comment_trailing"),
        *("alert_message", "alert_profit", "alert_loss", "alert_trailing", "disable_alert"),
    ]


@pytest.mark.parametrize("name", ["entry", "order", "exit", "close", "close_all", "cancel", "cancel_all"])
def test_when_is_known_before_v6_only(name: str) -> None:
    row = FUNCTIONS[f"strategy.{name}"]
    assert not any(o.param("when") for o in row.overloads_for(6))
    assert all(any(o.param("when") for o in row.overloads_for(version)) for version in (4, 5))


def test_v4_calls_the_direction_long() -> None:
    forms = FUNCTIONS["strategy.entry"].overloads_for(4)
    assert all(o.params[1].name == "long" for o in forms)
    assert {str(o.params[1].type) for o in forms} == {"string", "bool"}


def test_early_close_takes_the_condition_second() -> None:
    assert names(overload("strategy.close", 4))[:3] == ["id", "when", "comment"]
    assert names(overload("strategy.close", 5))[:2] == ["id", "comment"]


def test_margin_defaults_changed_with_v6() -> None:
    margins = {v: overload("strategy", v).param("margin_long").default for v in (4, 5, 6)}  # type: ignore[union-attr]
    assert margins == {4: 0, 5: 0, 6: 100}


def test_declaration_order_of_the_properties_most_scripts_give_by_position() -> None:
    assert names(overload("strategy", 5))[:7] == [
        *("title", "shorttitle", "overlay", "format", "precision", "scale", "pyramiding"),
    ]
