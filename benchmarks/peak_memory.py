"""Peak memory of one process, for the benchmarks; `ru_maxrss` would include that of its parent."""

from __future__ import annotations

from pathlib import Path


def peak_mb(pid: int | str = "self") -> float:
    """Largest resident memory of a process so far, in MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) * 1024 / 1e6 for line in status.splitlines() if line.startswith("VmHWM"))


def reset_peak() -> None:
    """Let the peak of this process start again from its present memory."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
