"""``str.match`` understands Java's regular expressions, and always comes back."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinery.core.errors import PineRuntimeError
from pinery.runtime import backtracking
from pinery.runtime.strings import match

SYMBOL = r"(?:\w+:)?\w+(?:\.\w+){0,2}!?"


@pytest.mark.parametrize(
    ("source", "regex", "found"),
    [
        ("It's time to sell some NASDAQ:AAPL!", r"[\w]+:[\w]+", "NASDAQ:AAPL"),
        ("abc", "x", ""),
        ("AbC", "(?i)abc", "AbC"),
        ("xAbC", "x(?i)abc", "xAbC"),
        ("abc", "(?i)(?-i:a|b)C", "bc"),
        ("a[^abc]b", r"\Q[^abc]\E", "[^abc]"),
        ("abcde", "[abc&&[cde]]", "c"),
        ("defa", "[a-z&&[^def]]", "a"),
        ("9aZ", "[a-z[A-Z]]+", "aZ"),
        ("a1b2", r"\p{Digit}", "1"),
        ("x£5", r"\p{L}\P{L}", "x£"),
        ("aXb", r"\x{58}", "X"),
        ("acdea", r"(?<first>a|b)cde\k<first>", "acdea"),
        ("aaa", "a++a", ""),
        ("aab", "(?>a+)b", "aab"),
        ("line1\nline2", "(?s)1.l", "1\nl"),
        ("end\n", "end$", "end"),
        ("a\u2003b", r"a\hb", "a\u2003b"),
        ("٣", r"\d", ""),
        ("price: 12.50 USD", r"\d+(\.\d+)?", "12.50"),
        (
            "AAPL, NASDAQ:MSFT , BRK.A",
            f"^ *(?:{SYMBOL} *, *)*{SYMBOL} *$",
            "AAPL, NASDAQ:MSFT , BRK.A",
        ),
        ("foo=1;bar=2", "(?<=bar=).*", "2"),
        ("foobar", "o+(?=b)", "oo"),
        ("aXbXc", ".*?X", "aX"),
    ],
)
def test_java_notation(source: str, regex: str, found: str) -> None:
    assert match(source, regex) == found


@pytest.mark.parametrize("regex", ["(", "[f-a]", "a{2,1}", "*a", r"\p{Nonsense}", ")", "[", "(?<=a*)b*c*"])
def test_wrong_expressions_are_errors(regex: str) -> None:
    with pytest.raises(PineRuntimeError, match="regular expression"):
        match("abc", regex)


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|aa)+$", "(.*)*b", "(a*)*(a*)*c", "((a{0,9})+)+b", "(?:a?){30}a{30}b"])
def test_no_expression_takes_forever(regex: str) -> None:
    assert match("a" * 60 + "!", regex) == ""


def test_too_many_steps_are_an_error() -> None:
    with pytest.raises(PineRuntimeError, match="too long"):
        match("a" * 40_000, "(?>a+)+?b+")


_atoms = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\b", "^", "$"])
_expressions = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(st.sampled_from(["a", "b", "[ab]"]), st.sampled_from(["*", "+", "?", "{1,2}", "*?", "+?"])).map(
            "".join
        ),
        inner.map("(?={})".format),
        inner.map("(?!{})".format),
        inner.map("(?:{})?".format),
    ),
    max_leaves=8,
)


@given(_expressions, st.text("ab \n", max_size=12))
def test_both_ways_find_the_same(expression: str, source: str) -> None:
    found = re.search(expression, source, re.ASCII)
    assert backtracking.search(backtracking.compile(expression), source) == (found[0] if found else "")
