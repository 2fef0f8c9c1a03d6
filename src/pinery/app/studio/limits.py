"""What a process may take that works on a script of somebody's: memory, time, and the processor when others need it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress

_CHUNK = 4096


def hold_memory(most: int) -> None:
    """``most`` bytes of data for this process; beyond it there is a MemoryError. Where the system can."""
    try:
        import resource
    except ImportError:
        return
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def hold_time(seconds: float) -> None:
    """The process is ended after so long, whatever it does and whoever is left to end it; 0 lifts it."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def stand_back() -> None:
    """Trading comes first."""
    with suppress(AttributeError, OSError):
        os.nice(10)


def end_with_parent() -> None:
    """Ends this process when its standard input does: whoever started it holds the other end."""

    def wait() -> None:
        with suppress(OSError):
            while os.read(sys.stdin.fileno(), _CHUNK):
                pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
