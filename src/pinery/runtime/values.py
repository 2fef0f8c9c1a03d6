"""The scalar values (see ``core.values``, where constant folding finds them too)."""

from pinery.core.values import INT64, NAN, divide, divide_whole, equal, is_na, modulo, not_equal, to_int

__all__ = ["INT64", "NAN", "divide", "divide_whole", "equal", "is_na", "modulo", "not_equal", "to_int"]
