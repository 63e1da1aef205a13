"""How much memory this process has held at most, as the system counts it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_memory_mb() -> float:
    """Return the largest resident memory that this process has had, in megabytes; 0.0 where the system does not tell.

    Shared libraries are counted in each process that uses them.
    """
    try:
        # Before getrusage: what that tells of a process that was just spawned is its parent's.
        if found := _PEAK.search(_STATUS.read_text()):
            return int(found[1]) * 1024 / 1e6
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
