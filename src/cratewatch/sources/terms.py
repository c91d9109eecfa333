"""What a source's terms allow: a record for each source, and what holds the code to it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from cratewatch.catalog.records import Release

if TYPE_CHECKING:  # settings are read by commands that need no database
    from cratewatch.catalog.observations import Observation

NEEDED = frozenset(
    {"source", "native_id", "title", "kind", "price", "currency", "observed_at", "quantity"}
)
"""Fields without which there is nothing to keep."""
AGENT = "cratewatch/{version} (+{contact})"
"""As MusicBrainz, Discogs and the Cover Art Archive want it: name, version, whom to write to."""


@dataclass(frozen=True)
class Terms:
    """What may be asked of a source, and done with what it says.

    Attributes:
        said_by: Where the terms stand, for who wants to read them.
        most_per_s: Requests a second, or None if the operator decides.
        obeys_robots: Whether robots.txt is for this source; False for an API with terms of its own,
            and where the operator decides.
        agent: The user agent that every request has; a source that asks for a contact names one.
        fields: Of releases and prices, that may be kept; None for all.
        keep_days: How long prices may be kept; None for as long as one likes.
        may_train: Whether models may learn from its rows; the operator may say that his may.
        allows_proxies: Whether it may be asked by way of others' addresses.
    """

    said_by: str
    most_per_s: float | None = None
    obeys_robots: bool = True
    agent: str = AGENT
    fields: frozenset[str] | None = None
    keep_days: float | None = None
    may_train: bool = True
    allows_proxies: bool = False

    def user_agent(self, version: str, contact: str) -> str:
        """Return what a crawl calls itself; without a contact only its name."""
        agent = self.agent if contact else self.agent.partition(" (")[0]
        return agent.format(version=version, contact=contact)

    def kept(self, item: Release) -> Release:
        """Return a release without what may not be kept of it."""
        dropped = {f.name: f.default for f in fields(item) if not self._keeps(f.name)}
        return replace(item, **dropped) if dropped else item  # type: ignore[arg-type]

    def kept_price(self, price: Observation) -> Observation:
        """Return a price without what may not be kept of it."""
        dropped = {f.name: f.default for f in fields(price) if not self._keeps(f.name)}
        return replace(price, **dropped) if dropped else price  # type: ignore[arg-type]

    def _keeps(self, name: str) -> bool:
        return self.fields is None or name in self.fields or name in NEEDED


OPEN = Terms("what each shop says in robots.txt", allows_proxies=True)
GATHERED = Terms(
    "what whoever gathered the file has agreed to", obeys_robots=False, allows_proxies=True
)
