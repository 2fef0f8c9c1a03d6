"""Risk checks: one file each, every one a pure function from facts to a coded denial or None."""

from pinery.trading.risk.checks import CHECKS, Assessment, Check, assess
from pinery.trading.risk.context import RiskContext, Scope

__all__ = ["CHECKS", "Assessment", "Check", "RiskContext", "Scope", "assess"]
