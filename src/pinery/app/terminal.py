"""Consoles for people and for pipes."""

from __future__ import annotations

import sys

from rich.console import Console

PIPED_WIDTH = 160  # lines in files and pipes are not cut to a terminal's width


def console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, soft_wrap=True, width=None if stream.isatty() else PIPED_WIDTH)
