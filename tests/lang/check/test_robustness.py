"""Whatever the text, the checker answers with findings: no exception, no hang."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinery.lang.check import check
from pinery.lang.source import Source

TEXTS = [p.read_text(encoding="utf-8") for p in sorted((Path(__file__).parent / "scripts").glob("*.pine"))]
WORDS = sorted({w for text in TEXTS for w in re.findall(r"\w+|[^\w\s]+|\n {4}|\n", text)})
HEAD = '//@version=5\nindicator("t")\n'


def mutate(text: str, rng: random.Random) -> str:
    parts = re.findall(r"\w+|[^\w\s]+|\s+", text)
    for _ in range(rng.randint(1, 8)):
        k, j = rng.randrange(len(parts)), rng.randrange(len(parts))
        match rng.randrange(4):
            case 0:
                parts[k] = rng.choice(WORDS)
            case 1:
                parts[k], parts[j] = parts[j], parts[k]
            case 2:
                parts.insert(k, rng.choice(WORDS))
            case _:
                parts[k:k] = parts[j : j + 20]
    return re.sub(r"@version=\d", f"@version={rng.randint(1, 6)}", "".join(parts))


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(TEXTS))
def test_mutated_scripts(rng: random.Random, text: str) -> None:
    check(Source(mutate(text, rng)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_random_words(words: list[str]) -> None:
    check(Source(HEAD + " ".join(words)))


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 5000 + "1" + ")" * 5000,
        "x = 1" + " + close" * 5000,
        "x = " + "not " * 3000 + "true",
        "x = " + "math.abs(" * 3000 + "1" + ")" * 3000,
        "x = " + "".join(f"close > {i} ? {i} : " for i in range(3000)) + "0",
        "".join("    " * i + "if close > open\n" for i in range(300)) + "    " * 300 + "x = 1",
        "x = close" + "[1]" * 3000,
        "a" + ".b" * 3000 + " := 1",
    ],
    ids=["brackets", "sum", "not", "calls", "ternaries", "blocks", "history", "members"],
)
def test_deep_nesting_is_reported_or_checked(text: str) -> None:
    check(Source(HEAD + text + "\n"))


def test_functions_that_call_functions_do_not_explode() -> None:
    body = "f0(a, b, c, d, e) => a + b + c + d + e\n"
    for i in range(1, 30):
        calls = " + ".join(f"f{i - 1}({', '.join(order)})" for order in ("bacde", "abced", "edcba"))
        body += f"f{i}(a, b, c, d, e) => {calls}\n"
    start = time.perf_counter()
    checked = check(Source(HEAD + body + "plot(f29(1, 2.0, close, bar_index, input.int(3)))\n"))
    assert checked.program is not None
    assert time.perf_counter() - start < 5


def test_recursion_through_other_functions_is_an_error_not_a_hang() -> None:
    text = "g(x) => f(x)\nf(x) => g(x)\nplot(f(1))\n"
    assert [d.code for d in check(Source(HEAD + text)).diagnostics] == ["E106"]
