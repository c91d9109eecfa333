"""The evaluation as one self-contained page: table, curves, and the worst misses."""

from cratewatch.grid_report.page import write_report

__all__ = ["write_report"]
