"""Real money is traded at a stage that was granted, not at one that somebody only wrote into the settings."""

from __future__ import annotations

from pinery.trading.broker import Environment
from pinery.trading.denials import Denial
from pinery.trading.deployments import Stage
from pinery.trading.risk.context import RiskContext
from pinery.trading.stages.ladder import rank

_REAL = (Stage.SMALL, Stage.PRODUCTION)


def _asked(context: RiskContext) -> bool:
    return context.environment is Environment.LIVE and context.deployment.stage in _REAL


def facts(context: RiskContext) -> str:
    if not _asked(context):
        return f"not asked for on a {context.environment} account"
    return f"stage {context.promoted} is on record"


def check(context: RiskContext) -> Denial | None:
    """What was granted for a higher stage holds for the ones below it."""
    deployment, granted = context.deployment, context.promoted
    if not _asked(context) or (granted is not None and rank(granted) >= rank(deployment.stage)):
        return None
    on_record = f"on record is stage {granted}" if granted is not None else "no promotion is on record"
    return Denial(
        "PROMOTION",
        f"{deployment.name} is configured for stage {deployment.stage}, and {on_record}; run: "
        f"pinery promote {deployment.name}",
    )
