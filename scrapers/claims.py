"""Which page a release is taken from when several claim its id, whatever order they come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cratewatch.catalog.records import Release, item_key
from cratewatch.sources.storefront.addresses import address_key, product_key
from cratewatch.sources.storefront.identity import PageFacts, are_one_product

Fate = Literal["kept", "same_product", "duplicate_id", "redirected", "waits"]


class Claim(NamedTuple):
    """A release, and the page that it was read from."""

    release: Release
    facts: PageFacts


@dataclass(frozen=True)
class Verdict:
    """What became of a page's claim.

    Attributes:
        page_key: Of the page that it is about.
        release: What is to be staged, if the claim is kept.
        detail: Which page has the id, if this one has not.
    """

    fate: Fate
    page_key: str
    release: Release | None = None
    detail: str = ""


class Claims:
    """The claims of one crawl.

    The page that the catalog has a release from keeps it while it is listed; else the first of
    the pages in the order of their addresses does. A claim waits for the end of the crawl if it
    depends on pages that are still to come: another page is known for the release, or the page
    leads to another address.
    """

    def __init__(self, known: Mapping[str, str], staged: Mapping[str, str | None]) -> None:
        """Begin with what the catalog lists and what the run has staged: page by release_id."""
        self._known = known
        self._won = {
            release_id: PageFacts(page_url, page_url)
            for release_id, page_url in staged.items()
            if page_url is not None
        }
        self._waiting: list[Claim] = []

    def claim(self, release: Release, facts: PageFacts) -> Iterator[Verdict]:
        """Decide on a claim; yields a second verdict if it takes the release from another page."""
        is_first = release.release_id not in self._won
        if _is_redirected(facts) or (is_first and not self._is_known_page(release, facts)):
            self._waiting.append(Claim(release, facts))
            yield Verdict("waits", release.page_key)
        else:
            yield from self._decide(release, facts)

    def settle(self, listed: set[str], may_replace: Callable[[str], bool]) -> Iterator[Verdict]:
        """Decide on the claims that wait.

        Args:
            listed: Address keys of all pages that the shop lists.
            may_replace: Whether the page with this URL, which is known for a release, has ceased
                to be its page; not so if it could not be read this time.
        """
        waiting = sorted(self._waiting, key=lambda claim: claim.facts.order)
        self._waiting = []
        ends = Counter(product_key(claim.facts.final_url) for claim in waiting)
        for release, facts in waiting:
            known = self._known.get(release.release_id, "")
            if _leads_to(facts, listed):
                yield Verdict("same_product", release.page_key)
            elif _is_redirected(facts) and ends[product_key(facts.final_url)] > 1:
                yield Verdict("redirected", release.page_key, detail=facts.final_url)
            elif (
                release.release_id in self._won
                or self._is_known_page(release, facts)
                or may_replace(known)
            ):
                yield from self._decide(release, facts)
            else:
                yield Verdict("same_product", release.page_key)

    def _is_known_page(self, release: Release, facts: PageFacts) -> bool:
        """Whether the catalog has the release from this page, or does not list it."""
        known = self._known.get(release.release_id)
        return known is None or address_key(known) == address_key(facts.page_url)

    def _decide(self, release: Release, facts: PageFacts) -> Iterator[Verdict]:
        winner = self._won.get(release.release_id)
        if winner is not None and winner.page_url != facts.page_url:
            if self._order(release, winner) < self._order(release, facts):
                yield _lost(release, release.page_key, facts, winner)
                return
            yield _lost(release, item_key(winner.page_url), winner, facts)
        self._won[release.release_id] = facts
        yield Verdict("kept", release.page_key, release)

    def _order(self, release: Release, facts: PageFacts) -> tuple[bool, tuple[bool, str]]:
        return not self._is_known_page(release, facts), facts.order


def _is_redirected(facts: PageFacts) -> bool:
    return address_key(facts.page_url) != address_key(facts.final_url)


def _leads_to(facts: PageFacts, listed: set[str]) -> bool:
    """Whether a page leads to another one that is listed as well, and has the product."""
    return _is_redirected(facts) and address_key(facts.final_url) in listed


def _lost(release: Release, page_key: str, loser: PageFacts, winner: PageFacts) -> Verdict:
    same = are_one_product(loser, winner)
    detail = f"{release.release_id} is {winner.page_url} already"
    return Verdict("same_product" if same else "duplicate_id", page_key, detail=detail)
