"""What the header of a script says of it: the title, the prose and its ``// @pinery`` lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from pinery.app.scripts import decode
from pinery.core.errors import UsageError

#: Keys of ``// @pinery KEY VALUE`` -> what they say. Those of _REPEATED may stand in several lines.
KEYS = {
    "market": "symbol that it was made for, with its exchange",
    "timeframe": "timeframe of its chart",
    "session": "times at which it enters, with the time zone, or 24h",
    "purpose": "what it is for, in a line",
    "signals": "words that it sends by alert()",
    "risk": "size, stop, target, longest time held",
    "aliases": "other spellings of its name",
    "warning": "what its user has to know",
}
NEEDED = ("market", "timeframe", "purpose")
_REPEATED = ("warning",)
_LINE = re.compile(r"//\s*@pinery\s+(\S+)\s*(.*)")
_DECLARED = re.compile(r"^(strategy|indicator)\(", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Card:
    """What is said of one script. ``name`` is its file's, ``aliases`` are spellings under which it is found too."""

    name: str
    kind: str  # strategy, indicator
    path: Path
    title: str
    text: str  # paragraphs, without comment signs
    market: str
    timeframe: str
    purpose: str
    session: str = "24h"
    signals: tuple[str, ...] = ()
    risk: str = ""
    aliases: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class _Header:
    title: str = ""
    prose: list[str] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)


def read_card(path: Path) -> Card:
    """The card of a script of the library. Raises UsageError where its header lacks something."""
    text = decode(path.read_bytes(), path.name)
    header = _header(text, path)
    missing = [*(() if header.title else ("a title",)), *(key for key in NEEDED if not header.said.get(key))]
    if missing:
        raise UsageError(f"{path.name}: its header lacks {', '.join(missing)}", hint="// @pinery market CME_MINI:ES1!")
    declared = _DECLARED.search(text)
    if declared is None:
        raise UsageError(f"{path.name} declares neither a strategy nor an indicator")

    def one(key: str, default: str = "") -> str:
        return header.said.get(key, [default])[0]

    return Card(
        name=path.stem,
        kind=declared[1],
        path=path,
        title=header.title,
        text="\n".join(header.prose).strip(),
        market=one("market"),
        timeframe=one("timeframe"),
        purpose=one("purpose"),
        session=one("session", "24h"),
        signals=_listed(one("signals")),
        risk=one("risk"),
        aliases=_listed(one("aliases")),
        warnings=tuple(header.said.get("warning", ())),
    )


def _header(text: str, path: Path) -> _Header:
    header = _Header()
    for line in text.splitlines():
        if not line.startswith("//") or line.startswith("//@version"):
            break
        found = _LINE.match(line)
        if found is None:
            words = line.removeprefix("//").strip()
            if header.title:
                header.prose.append(words)
            else:
                header.title = words
        elif found[1] not in KEYS or (found[1] in header.said and found[1] not in _REPEATED):
            raise UsageError(
                f"{path.name}: “@pinery {found[1]}” is unknown or said twice", hint=f"known are {', '.join(KEYS)}"
            )
        else:
            header.said.setdefault(found[1], []).append(found[2].strip())
    return header


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
