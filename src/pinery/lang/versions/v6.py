"""Version 6: the names and rules that everything else is measured against."""

from __future__ import annotations

from pinery.lang.versions import renames
from pinery.lang.versions.version import Version

VERSION = Version(number=6, rows=6, replaced=renames.MODERN)
