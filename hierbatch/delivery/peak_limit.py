"""Second encoding of files whose codec raised peaks over the limit of their profile.

The limiter leaves room for lossy codecs, but how far a codec raises peaks depends on the sound: AAC at 96 kbit/s raises
them by more than 1 dB in places. Such a file is encoded again with a lower gain, from the same mastered chapters.
"""

from __future__ import annotations

from collections.abc import Callable

from hierbatch.delivery.report import FileReport

_MARGIN_DB = 0.1
_MAX_ATTEMPTS = 3


def keep_peaks_below_limit(check: Callable[[], FileReport], encode: Callable[[float], None]) -> FileReport:
    """Check a file, and encode it again at a lower level while its peaks exceed the limit.

    Args:
        check: function that measures the file.
        encode: function that replaces the file by one with the given gain in dB.

    Returns:
        Report of the last file.
    """
    report, gain_db = check(), 0.0
    for _ in range(_MAX_ATTEMPTS):
        if report.peak_over_db <= 0:
            break
        gain_db -= report.peak_over_db + _MARGIN_DB
        encode(gain_db)
        report = check()
    return report
