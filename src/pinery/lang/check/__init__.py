"""The type checker: syntax tree in, typed tree out, every error of the script in one run."""

from pinery.lang.check.checker import Checked, check
from pinery.lang.check.libraries import LibraryFinder

__all__ = ["Checked", "LibraryFinder", "check"]
