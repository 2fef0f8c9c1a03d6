"""The shape of a version: tables of names and flags of meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

_NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Version:
    """One version of Pine. The defaults are version 6; each older version names its differences.

    Built-ins are listed once, by their newest names; ``functions`` and ``variables`` map the names this
    version uses to them. ``rows`` says which versions' rows and overloads count: there are none older than 4.
    """

    number: int
    rows: int
    functions: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    # Function (newest name) -> parameter as this version calls it -> newest name.
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # Constants with another value than today's, by name.
    constants: Mapping[str, int] = field(default_factory=dict)
    # Names of other versions -> what to write here instead, for hints.
    replaced: Mapping[str, str] = field(default_factory=dict)

    # --- types --------------------------------------------------------------------------
    numeric_truth: bool = False  # int and float stand where a bool is asked for: 0 and na are false
    na_bool: bool = False  # a bool may be na
    bool_arithmetic: bool = False  # bools count as 1 and 0 in arithmetic (v1, v2)
    float_as_int: bool = False  # a float stands where an int is asked for
    const_int_division: bool = False  # dividing two constant ints drops the fraction
    # --- expressions --------------------------------------------------------------------
    lazy_logic: bool = True  # ``and`` and ``or`` stop when the left side decides
    literal_history: bool = False  # ``6[1]``, ``color.red[1]`` and ``object.field[1]`` are allowed
    repeated_arguments: bool = False  # an argument may be given twice; the first counts
    self_reference: bool = False  # ``s = nz(s[1]) + 1`` may name itself (v1, v2)
    for_end_dynamic: bool = True  # a counting loop evaluates its end before every turn
    # --- data ---------------------------------------------------------------------------
    lookahead_default: bool = False  # request.security looks ahead unless told otherwise (v1, v2)
    timeframe_with_multiplier: bool = True  # timeframe.period is "1D", not "D"
    session_days: str = "1234567"  # days of a session string that names none
    # --- outputs ------------------------------------------------------------------------
    default_transp: float | None = None  # transparency of bgcolor and fill without ``transp`` (up to v4: 90)
    # --- strategies ---------------------------------------------------------------------
    margin_default: float = 100.0  # margin_long and margin_short, percent
    exit_takes_nearest: bool = True  # strategy.exit with profit and limit uses the one reached first
    trims_orders: bool = True  # beyond 9000 trades the oldest are dropped; before, the script stopped

    def function(self, name: str) -> str | None:
        """Newest name of the built-in function this version calls ``name``; None if it has no such name."""
        return self._resolve(name, self.functions, self._hidden_functions)

    def variable(self, name: str) -> str | None:
        """Newest name of the built-in variable or constant this version calls ``name``; None if it has none."""
        return self._resolve(name, self.variables, self._hidden_variables)

    def parameter(self, function: str, name: str) -> str:
        """Newest name of a parameter of ``function`` (given by its newest name)."""
        return self.parameters.get(function, _NONE).get(name, name)

    def modern_name(self, name: str) -> str | None:
        """How this version calls what another version calls ``name``; None if that is not known."""
        return self.replaced.get(name)

    def _resolve(self, name: str, renamed: Mapping[str, str], hidden: frozenset[str]) -> str | None:
        new = renamed.get(name)
        if new is not None:
            return new
        return None if name in hidden else name

    @cached_property
    def _hidden_functions(self) -> frozenset[str]:
        """Newest names that this version did not have yet."""
        return frozenset(new for old, new in self.functions.items() if old != new)

    @cached_property
    def _hidden_variables(self) -> frozenset[str]:
        # TradingView gave the types of inputs their names of version 4 in version 3 too: published scripts use both.
        return frozenset(new for old, new in self.variables.items() if old != new and not new.startswith("input."))


def inverse(*tables: Mapping[str, str]) -> dict[str, str]:
    """Newest name -> older name, for the hints of an older version."""
    return {new: old for table in tables for old, new in table.items() if old != new}
