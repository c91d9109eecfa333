"""What may succeed if it is tried again soon, and how soon."""

from __future__ import annotations

from cratewatch.errors import UnavailableError
from scrapers.launch import CrawlDiedError

WAITS_S = (1.0, 10.0)
"""Before a step is tried again."""
OUTAGES = (UnavailableError, CrawlDiedError)
"""Not when the catalog was away: the lock that a refresh held for this process is gone."""


def is_outage(error: object) -> bool:
    """Whether what failed may succeed if it is tried again soon."""
    return isinstance(error, OUTAGES)
