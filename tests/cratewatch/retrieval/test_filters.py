"""What identify answers when something is asked of the releases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.facts import EVERYTHING, Wanted
from cratewatch.catalog.records import Cover, Release
from cratewatch.embedding.loading import load_model
from cratewatch.errors import NotFoundError
from cratewatch.gallery.gallery import open_gallery
from cratewatch.images.reading import load
from cratewatch.lake.lake import Lake
from cratewatch.retrieval.config import ONE_LOOK
from cratewatch.retrieval.filters import check_wanted
from cratewatch.retrieval.matches import identify
from cratewatch.retrieval.searcher import Searcher
from tests.made_collections import make_collection

pytestmark = pytest.mark.heavy


@pytest.fixture
def listed(catalog: Catalog, imported: list[Cover]) -> list[Cover]:
    """Twelve covers, of pressings of two sources; the thirteenth's are withdrawn."""
    for source, years in (("a-shop", 1970), ("b-shop", 1980)):
        releases = [
            Release(
                source=source,
                native_id=str(n),
                title=f"Title {n}",
                year=years + n % 3,
                genres=("Rock",) if n % 2 else ("Jazz, Bop",),
                format="Vinyl, LP" if source == "a-shop" else "CD",
                image_url=imported[n].source_url,
                in_stock=n % 4 == 0,
            )
            for n in range(13)
        ]
        for listed in (releases, releases[:12]):  # the last is gone in the second crawl
            run_id = catalog.runs.start(f"refresh-{source}")
            catalog.stage(run_id, listed)
            catalog.apply_crawl(run_id, source, complete=True)
        for n in range(13):
            cover = replace(imported[n], source=source)
            catalog.covers.add(run_id, cover, cover.source_url)
    return imported[:13]


@pytest.fixture
def searcher(
    catalog: Catalog, lake: Lake, home: Path, listed: list[Cover], tiny_model: str
) -> Iterator[Searcher]:
    embedder = load_model(lake, tiny_model)
    ids = [cover.cover_id for cover in listed]
    artworks = [cover.artwork_id for cover in listed]
    facts = catalog.releases.facts_of(artworks)
    images = [load(Path(cover.source_url)) for cover in listed]
    with open_gallery(str(home / "gallery.db")) as gallery:
        make_collection(gallery, tiny_model, 128)
        vectors = embedder.embed_covers(images)
        gallery.rows.upsert(tiny_model, ids, artworks, vectors, [facts[a] for a in artworks])
        gallery.alias.point_to(tiny_model)
        yield Searcher(embedder, gallery, ONE_LOOK)


ASKED: list[tuple[Wanted, set[int], set[str]]] = [
    (Wanted(source="a-shop"), set(range(12)), {"a-shop"}),
    (Wanted(genre="ROCK", source="b-shop"), {1, 3, 5, 7, 9, 11}, {"b-shop"}),
    (Wanted(genre="bop", in_stock=True), {0, 4, 8}, {"a-shop", "b-shop"}),
    (Wanted(years=(1981, 1981)), {1, 4, 7, 10}, {"b-shop"}),
    (Wanted(format="lp", years=(1970, 1971)), {0, 1, 3, 4, 6, 7, 9, 10}, {"a-shop"}),
    # Each artwork has an LP and a release of 1980 to 1982, and none is both.
    (Wanted(format="lp", years=(1980, 1989)), set(), set()),
    (Wanted(source="a-shop", withdrawn=True), set(range(13)), {"a-shop"}),
]


@pytest.mark.parametrize(("wanted", "numbers", "sources"), ASKED)
def test_a_match_has_a_release_that_meets_all_that_is_asked(
    searcher: Searcher,
    catalog: Catalog,
    listed: list[Cover],
    wanted: Wanted,
    numbers: set[int],
    sources: set[str],
) -> None:
    image = load(Path(listed[0].source_url))
    (matches,) = identify([image], replace(searcher, wanted=wanted), catalog, 24)
    assert {match.cover_id for match in matches} == {listed[n].cover_id for n in numbers}
    shown = [release for match in matches for release in match.releases]
    assert {release.source for release in shown} == sources


def test_what_nobody_lists_any_more_is_left_out_unless_asked_for(
    searcher: Searcher, catalog: Catalog, listed: list[Cover]
) -> None:
    gone = load(Path(listed[12].source_url))
    # The import lists it still; only then is it an answer.
    (matches,) = identify([gone], replace(searcher, wanted=Wanted()), catalog, 1)
    assert matches[0].cover_id == listed[12].cover_id
    run_id = catalog.runs.start("import")
    catalog.apply_crawl(run_id, "import", complete=True)
    (matches,) = identify([gone], replace(searcher, wanted=Wanted()), catalog, 24)
    assert len(matches) == 12
    (matches,) = identify([gone], replace(searcher, wanted=EVERYTHING), catalog, 24)
    assert matches[0].cover_id == listed[12].cover_id
    assert all(release.withdrawn_at for release in matches[0].releases)
    assert catalog.releases.facts_of([listed[12].artwork_id])[listed[12].artwork_id].withdrawn


@pytest.mark.usefixtures("listed")
def test_a_filter_that_nothing_fits_is_refused_with_what_is_near(catalog: Catalog) -> None:
    for fits in (Wanted(), Wanted(source="import"), Wanted("a-shop", None, "bop", "lp")):
        check_wanted(fits, catalog)
    for wanted, said in (
        (Wanted(source="a-shopp"), "--source: no release has 'a-shopp'; near it is a-shop"),
        (Wanted(genre="Jaz"), "--genre: no release has 'jaz'; near it is jazz"),
        (Wanted(format="8-track"), "--format: no release has '8-track'; there is cd, lp, vinyl"),
    ):
        with pytest.raises(NotFoundError, match=said):
            check_wanted(wanted, catalog)


def test_a_picture_that_no_release_shows_any_more_is_left_out_unless_asked_for(
    searcher: Searcher, catalog: Catalog, listed: list[Cover]
) -> None:
    """The gallery has not heard of it yet."""
    before, now = listed[:2]
    for source in ("import", "a-shop", "b-shop"):
        catalog.covers.add(
            catalog.runs.start(source), replace(now, source=source), before.source_url
        )
    image = load(Path(before.source_url))
    (matches,) = identify([image], replace(searcher, wanted=Wanted()), catalog, 24)
    assert before.cover_id not in {match.cover_id for match in matches}
    (matches,) = identify([image], replace(searcher, wanted=EVERYTHING), catalog, 24)
    assert (matches[0].cover_id, matches[0].releases) == (before.cover_id, ())
    assert catalog.releases.facts_of([before.artwork_id])[before.artwork_id].withdrawn
