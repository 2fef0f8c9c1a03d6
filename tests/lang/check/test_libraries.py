"""Imported libraries: exported functions, types, enums and constants; what is said when something is amiss."""

from __future__ import annotations

from dataclasses import dataclass, field

from pinery.lang import typed
from pinery.lang.check import Checked, check
from pinery.lang.diagnostics import Severity
from pinery.lang.source import Source

MATH = """//@version=6
library("mathlib")
export const float HALF = 0.5
float third = 1.0 / 3
export enum Side
    up = "Up"
    down
export type Point
    float x = 0
    float y
export half(float v) => v * HALF
export thirds(float v) =>
    v * third
export method norm(Point this) => math.sqrt(this.x * this.x + this.y * this.y)
hidden(float v) => v
"""

BASE = """//@version=5
import me/mathlib/1 as m
library("base")
export quarter(float v) => m.half(m.half(v))
"""


@dataclass
class Folder:
    """Libraries held in memory."""

    texts: dict[str, str] = field(default_factory=dict)

    def find(self, user: str, library: str, version: int) -> Source | None:
        name = f"{user}/{library}/{version}"
        return Source(self.texts[name], name) if name in self.texts else None

    def describe(self, name: str) -> str:
        return "put it into libraries/"


FOLDER = Folder({"me/mathlib/1": MATH, "me/base/2": BASE})


def run(body: str, folder: Folder = FOLDER) -> Checked:
    return check(Source(f'//@version=6\nindicator("t")\n{body}\n'), folder)


def codes(checked: Checked) -> list[str]:
    return [d.code for d in checked.diagnostics if d.severity is Severity.ERROR]


def program(checked: Checked) -> typed.Program:
    assert checked.program is not None, checked.diagnostics
    return checked.program


def test_exports_are_used_through_the_alias() -> None:
    result = program(
        run(
            "import me/mathlib/1 as m\n"
            "p = m.Point.new(3, 4)\nplot(p.norm())\nplot(m.half(close) + m.HALF + m.thirds(open))\n"
            "m.Point q = m.Point.new()\ns = m.Side.up\nplot(s == m.Side.down ? p.x : q.y)"
        )
    )
    assert {f.name for f in result.functions} == {"norm", "half", "thirds"}
    assert [u.type.name for u in result.udts] == ["me/mathlib/1.Point"]
    assert result.enums[0].members == {"up": "Up", "down": "down"}
    first = result.body.body[0]
    assert isinstance(first, typed.TDecl) and first.symbol.name == "HALF"  # library globals come first
    assert [s.name for s in result.sources] == ["<script>", "me/mathlib/1"]


def test_without_alias_the_library_name_is_the_namespace() -> None:
    assert codes(run("import me/mathlib/1\nplot(mathlib.half(close))")) == []


def test_libraries_import_libraries() -> None:
    result = program(run("import me/base/2 as b\nplot(b.quarter(close))"))
    assert [f.name for f in result.functions] == ["half", "quarter"]  # callees first


def test_a_missing_library_says_where_to_put_it_and_nothing_else() -> None:
    checked = run("import me/nothing/7 as n\nx = n.f(1) + n.C\nn.T y = n.T.new()\nplot(x)")
    assert codes(checked) == ["E170"]
    assert checked.diagnostics[0].hint == "put it into libraries/"


def test_missing_library_of_which_nothing_is_used_is_a_warning() -> None:
    """Built-ins stay there under a namespace that an import without `as` would add to."""
    checked = run("import me/ta/5\nimport me/nothing/1 as other\nplot(ta.ema(close, 9) + ta.tr)")
    assert checked.program is not None
    assert [d.code for d in checked.diagnostics] == ["W204", "W204"]


def test_missing_library_is_an_error_where_it_is_used() -> None:
    assert codes(run("import me/ta/5\nplot(ta.ema(close, 9) + ta.notBuiltIn(close))")) == ["E170"]


def test_what_is_not_exported_cannot_be_used() -> None:
    assert codes(run("import me/mathlib/1 as m\nplot(m.hidden(1))\nplot(m.third)\nplot(m.nope(2))")) == ["E104"] * 3


def test_cycles_are_reported() -> None:
    folder = Folder(
        {
            "me/a/1": '//@version=5\nlibrary("a")\nimport me/b/1\nexport f(float x) => x\n',
            "me/b/1": '//@version=5\nlibrary("b")\nimport me/a/1\nexport g(float x) => x\n',
        }
    )
    assert "E171" in codes(run("import me/a/1\nplot(a.f(1))", folder))


def test_a_file_that_is_no_library_is_refused() -> None:
    assert codes(run("import me/x/1\nplot(close)", Folder({"me/x/1": '//@version=5\nindicator("x")\n'}))) == ["E172"]


def test_errors_in_a_library_are_shown_in_its_own_text() -> None:
    checked = run("import me/x/1\nplot(close)", Folder({"me/x/1": '//@version=5\nlibrary("x")\ny = nope\n'}))
    assert codes(checked) == ["E173", "E101"]
    assert checked.diagnostics[1].span.file == 1


def test_a_library_whose_own_import_is_missing_is_an_error_where_that_is_used() -> None:
    folder = Folder({"me/outer/1": '//@version=6\nlibrary("outer")\nimport me/lost/1\nexport f() => lost.g()\n'})
    script = "//@version=6\nindicator('x')\nimport me/outer/1\nplot(outer.f())\n"
    found = check(Source(script), folder)
    assert found.program is None
    assert [d.code for d in found.diagnostics if d.severity is Severity.ERROR] == ["E170"]
