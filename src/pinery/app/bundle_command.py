"""``pinery bundle``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pinery.app.libraries import LibraryFolders
from pinery.app.options import writable
from pinery.app.scripts import read_script
from pinery.app.terminal import console
from pinery.app.writing import write_text
from pinery.lang.rewrite import bundle


def bundle_script(file: Path, libraries: Sequence[Path], out: Path | None) -> None:
    """Prints the bundle of a script, or writes it to ``out``. Raises CompileError, UsageError."""
    writable(out, "--out")
    source = read_script(file)
    text = bundle(source, LibraryFolders.beside(None if str(file) == "-" else file, libraries))
    if out is None:
        sys.stdout.write(text)
        return
    write_text(out, [text])
    console().print(f"[green]{out}[/] written, {len(text.splitlines())} lines", highlight=False, soft_wrap=True)
