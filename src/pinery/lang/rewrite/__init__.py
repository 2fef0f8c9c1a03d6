"""Scripts made into other scripts as text, comments and layout kept."""

from pinery.lang.rewrite.bundle import bundle
from pinery.lang.rewrite.convert import Converted, convert

__all__ = ["Converted", "bundle", "convert"]
