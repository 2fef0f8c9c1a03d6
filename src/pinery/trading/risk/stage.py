"""A deployment trades only where its stage allows, and no more than the stage's cap."""

from __future__ import annotations

from pinery.trading.broker import Environment
from pinery.trading.denials import Denial
from pinery.trading.deployments import Stage
from pinery.trading.risk.context import RiskContext, number


def facts(context: RiskContext) -> str:
    cap = context.deployment.max_contracts
    return f"stage {context.deployment.stage} on a {context.environment} account" + (
        f", at most {number(cap)}" if cap is not None else ""
    )


def check(context: RiskContext) -> Denial | None:
    deployment = context.deployment
    if deployment.stage is Stage.BACKTEST:
        return Denial("STAGE", f"{deployment.name} is at stage backtest: its signals are recorded only")
    if deployment.stage is Stage.PAPER and context.environment is Environment.LIVE:
        return Denial("STAGE", f"{deployment.name} is at stage paper and {context.account.name} is a live account")
    held = context.scopes[0].position
    after, cap = abs(held + context.change), deployment.max_contracts
    if cap is not None and after > cap and after > abs(held):
        return Denial(
            "STAGE", f"the position would be {number(after)}; stage {deployment.stage} allows at most {number(cap)}"
        )
    return None
