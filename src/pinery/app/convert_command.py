"""``pinery convert``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from pinery.app.libraries import LibraryFolders
from pinery.app.options import writable
from pinery.app.run_command import showing_findings
from pinery.app.scripts import read_script
from pinery.app.terminal import console
from pinery.app.writing import write_text
from pinery.core.errors import UsageError
from pinery.lang.rewrite import convert
from pinery.lang.versions import NEWEST


def convert_script(file: Path, to: int, libraries: Sequence[Path], out: Path | None, *, new_colors: bool) -> None:
    """Prints a script in the newest version, or writes it to ``out``. Raises CompileError, UsageError."""
    if to != NEWEST:
        raise UsageError(f"scripts are converted to version {NEWEST} only, not to {to}", hint=f"--to {NEWEST}")
    writable(out, "--out")
    source = read_script(file)
    with showing_findings(source):
        finder = LibraryFolders.beside(None if str(file) == "-" else file, libraries)
        converted = convert(source, finder, new_colors=new_colors)
    for line, message in converted.notes:
        console(stderr=True).print(f"{source.name}:{line}: [yellow]note:[/] {message}", highlight=False, soft_wrap=True)
    if out is None:
        sys.stdout.write(converted.text)
        return
    write_text(out, [converted.text])
    old = converted.version
    what = f"unchanged: it is version {old} already" if old == NEWEST else f"from version {old} to {NEWEST}"
    console().print(f"[green]{out}[/] written, {what}", highlight=False, soft_wrap=True)
