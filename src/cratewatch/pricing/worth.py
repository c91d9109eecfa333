"""What a record in one condition is worth beside the same record in another."""

from __future__ import annotations

import math

# By media grade, near mint being 1: coefficients of a ridge on the logarithm of 4,851 asking
# prices over what else was known of the records; below G+ there were none, and these go on so.
WORTH = {
    "M": 1.5, "NM": 1.0, "VG+": 0.8, "VG": 0.61, "G+": 0.45, "G": 0.33, "F": 0.22, "P": 0.15,
}  # fmt: skip
UNSAID = "VG+"
"""What a record is taken for whose condition nobody said."""


def log_worth(media_condition: str | None) -> float:
    """Return the logarithm of what a grade is worth beside near mint."""
    return math.log(WORTH[media_condition or UNSAID])
