"""Links in the catalog: found, followed, refused, restored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.links import Linking
from cratewatch.catalog.records import Release
from cratewatch.errors import NotFoundError
from tests.cratewatch.catalog.blue_train import BLUE
from tests.cratewatch.catalog.test_dumps import MB, bring_in
from tests.cratewatch.sources.dumps.made_dumps import mb_release, mbid, musicbrainz


def put(catalog: Catalog, source: str, **told: Any) -> None:
    """Have a source list one release, and no other."""
    run_id = catalog.runs.start(f"refresh-{source}")
    page = told.pop("page_url", f"https://{source}.example/1")
    release = Release(source=source, native_id="1", page_url=page, **(BLUE | told))
    catalog.stage(run_id, [release])
    catalog.apply_crawl(run_id, source, complete=True)
    catalog.runs.finish(run_id, "done", {})


def pairs(catalog: Catalog, release_id: str = "") -> list[tuple[str, str]]:
    found = catalog.links.of(release_id) if release_id else catalog.links.all()
    return [link.pair for link in found]


def test_links_follow_what_sources_say(catalog: Catalog) -> None:
    put(catalog, "a")
    assert catalog.links.find() == Linking(0, 0, 0, 0, 0)
    put(catalog, "b", barcode="7 24385 34281 3")
    put(catalog, "c", year=2014)
    assert catalog.links.find() == Linking(links=1, new=1, gone=0, ambiguous=0, unsure=0)
    (link,) = catalog.links.all()
    assert (link.pair, link.reason, link.confidence) == (("a:1", "b:1"), "barcode_and_catno", 0.98)
    assert catalog.links.find() == Linking(links=1, new=0, gone=0, ambiguous=0, unsure=0)
    put(catalog, "b", year=2014)
    assert catalog.links.find() == Linking(links=1, new=1, gone=1, ambiguous=0, unsure=0)
    assert pairs(catalog) == [("b:1", "c:1")]


def test_a_chain_is_one_pressing_until_it_is_taken_apart(catalog: Catalog) -> None:
    put(catalog, "a", catno=None)
    put(catalog, "b")
    put(catalog, "c", barcode=None, country="USA")
    catalog.links.find()
    chain = [("b:1", "c:1"), ("a:1", "b:1")]
    assert sorted(pairs(catalog, "a:1")) == sorted(chain)
    assert sorted(pairs(catalog, "c:1")) == sorted(chain)

    catalog.links.refuse("c:1", "a:1")  # which no link says
    apart = {tuple(pairs(catalog, name)) for name in ("a:1", "b:1", "c:1")}
    assert len(apart) == 2  # the surer link stays
    assert () in apart
    catalog.links.restore("a:1", "c:1")
    assert sorted(pairs(catalog, "a:1")) == sorted(chain)


def test_what_was_refused_stays_so_until_it_is_restored(catalog: Catalog) -> None:
    put(catalog, "a")
    put(catalog, "b")
    catalog.links.find()
    catalog.links.refuse("b:1", "a:1")
    assert catalog.links.find() == Linking(links=0, new=0, gone=0, ambiguous=0, unsure=0)
    assert pairs(catalog, "a:1") == pairs(catalog) == []
    (refused,) = catalog.links.all(refused=True)
    assert refused.pair == ("a:1", "b:1")
    assert refused.refused_at is not None
    catalog.links.restore("a:1", "b:1")
    assert pairs(catalog, "a:1") == [("a:1", "b:1")]
    with pytest.raises(NotFoundError, match="were not refused"):
        catalog.links.restore("a:1", "b:1")
    with pytest.raises(NotFoundError, match="'x:1' is not in the catalog"):
        catalog.links.refuse("a:1", "x:1")


def test_a_source_that_names_the_page_of_another_is_believed(
    catalog: Catalog, tmp_path: Path
) -> None:
    told = {"relations": [{"type": "discogs", "url": {"resource": f"{DISCOGS}/77-Title"}}]}
    dump = musicbrainz(tmp_path / "a", mb_release(1, "Blue Train") | told)
    bring_in(catalog, dump, source=MB)
    put(catalog, "shop", page_url=f"{DISCOGS}/77", format='12" Vinyl', barcode=None, catno=None)
    catalog.links.find()
    (link,) = catalog.links.all()
    assert (link.pair, link.reason) == ((f"dg:{mbid(1)}", "shop:1"), "relation")
    bring_in(catalog, musicbrainz(tmp_path / "b", mb_release(1, "Blue Train")), source=MB)
    assert catalog.links.find().gone == 1


DISCOGS = "https://www.discogs.com/release"
