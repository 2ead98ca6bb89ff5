"""Plain-text table of a file report."""

from __future__ import annotations

from hierbatch.delivery.report import FileReport

_HEADINGS = ("", "rule", "expected", "measured")


def report_table(report: FileReport) -> str:
    """Format the verdict and one line per rule, in aligned columns."""
    rows = [("pass" if row.passed else "FAIL", row.rule, row.expected, row.got) for row in report.rows]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (_HEADINGS, *rows)
    ]
    verdict = "passes" if report.passed else "does not pass"
    return "\n".join([f"{report.path} {verdict} {report.profile}", *(f"  {line.rstrip()}" for line in lines)])
