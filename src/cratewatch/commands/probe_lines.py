"""A probe for people: lines that keep addresses whole, however narrow the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from textwrap import shorten
from typing import Any

from cratewatch.catalog.records import storable

FEW = 5
"""Addresses of a listing that are shown."""
MOST_LETTERS = 60
"""Of a value that was passed over."""
SYNTAXES = {
    "json-ld": "JSON-LD",
    "microdata": "microdata",
    "open-graph": "Open Graph",
    "products.json": "feed",
    "listing": "listing",
    "page": "page",
}
KINDS = {
    "product": "a product page",
    "no_product": "a page without a product of its own",
    "feed": "a product feed",
    "sitemap": "a sitemap",
    "sitemap_index": "an index of sitemaps",
    "robots": "a robots.txt",
    "unreadable": "nothing that a crawl reads",
}
_NAMES = 12


def probe_lines(probe: dict[str, Any], width: int) -> Iterator[str]:
    """Yield the fields of a Probe.

    Args:
        width: Of the terminal, in letters; lines are longer only where a value is.
    """
    return map(storable, _lines(probe, width))


def _lines(probe: dict[str, Any], width: int) -> Iterator[str]:
    yield from probe["way"]
    moved = "" if probe["final_url"] == probe["url"] else f" -> {probe['final_url']}"
    yield f"{probe['url']}{moved}"
    reason = f" ({probe['reason']})" if probe["reason"] else ""
    yield f"is {KINDS[probe['kind']]}{reason}{_count(probe)}"
    if probe["detail"]:
        yield f"  {probe['detail']}"
    for url in probe["listed"][:FEW]:
        yield f"  {url}"
    if len(probe["listed"]) > FEW:
        yield f"  ... {len(probe['listed']) - FEW:,} more"
    releases = probe["releases"]
    if releases:
        yield from _release(releases[0], width)
    if len(releases) > 1:
        yield from _coverage(releases)
    of_first = releases[0]["passed_over"] if releases else []
    yield from _passed([*of_first, *probe["passed_over"]])
    for hint in probe["hints"]:
        yield f"note: {hint}"
    if probe["kind"] == "sitemap" and probe["listed"]:
        yield f"next: cratewatch probe {probe['listed'][0]}"


def _count(probe: dict[str, Any]) -> str:
    if probe["kind"] == "feed":
        return f" of {len(probe['releases']):,}; the first:"
    return f" that names {len(probe['listed']):,}" if probe["listed"] else ""


def _release(release: dict[str, Any], width: int) -> Iterator[str]:
    said = [item for item in release["fields"] if item["syntax"]]
    for item in said:
        value = item["value"]
        text = ", ".join(value) if isinstance(value, list) else str(value)
        line = f"  {item['field']:<{_NAMES}}{text}"
        place = f"({SYNTAXES[item['syntax']]} {item['property']})"
        if len(line) + 2 + len(place) <= width:
            yield f"{line}  {place}"
        else:
            yield line
            yield f"  {'':<{_NAMES}}{place}"
    unsaid = [item["field"] for item in release["fields"] if not item["syntax"]]
    if unsaid:
        yield from _wrapped("  nothing says: ", unsaid, width)
    if release["refused"]:
        yield f"  the crawl refuses it: {release['refused']}"


def _coverage(releases: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield of each field how many releases have it, and from where."""
    yield "of all:"
    places: dict[str, Counter[str]] = {}
    for release in releases:
        for item in release["fields"]:
            found = places.setdefault(item["field"], Counter())
            if item["syntax"]:
                found[item["property"]] += 1
    for field, found in places.items():
        where = ", ".join(f"{place} {n:,}" for place, n in found.most_common())
        yield f"  {field:<{_NAMES}}{found.total():,} of {len(releases):,}  ({where or 'nowhere'})"


def _passed(passed: Sequence[dict[str, Any]]) -> Iterator[str]:
    if passed:
        yield "passed over:"
    shown: Counter[tuple[str, str]] = Counter()
    for item in passed:
        kind = (item["property"], item["why"])
        shown[kind] += 1
        if shown[kind] <= FEW:
            value = shorten(item["value"], MOST_LETTERS, placeholder="...")
            said = f" {value!r}" if value else ""
            yield f"  {SYNTAXES[item['syntax']]} {item['property']}{said}: {item['why']}"
    for (name, why), count in shown.items():
        if count > FEW:
            yield f"  ... {count - FEW:,} more: {name}: {why}"


def _wrapped(start: str, words: Iterable[str], width: int) -> Iterator[str]:
    line = start
    for word in words:
        if len(line) + len(word) + 2 > width and line.strip():
            yield line.rstrip()
            line = " " * len(start)
        line += f"{word}, "
    yield line.rstrip(", ")
