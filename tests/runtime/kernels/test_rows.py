"""Every row of the ta and math tables, called through its signature as a running script would.

What is checked for all of them: the implementation exists and takes what the signature promises,
na and odd numbers never stop it, and a saved state comes back exactly.
"""

from __future__ import annotations

import inspect
import math
import random
import typing
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from pinery.lang.builtins import maths, ta
from pinery.lang.builtins.schema import FunctionRow, Impl, Overload, VariableRow
from pinery.runtime.arrays import Array
from pinery.runtime.context import Runtime
from pinery.runtime.kernels.state import State

NAN = math.nan
LENGTHS = {"length", "fastlen", "slowlen", "siglen", "short_length", "long_length", "diLength", "adxSmoothing", "y"}


def implementations() -> list[tuple[str, Impl, tuple[tuple[str, str], ...]]]:
    """Name, implementation, and (name, type) of each argument that follows the implicit ones."""
    found = []
    for row in [*ta.ROWS, *maths.ROWS]:
        if isinstance(row, FunctionRow):
            for overload in row.overloads:
                found.append((f"{row.name}{overload.text}", overload.impl, arguments_of(overload)))
        elif row.impl is not None:
            found.append((row.name, row.impl, ()))
    return found


def arguments_of(overload: Overload) -> tuple[tuple[str, str], ...]:
    return tuple((p.name, p.type.name) for p in overload.params if not p.variadic)


ALL = implementations()
KERNELS = [row for row in ALL if row[1].kind == "kernel"]
names = [row[0] for row in KERNELS]


def function_of(impl: Impl) -> Callable[..., Any]:
    module, name = impl.target.split(":")
    function: Callable[..., Any] = getattr(import_module(f"pinery.runtime.{module}"), name)
    return function


def state_of(function: Callable[..., Any], dynamic: bool) -> State:
    first = next(iter(inspect.signature(function).parameters))
    kind = typing.get_type_hints(function)[first]
    assert issubclass(kind, State)
    takes_dynamic = "dynamic" in inspect.signature(kind.__init__).parameters
    made = kind(dynamic=dynamic) if takes_dynamic else kind()
    assert isinstance(made, State)
    return made


class Bars:
    """Arguments for one call after the other."""

    def __init__(self, seed: int, odd: bool = False) -> None:
        self.chance = random.Random(seed)
        self.odd = odd
        self.price = 100.0
        self.day = 0

    def implicit(self, names_: tuple[str, ...]) -> list[Any]:
        self.price = abs(self.price + self.chance.gauss(0, 1)) + 0.01
        self.day += self.chance.random() < 0.05
        spread = self.chance.random() if self.chance.random() < 0.9 else 0.0
        bar: dict[str, Any] = {
            "open": self.price - spread / 3,
            "high": self.price + spread,
            "low": self.price - spread,
            "close": self.price,
            "hlc3": self.price,
            "volume": float(self.chance.randrange(0, 50)),
            "time_tradingday": self.day * 86_400_000,
        }
        return [self._or_odd(bar[name]) for name in names_]

    def value(self, name: str, type_: str, length: int) -> Any:
        if type_ == "bool":
            return self.chance.random() < 0.2
        if type_ == "string":
            return "Traditional"
        if type_ == "color":
            return 0x112233FF
        if name in LENGTHS or name in ("leftbars", "rightbars", "atrPeriod"):
            return length
        if name in ("occurrence", "offset", "precision", "seed"):
            return 1
        if name in ("sigma", "percentage", "mult", "factor", "stdev_mult"):
            return 6.0
        if name in ("start", "inc", "max") and type_ == "float":
            return 0.02
        if type_ == "int":
            return self._or_odd(self.chance.randrange(-5, 6))
        return self._or_odd(self.price + self.chance.gauss(0, 1))

    def _or_odd(self, value: float) -> float:
        if self.odd and self.chance.random() < 0.3:
            return self.chance.choice([NAN, 0, 0.0, -1.0, 1e300, -1e300, math.inf, -math.inf, 1e-320])
        return value

    def call(
        self, function: Callable[..., Any], state: State, impl: Impl, args: tuple[tuple[str, str], ...], length: Any
    ) -> Any:
        result = function(state, *self.implicit(impl.implicit), *(self.value(n, t, length) for n, t in args))
        return result.items if isinstance(result, Array) else result


