"""Scripts of older versions and their conversions give the same: plots, looks, drawings, alerts, logs and trades."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pinery.app.libraries import LibraryFolders
from pinery.lang.check import check
from pinery.lang.diagnostics import Severity
from pinery.lang.rewrite import bundle
from pinery.lang.source import Source
from tests.lang.rewrite.comparing import converted, differences, results

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SCRIPTS = sorted((HERE / "scripts").glob("*.pine"))
# Programs of other tests; those with errors on purpose have no conversion.
PROGRAMS = sorted(
    path
    for path in [*(ROOT / "tests/pine").glob("*.pine"), *(ROOT / "tests/lang/check/scripts").glob("*_v[345].pine")]
    if "//@version=6" not in path.read_text(encoding="utf-8")
    and path.stem not in ("exit_without_price", "orders_in_indicator")
)
SHARED = ROOT.parent / "shared/conformance"
LIBRARY = sorted([*(ROOT / "library").glob("[is]*/*.pine"), *(ROOT / "examples").glob("**/*.pine")])


def compare(text: str, timeframe: str = "60", bars: str = "synthetic:250") -> None:
    new = converted(text)
    assert converted(new) == new
    assert differences(results(text, bars, timeframe), results(new, bars, timeframe)) == [], new


@pytest.mark.parametrize("timeframe", ["60", "1D"])
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_own_scripts(path: Path, timeframe: str) -> None:
    compare(path.read_text(encoding="utf-8"), timeframe)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_programs(path: Path) -> None:
    compare(path.read_text(encoding="utf-8"), bars="synthetic:60")


def older(path: Path) -> str | None:
    """A script of version 6 as version 5, its libraries in it; None where something new in 6 keeps it from that."""
    source = Source(path.read_text(encoding="utf-8"), path.name)
    text = bundle(source, LibraryFolders.beside(path, [ROOT / "library/libraries"]))
    text = re.sub(r"^//@version=6", "//@version=5", text, flags=re.MULTILINE)
    return None if any(d.severity is Severity.ERROR for d in check(Source(text)).diagnostics) else text


@pytest.mark.parametrize("part", range(4))
def test_the_library_as_version_5(part: int) -> None:
    texts = [text for path in LIBRARY[part::4] if (text := older(path)) is not None]
    assert len(texts) >= len(LIBRARY) // 8
    for text in texts:
        compare(text, bars="synthetic:90")


def test_conformance_scripts() -> None:
    if not SHARED.is_dir():
        pytest.skip("the conformance scripts are not here")
    scripts = [
        text
        for path in sorted(SHARED.rglob("*.pine"))
        if re.search(r"^//@version=[1-5]", text := path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    if not scripts:
        pytest.skip("no conformance script is of an older version")
    for text in scripts:
        compare(text)
