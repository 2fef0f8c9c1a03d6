"""Numbers as text, by the patterns of ``str.tostring`` and ``str.format`` (those of Java's DecimalFormat)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from pinery.core.errors import PineRuntimeError

DEFAULT = "#.##########"  # str.tostring
DEFAULT_IN_MESSAGE = "#,##0.###"  # str.format


@dataclass(frozen=True, slots=True)
class Pattern:
    """``min_whole`` and ``min_fraction`` digits are always written; ``grouping`` is 0 without commas.

    ``below`` is what stands around a number below zero, where the pattern says so after a ";".
    """

    prefix: str
    suffix: str
    min_whole: int
    min_fraction: int
    max_fraction: int
    grouping: int
    factor: int  # 100 for percentages
    exponent: int  # the least number of digits after E; 0: not scientific
    below: tuple[str, str] | None


@lru_cache(maxsize=512)
def parse(text: str) -> Pattern:
    """Raises ``PineRuntimeError`` for a pattern that says nothing sensible."""
    prefix, at, factor = _literal(text, 0, "#0,.;")
    optional = zeros = late = 0  # '#' before the zeros, '0', '#' after the zeros
    point = group = -1  # digits before the point; digits since the last comma
    exponent = 0
    while at < len(text):
        c = text[at]
        if c == "#" and zeros and point < 0:
            raise _bad(text)
        if c == "#":
            late, optional = (late + 1, optional) if zeros else (late, optional + 1)
            group += group >= 0 and point < 0
        elif c == "0":
            if late:
                raise _bad(text)
            zeros += 1
            group += group >= 0 and point < 0
        elif c == "," and point < 0:
            group = 0
        elif c == "." and point < 0:
            point = optional + zeros
        elif c == "E" and text[at + 1 : at + 2] == "0":
            while text[at + 1 : at + 2] == "0":
                exponent += 1
                at += 1
        else:
            break
        at += 1
    suffix, at, suffix_factor = _literal(text, at, ";")
    if at < len(text) and text[at] != ";":
        raise _bad(text)
    if zeros == 0 and optional > 0 and point >= 0:
        # "#.##" means "#0.##" and ".##" means ".0#": one place is always written.
        whole = max(point, 1)
        late, optional, zeros = optional - whole, whole - 1, 1
    total = optional + zeros + late
    whole_places = point if point >= 0 else total
    return Pattern(
        prefix,
        suffix,
        min_whole=max(whole_places - optional, 0),
        min_fraction=max(optional + zeros - whole_places, 0),
        max_fraction=total - whole_places,
        grouping=max(group, 0),
        factor=max(factor, suffix_factor),
        exponent=exponent,
        below=_below(text, at + 1, (prefix, suffix)) if at < len(text) else None,
    )


def _below(text: str, at: int, above: tuple[str, str]) -> tuple[str, str] | None:
    """What the second half of a pattern puts around negative numbers; None where it differs in nothing."""
    prefix, at, _ = _literal(text, at, "#0,.;")
    while at < len(text) and text[at] in "#0,.E":
        at += 1
    suffix, at, _ = _literal(text, at, ";")
    if at < len(text):
        raise _bad(text)
    return (prefix, suffix) if (prefix, suffix) != above else None


def _literal(text: str, at: int, stops: str) -> tuple[str, int, int]:
    """Text around the number: (what it prints, where it ends, the factor that a percent sign asks for)."""
    out: list[str] = []
    factor = 1
    quoted = False
    while at < len(text):
        c = text[at]
        if c == "'":
            if text[at + 1 : at + 2] == "'":
                out.append("'")
                at += 1
            else:
                quoted = not quoted
        elif quoted:
            out.append(c)
        elif c in stops:
            break
        else:
            if c in "%‰":
                factor = 100 if c == "%" else 1000
            out.append("$" if c == "¤" else c)
        at += 1
    return "".join(out), at, factor


def _bad(text: str) -> PineRuntimeError:
    return PineRuntimeError(f'The number format "{text}" is not valid.', 'Use "#", "0", ",", "." and "%": "#,##0.00".')


def write(value: float, pattern: str) -> str:
    """``value`` by ``pattern``; halves are rounded to the even digit. na is ``NaN``."""
    if value != value:
        return "NaN"
    p = parse(pattern)
    if isinstance(value, int) and abs(value) >= 2**63:
        value = float(value) if abs(value) < 10**308 else math.copysign(math.inf, value > 0 or -1)
    prefix, suffix = p.prefix, p.suffix
    if value < 0 or (value == 0 and math.copysign(1.0, value) < 0):
        prefix, suffix = p.below or ("-" + prefix, suffix)
    if value in (math.inf, -math.inf):
        return f"{prefix}∞{suffix}"
    if p.factor != 1:
        value *= p.factor
    body = _scientific(abs(value), p) if p.exponent else _plain(abs(value), p)
    return f"{prefix}{body}{suffix}"


def _plain(value: float, p: Pattern) -> str:
    whole, fraction = _digits(value, p.max_fraction)
    fraction = fraction[: p.min_fraction] + fraction[p.min_fraction :].rstrip("0")
    fraction = fraction.ljust(p.min_fraction, "0")
    whole = whole.lstrip("0").rjust(p.min_whole, "0")
    if not whole and not fraction:
        whole = "0"
    if p.grouping and len(whole) > p.grouping:
        head = len(whole) % p.grouping
        parts = [whole[i : i + p.grouping] for i in range(head, len(whole), p.grouping)]
        whole = ",".join([whole[:head], *parts] if head else parts)
    return f"{whole}.{fraction}" if fraction else whole


def _digits(value: float, places: int) -> tuple[str, str]:
    """Whole and fractional digits: the shortest that name the number where they fit, else rounded."""
    if isinstance(value, int):
        return str(value), ""
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    whole, _, fraction = text.partition(".")
    if len(fraction) > places:
        whole, _, fraction = f"{value:.{places}f}".partition(".")
    return whole, fraction


def _scientific(value: float, p: Pattern) -> str:
    whole = max(p.min_whole, 1)
    mantissa, _, exponent = f"{float(value):.{p.max_fraction + whole - 1}e}".partition("e")
    shift = whole - 1
    digits = mantissa.replace(".", "")
    fraction = digits[whole:].rstrip("0").ljust(p.min_fraction, "0")
    power = int(exponent) - shift if value else 0
    written = f"{'-' if power < 0 else ''}{abs(power):0{p.exponent}d}"
    return f"{digits[:whole]}{'.' + fraction if fraction else ''}E{written}"


def to_tick(value: float, tick: float) -> str:
    """``format.mintick``: the nearest multiple of the tick, with all of the tick's decimals."""
    if value != value:
        return "NaN"
    if not tick > 0 or not abs(value) < tick * 2**53:
        return write(value, DEFAULT)
    places = len(_digits(float(tick), 12)[1].rstrip("0"))
    rounded = math.floor(value / tick + 0.5) * tick
    return f"{rounded:.{places}f}"


def percent(value: float) -> str:
    """``format.percent``: two decimals and a percent sign; the number is a percentage already."""
    return write(value, "0.00") + "%" if value == value else "NaN"


def volume(value: float) -> str:
    """``format.volume``: at most three decimals, with K, M, B or T for thousands and up."""
    if value != value or math.isinf(value):
        return write(value, "#.###")
    size = abs(value)
    for unit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")):
        # What would round up to 1000 of the smaller unit is shown in the larger one.
        if size >= unit * 0.9999995:
            return write(value / unit, "#.###") + letter
    return write(value, "#.###")
