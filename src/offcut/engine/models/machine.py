"""What this machine gives a process: cores, memory, and which arithmetic its processor does quickly."""

from __future__ import annotations

import ctypes
import math
import os
import platform
from functools import cache
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


def cores(root: Path = CGROUP) -> int:
    """Processor cores that this process may use: its affinity, cut by a container's share, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = _container_share(root)
    return max(1, min(allowed, math.ceil(share)) if share else allowed)


def memory_bytes(root: Path = CGROUP) -> int:
    """Memory that this process may use: the machine's, cut by a container's limit. 0 if not known."""
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 0
    limits = [_number(root / "memory.max"), _number(root / "memory" / "memory.limit_in_bytes")]
    return min([total, *(int(limit) for limit in limits if limit)])


@cache
def processor_flags() -> frozenset[str]:
    """The processor's features as Linux names them; empty where that is not known."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return frozenset()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return frozenset(value.split())
    return frozenset()


def processor_name() -> str:
    """The processor's name for people."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        text = ""
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def release_memory() -> None:
    """Hands memory that was freed back to the system, where the C library can (glibc)."""
    if platform.system() == "Linux" and platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)


def _container_share(root: Path) -> float:
    """Cores that the container's limits allow (cgroup v2, then v1); 0 if there is no limit."""
    try:
        quota, period = (root / "cpu.max").read_text("ascii").split()
        return 0.0 if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    quota_us = _number(root / "cpu" / "cpu.cfs_quota_us")
    period_us = _number(root / "cpu" / "cpu.cfs_period_us")
    return quota_us / period_us if quota_us > 0 and period_us > 0 else 0.0


def _number(path: Path) -> float:
    """The number in a file; 0 if there is none."""
    try:
        return float(path.read_text("ascii"))
    except (OSError, ValueError):
        return 0.0
