"""All scripts of the library, and finding one by what a trader calls it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path

from pinery.app.library.cards import Card, read_card
from pinery.app.library.folder import library_folder
from pinery.core.errors import UsageError

GROUPS = ("strategies", "indicators")


def cards(folder: Path | None = None) -> list[Card]:
    """Strategies, then indicators, each by name. Raises UsageError where a header is wrong."""
    place = folder or library_folder()
    return [read_card(path) for group in GROUPS for path in sorted((place / group).glob("*.pine"))]


def find(name: str) -> Card:
    """By file name or alias; capitals, hyphens, underscores, blanks and ``.pine`` do not matter.

    Raises UsageError with the nearest names.
    """
    shelf = cards()
    known = {_plain(word): card for card in reversed(shelf) for word in (*card.aliases, card.name)}
    found = known.get(_plain(name))
    if found is None:
        near = dict.fromkeys(known[word].name for word in get_close_matches(_plain(name), known, 3, 0.5))
        hint = f"did you mean {' or '.join(near)}?" if near else "`pinery library list` shows all"
        raise UsageError(f"there is no script {name!r} in the library", hint=hint)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.lower().removesuffix(".pine")).replace(".", "")
