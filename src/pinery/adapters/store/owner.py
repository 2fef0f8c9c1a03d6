"""Who holds a lease, in a form that another process of the same machine can tell to be dead."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_PROC = Path("/proc")


def owner_name() -> str:
    """``host/boot/pid/start``: this process, and no other at any time."""
    pid = os.getpid()
    return f"{socket.gethostname()}/{_boot()}/{pid}/{_started(pid)}"


def is_dead(owner: str) -> bool:
    """True if ``owner`` was a process of this machine since its start and is gone; False also if that is not known."""
    host, _, rest = owner.partition("/")
    boot, _, process = rest.partition("/")
    pid, _, started = process.partition("/")
    if not started or not pid.isdigit() or host != socket.gethostname() or not boot or boot != _boot():
        return False
    return _started(int(pid)) != started


def _boot() -> str:
    """Start of the machine, and the name space in which process ids count (containers); empty where unknown."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}.{os.stat(_PROC / 'self/ns/pid').st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """Clock ticks from the machine's start to the process's; empty if there is no such process, or it has ended."""
    try:
        # The second field is the program's name in brackets, and may hold anything.
        fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
