"""Batch speech synthesis and voice conversion with HierSpeech2.

`open_run` and `compare` are the entry points for notebooks. They are imported on first access, so importing the package
itself loads no library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hierbatch.analysis.comparison import compare
    from hierbatch.analysis.study import open_run

__all__ = ["compare", "open_run"]


def __getattr__(name: str) -> Any:
    if name == "open_run":
        from hierbatch.analysis.study import open_run

        return open_run
    if name == "compare":
        from hierbatch.analysis.comparison import compare

        return compare
    raise AttributeError(f"module 'hierbatch' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
