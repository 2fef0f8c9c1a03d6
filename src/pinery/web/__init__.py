"""The dashboard: its source is in ``web/`` of the repository, and ``make setup`` builds it into ``static/``."""

from __future__ import annotations

from pathlib import Path

__all__ = ["static_folder"]

_STATIC = Path(__file__).resolve().parent / "static"


def static_folder() -> Path | None:
    """Where the built pages are: ``index.html`` and ``assets/``. None where set-up found no npm to build them with."""
    return _STATIC if (_STATIC / "index.html").is_file() else None
