"""``str.format`` fills placeholders as TradingView's reference shows."""

import math

import pytest

from pinery.core.errors import PineRuntimeError
from pinery.runtime.arrays import Array
from pinery.runtime.messages import format

# 2024-02-29 13:05:09.007 UTC
TIME = 1709211909007


@pytest.mark.parametrize(
    ("pattern", "arguments", "shown"),
    [
        ("{0,number,#.#}", (1.34,), "1.3"),
        ("{0,number,integer}", (1.34,), "1"),
        ("{0,number,currency}", (1.34,), "$1.34"),
        ("{0,number,percent}", (0.5,), "50%"),
        ("Number {0} is not {1} to {2}", (1, "equal", 4), "Number 1 is not equal to 4"),
        ("{0} != {0, number, #.#}", (1.34,), "1.34 != 1.3"),
        ("{1, number, integer} is equal to 2", (1.34, 1.52), "2 is equal to 2"),
        ("Turnover {0, number, currency}", (1340000,), "Turnover $1,340,000.00"),
        ("{0, number, percent} - {1, number, percent}", (0.1, 0.2), "10% - 20%"),
        ("{0}", (1234567.12345,), "1,234,567.123"),
        ("{0}", (0.125,), "0.125"),
        ("{0,number,+0.00;-0.00}%", (1.234,), "+1.23%"),
        ("{0,number,+0.00;-0.00}%", (-1.234,), "-1.23%"),
        ("{0,number,#,##0.0;(#,##0.0)}", (-1234.5,), "(1,234.5)"),
        ("{0,number,#.##}", (0.125,), "0.12"),
        ("{0,number,#.##}", (0.375,), "0.38"),
        ("{0} {1} {2}", (True, math.nan, None), "true NaN NaN"),
        ("{0}", (Array([2.1, 0.5]),), "[2.1, 0.5]"),
        ("{0,number,#.0}", (Array([2.16, 5]),), "[2.2, 5.0]"),
        ("quoted '{0}', {1}{0}{1}", ("x", "'"), "quoted {0}, 'x'"),
        ("it''s {0}", (1,), "it's 1"),
        ("'{'0,number,{0}'}'", ("0.00##",), "{0,number,0.00##}"),
        ("{20}", (1,), "{20}"),
        ("ab }{0} de", (1,), "ab }1 de"),
        ("{0,date,yyyy-MM-dd}T{0,time,HH:mm:ssZ}", (TIME,), "2024-02-29T13:05:09+0000"),
        ("{0,date} {0,time}", (TIME,), "Feb 29, 2024 1:05:09 PM"),
        ("{0,number,'$',###.0000}", (1234.5,), "$1,234.5000"),
    ],
)
def test_placeholders(pattern: str, arguments: tuple[object, ...], shown: str) -> None:
    assert format(pattern, *arguments) == shown


@pytest.mark.parametrize("pattern", ["ab {0'}' de", "ab }{0}{ de", "''{''{0}", "{x}", "{0,money}", "{}"])
def test_wrong_placeholders_are_errors(pattern: str) -> None:
    with pytest.raises(PineRuntimeError):
        format(pattern, 1)
