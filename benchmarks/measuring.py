"""What the benchmarks share: machine facts, best-of timings, tables."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path


def best(action: Callable[[], object], repeats: int = 3) -> float:
    """Processor seconds of the fastest of several runs: the others measure what else the machine did."""
    fastest = float("inf")
    for _ in range(repeats):
        started = time.process_time()
        action()
        fastest = min(fastest, time.process_time() - started)
    return fastest


def machine() -> str:
    """One line on processor, cores and Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{model}, {os.cpu_count()} cores, {platform.python_implementation()} {platform.python_version()}"


def table(headers: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(headers) + " |", "|" + "|".join("---" for _ in headers) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
