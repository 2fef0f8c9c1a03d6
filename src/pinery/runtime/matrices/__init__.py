"""``matrix.*``."""

from pinery.runtime.matrices.matrix import Matrix, new

__all__ = ["Matrix", "new"]
