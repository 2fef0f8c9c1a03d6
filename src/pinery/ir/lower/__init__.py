"""Lowering: the typed tree of a checked script becomes IR for one run with its inputs."""

from pinery.ir.lower.program import lower

__all__ = ["lower"]
