"""One rule of the conversion at a time: what a user finds in the new text."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from pinery.core.errors import CompileError
from pinery.lang.builtins import registry
from pinery.lang.rewrite import convert
from pinery.lang.rewrite.conversions import CASTS, NOTHING, RULES
from pinery.lang.rewrite.conversions.calls import newest_name
from pinery.lang.rewrite.conversions.names import GONE
from pinery.lang.source import Source
from pinery.lang.versions import Version, for_version
from tests.lang.rewrite.comparing import converted

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.pine"))


def line(text: str, version: int = 5, *, helpers: bool = False, declaration: str | None = None) -> str:
    """The conversion of some lines: what stands behind the declaration, helpers too where they are asked for."""
    name = declaration or ("indicator('t')" if version > 4 else "study('t')")
    made = converted(f"//@version={version}\n{name}\n{text}\n")
    rest = made.split("\n", 2)[2]
    if not helpers:
        rest = re.sub(r"(?m)\A\n(^//.*\n|^\w+\(.*\) =>\n(    .*\n)+|\n)*", "", rest)
    return rest.rstrip("\n")


def order(text: str, version: int = 5) -> str:
    return line(text, version, declaration="strategy('t', margin_long = 100, margin_short = 100)")


# --- names and arguments --------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "old", "new"),
    [
        (4, "plot(sma(close, 3))", "plot(ta.sma(close, 3))"),
        (4, "plot(abs(tr))", "plot(math.abs(ta.tr))"),
        (4, "plot(nz(x=close, y=2))", "plot(nz(source=close, replacement=2))"),
        (4, "plot(rsi(x=close, y=14))", "plot(ta.rsi(source=close, length=14))"),
        (4, "plot(tonumber('3'))", "plot(str.tonumber('3'))"),
        (4, "t = tostring(x=close, y='#.#')", "t = str.tostring(value=close, format='#.#')"),
        (4, "plot(offset(close, 2))", "plot(close[2])"),
        (4, "plot(offset(close + 1, 2))", "plot((close + 1)[2])"),
        (
            4,
            "plot(iff(close > open, 1, 2) + 1)",
            "plot((close > open ? 1 : 2) + 1)".replace("(close > open", "((close > open)", 1),
        ),
        (3, "plot(n, color=blue, style=line)", "plot(bar_index, color=color.blue, style=plot.style_line)"),
        (3, "plot(close, color=color(red, 20))", "plot(close, color=color.new(#FF5252, 20))"),
        (3, "x = na\nx := close\nplot(x)", "float x = na\nx := close\nplot(x)"),
        (5, "plot(close, color = color.red)", "plot(close, color = #FF5252)"),
        (5, "plot(close, color = color.blue)", "plot(close, color = color.blue)"),
        (5, "l = label.new(0, 0, style = label.style_labelup)", "l = label.new(0, 0, style = label.style_label_up)"),
        (4, "f(x) => max(x, sma(close, 3))", "f(x) => math.max(x, ta.sma(close, 3))"),
        (4, "max(a, b) => a > b ? a : b\nplot(max(close, 1))", "max(a, b) => a > b ? a : b\nplot(max(close, 1))"),
        (4, "x = security(syminfo.tickerid, 'D', close)", "x = request.security(syminfo.tickerid, 'D', close)"),
        (
            4,
            "x = security(syminfo.tickerid, resolution='D', expression=close, lookahead=true)",
            "x = request.security(syminfo.tickerid, timeframe='D', expression=close, lookahead=barmerge.lookahead_on)",
        ),
        (
            2,
            "x = security(tickerid, 'D', close)\nplot(x)",
            "x = request.security(syminfo.tickerid, 'D', close, lookahead = barmerge.lookahead_on)\nplot(x)",
        ),
    ],
)
def test_names(version: int, old: str, new: str) -> None:
    assert line(old, version) == new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = input(14)", "x = input.int(14)"),
        ("x = input(1.5, step=0.1)", "x = input.float(1.5, step=0.1)"),
        ("x = input(2, type=input.float)", "x = input.float(2)"),
        ("x = input(2.0, 'N', input.integer, 1, 5)", "x = input.int(2, 'N', 1, 5)"),
        ("x = input(true, 'On', confirm=true)", "x = input.bool(true, 'On', confirm=true)"),
        ("x = input('a', options=['a', 'b'])", "x = input.string('a', options=['a', 'b'])"),
        ("x = input('D', type=input.resolution)", "x = input.timeframe('D')"),
        ("x = input(type=input.session, defval='0930-1600')", "x = input.session(defval='0930-1600')"),
        ("x = input(hl2, 'Source')", "x = input.source(hl2, 'Source')"),
        ("x = input(color.blue)", "x = input.color(color.blue)"),
        ("x = input(timestamp('2020-01-01'), type=input.time)", "x = input.time(timestamp('2020-01-01'))"),
    ],
)
def test_inputs(old: str, new: str) -> None:
    assert line(old, 4) == new


@pytest.mark.parametrize(
    ("version", "old", "new"),
    [
        (5, "plot(close, transp = 40)", "plot(close, color = color.new(color.blue, 40))"),
        (4, "plot(close, 'C', color.navy, 1, plot.style_line, false, 40, 0.0)",
            "plot(close, 'C', color.new(color.navy, 40), 1, plot.style_line, false, 0.0)"),
        (4, "plot(close, transp=0, color=color.navy)", "plot(close, color=color.navy)"),
        (4, "bgcolor(color.navy)", "bgcolor(color.new(color.navy, 90))"),
        (5, "bgcolor(color.navy)", "bgcolor(color.navy)"),
        (4, "bgcolor(#12345678)", "bgcolor(#12345678)"),
    ],
)  # fmt: skip
def test_transparency(version: int, old: str, new: str) -> None:
    assert line(old, version) == new


def test_a_dropped_argument_leaves_comments() -> None:
    old = "plot(close,      // price\n     transp=40,  // faint\n     color=color.navy) // end"
    new = "plot(close,      // price\n     // faint\n     color=color.new(color.navy, 40)) // end"
    assert line(old, 4) == new


def test_an_argument_given_twice_counts_once() -> None:
    assert line("plot(close, title = 'a', title = 'b')") == "plot(close, title = 'a')"
    with pytest.raises(CompileError) as caught:
        line("f(x) => x\nplot(f(x = 1, x = 2))")
    assert "given twice" in caught.value.diagnostics[0].message


# --- truth ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "old", "new"),
    [
        (5, "x = volume ? 1 : 2", "x = bool(volume) ? 1 : 2"),
        (5, "x = not bar_index", "x = not bool(bar_index)"),
        (5, "if close - open\n    alert('x')", "if bool(close - open)\n    alert('x')"),
        (5, "bool x = na\nplot(x ? 1 : 0)", "bool x = false\nplot(x ? 1 : 0)"),
        (5, "x = close > open ? true : na", "x = close > open ? true : false"),
        (5, "up = close > open\nx = nz(up[1])", "up = close > open\nx = up[1]"),
        (5, "up = close > open\nx = na(up)", "up = close > open\nx = false"),
        (5, "up = close > open\nx = na(up[2])", "up = close > open\nx = (bar_index < 2)"),
        (5, "up = close > open\nx = up[1] == false", "up = close > open\nx = (bar_index >= 1 and up[1] == false)"),
        (5, "up = close > open\nx = up[1] == true", "up = close > open\nx = up[1] == true"),
        (5, "bool x = na\nx := close > 1\ny = na(x)", "int x = na\nx := ((close > 1) ? 1 : 0)\ny = na(x)"),
        (5, "x = 7 / 2", "x = int(7 / 2)"),
        (5, "x = bar_index / 2", "x = bar_index / 2"),
        (4, "x = sma(close, 5.0)", "x = ta.sma(close, int(5.0))"),
        (4, "x = 0\nx := close", "float x = 0\nx := close"),
        (2, "x = (close > open) + 1\nplot(x)", "x = ((close > open) ? 1 : 0) + 1\nplot(x)"),
        (2, "s = nz(s[1]) + close\nplot(s)", "float s = na\ns := nz(s[1]) + close\nplot(s)"),
        (5, "x = 6[1]", "x = (bar_index >= 1 ? 6 : na)"),
    ],
)
def test_truth_and_numbers(version: int, old: str, new: str) -> None:
    assert line(old, version) == new


def test_a_truth_value_without_a_number_is_left_to_the_author() -> None:
    with pytest.raises(CompileError) as caught:
        line("f(bool x) =>\n    na(x)\nbool y = na\nplot(f(y) ? 1 : 0)")
    (found,) = caught.value.diagnostics
    assert (found.code, caught.value.sources[0].position(found.span.start)[0]) == ("C001", 4)
    assert found.hint


# --- evaluation -----------------------------------------------------------------------


def test_and_works_out_both_sides_where_that_matters() -> None:
    assert line("x = close > open and close > close[1]") == "x = close > open and close > close[1]"
    assert line("x = close > open and ta.rising(close, 3)") == "x = allOf(close > open, ta.rising(close, 3))"
    assert line("x = ta.rising(close, 3) and close > open") == "x = ta.rising(close, 3) and close > open"
    made = line("x = close > open or volume > 1 or ta.rising(close, 3) or ta.falling(close, 2)", helpers=True)
    assert made.endswith("x = anyOf(close > open or volume > 1, ta.rising(close, 3), ta.falling(close, 2))")
    assert "=>\n    a or b or c or d or e or f or g or h\n" in made


def test_many_operands_are_taken_in_groups() -> None:
    made = line("x = " + " and ".join(f"ta.rising(close, {n})" for n in range(1, 12)))
    assert made.startswith("x = allOf(allOf(ta.rising(close, 1), ") and made.count("allOf") == 2


def test_helpers_take_names_that_are_free() -> None:
    assert line("allOf = 1\nx = close > open and ta.rising(close, 3)").endswith(
        "x = allOf_(close > open, ta.rising(close, 3))"
    )


def test_loops_keep_their_end() -> None:
    old = "n = 3\nfor i = 0 to n\n    n := 2"
    assert line(old) == "n = 3\nint loopEnd = n\nfor i = 0 to loopEnd\n    n := 2"
    fixed = "n = 3\nfor i = 0 to n\n    a = i"
    assert line(fixed) == fixed


def test_fields_keep_their_past() -> None:
    old = "type P\n    float x\nvar p = P.new(1)\nplot(p.x[1])"
    assert line(old).endswith("plot(same(p.x)[1])")


def test_timeframes_are_compared_as_they_were() -> None:
    assert line("x = timeframe.period == 'D'") == "x = periodBefore6(timeframe.period) == 'D'"
    same = "x = time(timeframe.period, '0930-1600')"
    assert line(same) == same


def test_sessions_without_days() -> None:
    assert line("x = time('D', '0930-1600')", 4) == "x = time('D', '0930-1600:23456')"
    assert line("x = time('D', '0930-1600:1')", 4) == "x = time('D', '0930-1600:1')"
    old = "s = input('0930-1600', type=input.session)\nx = time('D', s)"
    assert line(old, 4).endswith("x = time('D', withDays(s))")


# --- strategies -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "old", "new"),
    [
        (5, "strategy.close('a', when = close > open) // x", "if close > open\n    strategy.close('a') // x"),
        (4, "strategy.entry('a', true, when=volume)", "if bool(volume)\n    strategy.entry('a', strategy.long)"),
        (4, "strategy.entry('a', close > 1)", "strategy.entry('a', (close > 1) ? strategy.long : strategy.short)"),
        (4, "strategy.entry('a', long=false)", "strategy.entry('a', direction=strategy.short)"),
        (
            4,
            "strategy.entry('a', strategy.long, 1, na, na, 'g', strategy.oca.none, 'c', close > 1, 'm')",
            "if close > 1\n    strategy.entry('a', strategy.long, 1, na, na, 'g', strategy.oca.none, 'c', 'm')",
        ),
        (5, "strategy.cancel_all(when = true)", "strategy.cancel_all()"),
        (
            5,
            "f() =>\n    strategy.close('a',\n         when = close > open)\nf()",
            "f() =>\n    if close > open\n        strategy.close('a')\nf()",
        ),
        (5, "strategy.exit('x', profit = 9, limit = 5.0)", "strategy.exit('x', limit = 5.0)"),
        (5, "strategy.exit('x', loss = 9, stop = low)", "strategy.exit('x', loss = na(low) ? 9 : na, stop = low)"),
        (
            5,
            "strategy.exit('x', limit = ta.highest(3), when = close > 1)",
            "limitOfExit = ta.highest(3)\nif close > 1\n    strategy.exit('x', limit = limitOfExit)",
        ),
    ],
)
def test_orders(version: int, old: str, new: str) -> None:
    assert order(old, version) == new


def test_an_order_among_others_on_its_line_is_left_to_the_author() -> None:
    with pytest.raises(CompileError) as caught:
        order("strategy.cancel('b'), strategy.close('a', when = close > open)")
    assert "line" in caught.value.diagnostics[0].hint


def test_margins_stay_what_they_were() -> None:
    made = converted("//@version=5\nstrategy('t', margin_long = 20) // s\n")
    assert "strategy('t', margin_long = 20, margin_short = 0) // s" in made


# --- the whole ------------------------------------------------------------------------


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_comments_survive_and_other_lines_stay(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    new = converted(text)
    assert new.startswith("//@version=6\n") or "\n//@version=6\n" in new
    for comment in re.findall(r"//(?!@version).*", text):
        assert comment in new


def test_nothing_else_changes() -> None:
    rows = [
        "//@version=5",
        "indicator('t',    overlay=true)   // wide",
        "",
        "   ",
        "x   =  ta.sma( close ,3 )\t// tab",
        "f(a,b)=>a+b",
        "if x>close",
        "    // alone",
        "    alert('a'  ,  alert.freq_all)",
        "y = (x",
        "  + f(1 ,2))  // wrapped",
        "z = volume ? 1 : 2 // converted",
        "plot( y,title='y' )",
        "plot(z)",
    ]
    new = converted("\n".join(rows)).split("\n")
    expected = ["//@version=6", *rows[1:11], "z = bool(volume) ? 1 : 2 // converted", *rows[12:]]
    assert new == expected


def test_line_ends_and_a_missing_version_line() -> None:
    made = converted("study('t')\r\nx = close > open and rising(close, 2)\r\nplot(x ? 1 : 0)\r\n")
    assert made.startswith("//@version=6\r\nindicator('t')\r\n")
    assert "\n" not in made.replace("\r\n", "")


def test_colours_of_version_6_on_request() -> None:
    assert "color = color.red" in converted(
        "//@version=5\nindicator('t')\nplot(close, color = color.red)\n", new_colors=True
    )


def test_a_script_with_errors_is_refused() -> None:
    with pytest.raises(CompileError) as caught:
        convert(Source("//@version=5\nindicator('t')\nplot(clsoe)\n", "old.pine"))
    assert caught.value.diagnostics[0].code == "E101"


def test_every_difference_of_the_versions_has_a_rule() -> None:
    covered = {name for rule in RULES for name in rule.covers} | set(CASTS) | set(NOTHING)
    assert covered == {item.name for item in fields(Version)}
    same = for_version(6)
    differing = {
        f.name for n in range(1, 6) for f in fields(Version) if getattr(for_version(n), f.name) != getattr(same, f.name)
    }
    assert differing <= covered


def test_every_builtin_of_older_versions_has_a_name_in_version_6() -> None:
    newest = registry()
    functions = {newest_name(row.name) for row in newest.functions.values() if 6 not in row.versions} - {"iff"}
    assert [name for name in functions if 6 not in newest.functions[name].versions] == []
    variables = {
        name for name, row in newest.variables.items() if 6 not in row.versions and not name.startswith("input.")
    }
    assert variables == set(GONE)
    for number in range(1, 5):
        for table in (for_version(number).functions, for_version(number).variables):
            for name in table.values():
                assert newest_name(name) in newest.functions or name in newest.variables
