"""Options of an account or a feed, read by a table: each mistake is a finding, and all of them are found."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import Any

#: The value of an option -> what is kept of it. Raises ValueError with what the option is: "is true or false".
Reader = Callable[[Any], Any]


def read_options(
    options: Mapping[str, Any], readers: Mapping[str, Reader], of: str
) -> tuple[dict[str, Any], list[str]]:
    """``of``: what the options are those of, as "an account at Binance". Returns what was read, and the findings.

    A finding shows the value that is wrong; of an option that names a secret it does not, for that is where people
    write the secret itself by mistake.
    """
    found: dict[str, Any] = {}
    findings: list[str] = []
    for name, value in options.items():
        read = readers.get(name)
        if read is None:
            findings.append(unknown_option(name, readers, of))
            continue
        try:
            found[name] = read(value)
        except ValueError as error:
            findings.append(f"{name} {error}" if name.endswith("_secret") else f"{name} {error}, not {value!r}")
    return found, findings


def unknown_option(name: str, known: Collection[str], of: str) -> str:
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(sorted(known))
    return f"{name!r} is no option of {of}; {hint}"


def secret_name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("is the name of a secret")
    return value


def choice(*choices: str) -> Reader:
    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError("is " + " or ".join(choices))
        return str(value)

    return read


def whole(least: int, most: int) -> Reader:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"is a whole number from {least} to {most}")
        return value

    return read


def seconds(least: float, most: float) -> Reader:
    """Bounds included."""

    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"is a number of seconds from {least:g} to {most:g}")
        return float(value)

    return read
