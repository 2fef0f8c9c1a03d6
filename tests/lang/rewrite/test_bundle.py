"""A script and what it imports in one text: the same meaning, no import left, nothing that is not used."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from pinery.core.errors import CompileError
from pinery.lang.check import check
from pinery.lang.rewrite import bundle
from pinery.lang.source import Source

SHAPES = """//@version=6
// @description Shapes.
library("shapes")

import me/base/2 as b

// How many there are at most.
int LIMIT = 3

// A shape.
export type Shape
    string name
    float  size = 1.0
    b.Kind kind = b.Kind.round

export enum Mood
    good = "Good"
    bad  = "Bad"

// Twice the size.
export method grown(Shape this, float by = 2.0) =>
    Shape.new(this.name, this.size * by + b.nothing(), this.kind) // a comment at the end

export make(string name, float size = 1.0) =>
    float LIMIT = size  // hides the constant
    Shape.new(name = name, size = LIMIT)

export limited(int n) =>
    math.min(n, LIMIT)

export mood(bool good) =>
    good ? Mood.good : Mood.bad

export unused() =>
    b.alsoUnused()
"""
BASE = """//@version=6
library("base")
export enum Kind
    round
    square
export nothing() => 0.0
export alsoUnused() => 1.0
"""
SCRIPT = """// My script.
//@version=6
indicator("bundled", overlay = true)

import me/shapes/1 as sh // the shapes

sh_make = 7  // a name that the bundle must not take
sh.Shape one = sh.make("one", size = 2)
array<sh.Shape> all = array.from(one, one.grown(), sh.grown(one, by = 3))
total(array<sh.Shape> of) =>
    float sum = 0
    for shape in of
        sum += shape.size
    sum
plot(total(all) + sh.limited(5) + sh_make, "total")
plot(sh.mood(close > open) == sh.Mood.good ? 1 : 0, "mood")
"""


@dataclass
class Shelf:
    texts: dict[str, str] = field(default_factory=lambda: {"me/shapes/1": SHAPES, "me/base/2": BASE})

    def find(self, user: str, library: str, version: int) -> Source | None:
        name = f"{user}/{library}/{version}"
        if name == "TradingView/ta/10":
            return Source('//@version=6\nlibrary("ta")\nexport one() => 1.0\n', name, stand_in=True)
        return Source(self.texts[name], name) if name in self.texts else None

    def describe(self, name: str) -> str:
        return "nowhere"


def test_everything_that_is_used_is_in_it() -> None:
    text = bundle(Source(SCRIPT, "mine"), Shelf())
    assert "import" not in text and "export" not in text and "library(" not in text
    assert "unused" not in text and "alsoUnused" not in text
    assert check(Source(text)).program is not None
    for kept in (
        "// My script.",
        "// How many there are at most.",
        "// a comment at the end",
        "sh_make = 7  // a name",
    ):
        assert kept in text
    assert text.startswith("// My script.\n//@version=6\n") and text.count("//@version") == 1


def test_names_are_changed_where_they_are_meant_and_nowhere_else() -> None:
    text = bundle(Source(SCRIPT, "mine"), Shelf())
    assert "int sh_LIMIT = 3" in text and "math.min(n, sh_LIMIT)" in text
    assert "float LIMIT = size" in text and "sh_Shape.new(name = name, size = LIMIT)" in text
    assert "method grown(sh_Shape this" in text and "one.grown(), grown(one, by = 3)" in text
    assert "base_Kind kind = base_Kind.round" in text
    assert 'sh_Shape one = sh_make_("one", size = 2)' in text
    assert "array<sh_Shape>" in text and "sh_Mood.good" in text


def test_a_script_without_imports_stays_as_it_is() -> None:
    text = '//@version=6\r\nindicator("x")\r\nplot(close)   \r\n'
    assert bundle(Source(text), Shelf()) == text


def test_libraries_that_only_tradingview_has_stay_imported() -> None:
    text = '//@version=6\nindicator("x")\nimport TradingView/ta/10 as more\nimport me/base/2 as base\n'
    made = bundle(Source(text + "plot(more.one() + base.nothing())\n"), Shelf())
    assert re.findall(r"^import .*", made, re.MULTILINE) == ["import TradingView/ta/10 as more"]
    assert "base_nothing()" in made


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import me/gone/1\nplot(gone.x())", "E170"),
        ("import me/base/2 as base\nplot(base.missing())", None),
        ("plot(clos)", None),
    ],
)
def test_errors_are_told(script: str, said: str | None) -> None:
    with pytest.raises(CompileError) as caught:
        bundle(Source(f'//@version=6\nindicator("x")\n{script}\n', "mine"), Shelf())
    codes = [found.code for found in caught.value.diagnostics]
    assert codes and (said is None or said in codes)
    assert caught.value.sources[0].name == "mine"
