"""Which artworks and releases are one album: those of one artwork, and of linked releases."""

from __future__ import annotations

from collections.abc import Iterable

from cratewatch.catalog.catalog import Catalog


class Albums:
    """Albums by the artwork that stands for each.

    Sources may each have a scan of a sleeve of their own: a link between their releases makes their
    artworks one album.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._other: dict[str, str] = {}
        self._links: dict[str, str] = {}
        self._join(catalog)
        self._members: dict[str, list[str]] = {}
        for artwork_id in sorted(self._other):
            self._members.setdefault(self.of_artwork(artwork_id), []).append(artwork_id)

    def of_artwork(self, artwork_id: str) -> str:
        """Return the artwork that stands for an artwork's album."""
        while (other := self._other.get(artwork_id)) is not None:
            artwork_id = other
        return artwork_id

    def members(self, album: str) -> list[str]:
        """Return the artworks of an album."""
        return [album, *self._members.get(album, ())]

    def of_releases(self, release_ids: Iterable[str]) -> dict[str, str]:
        """Return the artwork that stands for the album of each release that has one."""
        wanted = list(dict.fromkeys(release_ids))
        found = self._links | self._catalog.releases.artworks(wanted)
        return {release: self.of_artwork(found[release]) for release in wanted if release in found}

    def _join(self, catalog: Catalog) -> None:
        pairs = [(link.release_id, link.other_id) for link in catalog.links.all()]
        artworks = catalog.releases.artworks(release for pair in pairs for release in pair)
        for one, other in pairs:
            if one in artworks and other in artworks:
                self._join_two(artworks[one], artworks[other])
            elif one in artworks:
                self._links[other] = artworks[one]
            elif other in artworks:
                self._links[one] = artworks[other]

    def _join_two(self, one: str, other: str) -> None:
        first, second = sorted((self.of_artwork(one), self.of_artwork(other)))
        if first != second:
            self._other[second] = first