def same(a: Any, b: Any) -> bool:
    return repr(a) == repr(b)


def test_every_identifier_has_an_implementation() -> None:
    for _, impl, _ in ALL:
        assert callable(function_of(impl)), impl
    constants = [row for row in maths.ROWS if isinstance(row, VariableRow)]
    assert {row.name: row.value for row in constants} == {
        "math.pi": math.pi,
        "math.e": math.e,
        "math.phi": pytest.approx(1.618033988749895),
        "math.rphi": pytest.approx(0.618033988749895),
    }


@pytest.mark.parametrize(("name", "impl", "args"), ALL, ids=[row[0] for row in ALL])
def test_implementation_takes_what_the_signature_promises(
    name: str, impl: Impl, args: tuple[tuple[str, str], ...]
) -> None:
    parameters = inspect.signature(function_of(impl)).parameters.values()
    fixed = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    extra = {"pure": 0, "kernel": 1, "host": 1}[impl.kind]
    assert len(fixed) == extra + len(impl.implicit) + len(args)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize(("name", "impl", "args"), KERNELS, ids=names)
def test_saved_state_comes_back_exactly(
    name: str, impl: Impl, args: tuple[tuple[str, str], ...], dynamic: bool
) -> None:
    function = function_of(impl)
    plain, rolled = state_of(function, dynamic), state_of(function, dynamic)
    one, two, other = Bars(1), Bars(1), Bars(2)
    lengths = random.Random(3)
    for bar in range(200):
        saved = rolled.save()
        for _ in range(bar % 3):  # ticks of a bar that is not over yet
            other.call(function, rolled, impl, args, lengths.choice([1, 2, 5, 9]) if dynamic else 5)
            rolled.restore(saved)
        assert same(one.call(function, plain, impl, args, 5), two.call(function, rolled, impl, args, 5))


@pytest.mark.parametrize(("name", "impl", "args"), KERNELS, ids=names)
def test_odd_numbers_never_stop_a_kernel(name: str, impl: Impl, args: tuple[tuple[str, str], ...]) -> None:
    function = function_of(impl)
    for length in (1, 2, 5, 4.5, 0, -1, NAN, math.inf):
        state, bars = state_of(function, dynamic=True), Bars(3, odd=True)
        for _ in range(60):
            bars.call(function, state, impl, args, length)


def test_windows_do_not_grow_without_end() -> None:
    for _, impl, args in KERNELS:
        function = function_of(impl)
        state, bars = state_of(function, dynamic=False), Bars(4)
        for _ in range(3000):
            bars.call(function, state, impl, args, 10)
        assert len(repr(state.save())) < 20_000, impl


def test_random_numbers_repeat_and_stay_between_their_bounds(chart: Callable[..., Runtime]) -> None:
    from pinery.runtime.random_numbers import Generator, uniform, uniform_seeded

    first, second = chart(), chart()
    drawn = [uniform(first, 2.0, 5.0) for _ in range(1000)]
    assert drawn == [uniform(second, 2.0, 5.0) for _ in range(1000)]
    assert len(set(drawn)) == 1000 and 2.0 < min(drawn) < 2.1 and 4.9 < max(drawn) < 5.0
    here, there, elsewhere = Generator(), Generator(), Generator()
    seeded = [uniform_seeded(here, 0.0, 1.0, 42) for _ in range(50)]
    assert seeded == [uniform_seeded(there, 0.0, 1.0, 42) for _ in range(50)]
    assert seeded != [uniform_seeded(elsewhere, 0.0, 1.0, 43) for _ in range(50)]
