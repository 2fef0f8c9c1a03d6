"""Faults by probability: what a seed promises."""

from __future__ import annotations

from types import MappingProxyType

from pinery.simulators.common.faults import Armed, FaultKind, FaultPlan

KINDS = MappingProxyType({"lost": FaultKind("", ("order/*",)), "late": FaultKind("", ("props *",))})


def met(seed: int, events: int) -> list[bool]:
    """Which of a hundred requests is lost, with so many events between any two."""
    plan = FaultPlan(KINDS, seed)
    for fault in ("late", "lost"):
        plan.arm(Armed(fault, times=None, share=0.3))
    found = []
    for _ in range(100):
        found.append(plan.take("order/placeorder") is not None)
        for _ in range(events):
            plan.take("props fill")
    return found


def test_the_same_requests_meet_the_same_faults_whatever_streams_tell_between() -> None:
    assert met(7, 0) == met(7, 1) == met(7, 5)
    assert 15 < sum(met(7, 0)) < 45


def test_another_seed_and_another_fault_have_other_chances() -> None:
    assert met(7, 0) != met(8, 0)
    plan = FaultPlan(KINDS, 7)
    for where in ("order/a*", "order/b*"):
        plan.arm(Armed("lost", where, times=None, share=0.3))
    taken = [[plan.take(f"order/{name}") is not None for _ in range(50)] for name in "ab"]
    assert taken[0] != taken[1]
