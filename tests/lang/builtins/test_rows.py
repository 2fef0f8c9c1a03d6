"""Every row of the built-in tables holds together: it parses, and what it names exists."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

import pytest

from pinery.lang.builtins import registry
from pinery.lang.builtins.schema import ABSENT, BuiltinRef, FunctionRow, Impl, Overload, VariableRow
from pinery.lang.types import Kind, Qualifier

FUNCTIONS = list(registry().functions.values())
VARIABLES = list(registry().variables.values())
CALLED = ("pure", "kernel", "host")


def _targets() -> Iterator[tuple[str, Impl, Overload | None]]:
    for row in FUNCTIONS:
        for overload in row.overloads:
            if overload.impl.kind in CALLED:
                yield row.name, overload.impl, overload
    for row in VARIABLES:
        if row.impl is not None and row.impl.kind in CALLED:
            yield row.name, row.impl, None


@pytest.mark.parametrize("row", FUNCTIONS, ids=lambda r: r.name)
def test_every_signature_parses_and_is_offered_to_some_version(row: FunctionRow) -> None:
    assert row.overloads
    for overload in row.overloads:
        assert overload.versions, f"{overload.text} is for no version"
    for version in row.versions:
        assert row.overloads_for(version), f"{row.name} exists in v{version} but nothing of it can be called"


@pytest.mark.parametrize("row", [*FUNCTIONS, *VARIABLES], ids=lambda r: r.name)
def test_every_row_says_what_it_is(row: FunctionRow | VariableRow) -> None:
    assert row.doc.strip()
    assert "\n" not in row.doc
    assert row.versions


@pytest.mark.parametrize("row", FUNCTIONS, ids=lambda r: r.name)
def test_defaults_name_built_ins_that_exist_and_required_parameters_come_first(row: FunctionRow) -> None:
    names = set(registry().variables)
    for overload in row.overloads:
        for i, param in enumerate(overload.params):
            if isinstance(param.default, BuiltinRef):
                assert param.default.name in names, f"{overload.text}: no built-in {param.default.name!r}"
            if param.variadic:
                assert i == len(overload.params) - 1
        written = [p.name for p in overload.params]
        assert len(written) == len(set(written)), overload.text


@pytest.mark.parametrize("row", VARIABLES, ids=lambda r: r.name)
def test_constants_have_a_value_of_their_type(row: VariableRow) -> None:
    if not row.is_constant:
        return
    assert row.qualifier is Qualifier.CONST
    kinds = {"int": int, "float": float, "string": str, "bool": bool, "color": int}
    if row.type.kind is Kind.SCALAR and row.value is not None:
        assert type(row.value) is kinds[row.type.name]


def _accepts(impl: Impl, overload: Overload | None) -> str | None:
    """Why the implementation does not take what the row gives it; None when it does."""
    module, _, name = impl.target.partition(":")
    try:
        function = getattr(import_module(f"pinery.runtime.{module}"), name)
    except (ImportError, AttributeError) as e:
        return str(e)
    try:
        signature = inspect.signature(function)
    except ValueError:  # an attrgetter: one argument, the Runtime
        return None if overload is None and impl.kind == "host" else f"{impl.target} has no signature"
    first = 0 if impl.kind == "pure" else 1
    params = overload.params if overload is not None else ()
    fixed = [p for p in params if not p.variadic]
    given = first + len(impl.implicit) + len(fixed)
    places = [p for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in places if p.default is p.empty]
    rest = any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values())
    if given < len(needed):
        return f"{impl.target} needs {len(needed)} arguments, the row gives {given}"
    if given > len(places) and not rest:
        return f"{impl.target} takes {len(places)} arguments, the row gives {given}"
    if any(p.variadic for p in params) and not rest:
        return f"{impl.target} does not take any number of arguments"
    return None


def test_every_implementation_exists_and_takes_the_arguments_of_its_row() -> None:
    problems = [f"{name}: {why}" for name, impl, overload in _targets() if (why := _accepts(impl, overload))]
    assert not problems, "\n".join(problems)


def test_absent_arguments_are_only_those_that_may_be_none() -> None:
    """``?`` hands ``None`` to the implementation, so a required one cannot follow by place."""
    for row in FUNCTIONS:
        for overload in row.overloads:
            for param in overload.params:
                assert not (param.default is ABSENT and param.variadic), overload.text
