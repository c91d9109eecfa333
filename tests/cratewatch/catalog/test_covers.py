from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from cratewatch.catalog.artworks import SAME_ARTWORK_BITS, ArtworkIndex
from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.catalog.records import Cover, Release

RUN = "20261120T030000-refresh-shop-000000"


@pytest.fixture
def listed(catalog: Catalog) -> Catalog:
    """Three releases; the second and the third name the same image."""
    run_id = catalog.runs.start("refresh")
    images = ("http://shop/a.jpg", "http://shop/b.jpg", "http://shop/b.jpg")
    catalog.stage(
        run_id,
        [
            Release(source="shop", native_id=str(n), title=str(n), image_url=url, price=Decimal(n))
            for n, url in enumerate(images)
        ],
    )
    catalog.apply_crawl(run_id, "shop", complete=True)
    return catalog


def cover(letter: str, url: str) -> Cover:
    from datetime import UTC, datetime

    digits = (letter * 64)[:64]
    return Cover(digits, digits, "shop", url, 10, 10, digits, datetime.now(UTC))


def test_images_are_fetched_once_whoever_names_them(listed: Catalog) -> None:
    wanted = listed.covers.to_fetch("shop")
    assert [(item.source, item.image_url) for item in wanted] == [
        ("shop", "http://shop/a.jpg"),
        ("shop", "http://shop/b.jpg"),
    ]
    assert listed.covers.add(RUN, cover("b", "http://shop/b.jpg"), "http://shop/b.jpg")
    assert [item.image_url for item in listed.covers.to_fetch("shop")] == ["http://shop/a.jpg"]
    assert listed.counts()["releases_without_cover"] == 1


def test_a_new_image_url_is_fetched_and_the_old_cover_stays_meanwhile(listed: Catalog) -> None:
    listed.covers.add(RUN, cover("a", "http://shop/a.jpg"), "http://shop/a.jpg")
    run_id = listed.runs.start("refresh")
    listed.stage(
        run_id,
        [Release(source="shop", native_id="0", title="0", image_url="http://shop/new.jpg")],
    )
    listed.apply_crawl(run_id, "shop", complete=False)
    assert "http://shop/new.jpg" in [item.image_url for item in listed.covers.to_fetch("shop")]
    assert len(listed.releases.of_artworks(["a" * 64])["a" * 64]) == 1


def test_the_same_cover_is_stored_once(listed: Catalog) -> None:
    assert listed.covers.add(RUN, cover("a", "http://shop/a.jpg"), "http://shop/a.jpg")
    assert not listed.covers.add(RUN, cover("a", "http://shop/b.jpg"), "http://shop/b.jpg")
    assert listed.counts()["covers"] == 1
    assert listed.covers.all()[0].source_url == "http://shop/a.jpg"


def test_releases_of_an_artwork_come_with_their_price(listed: Catalog) -> None:
    scan = replace(cover("b", "http://shop/b.jpg"), artwork_id="a" * 64)
    listed.covers.add(RUN, cover("a", "http://shop/a.jpg"), "http://shop/a.jpg")
    listed.covers.add(RUN, scan, "http://shop/b.jpg")
    releases = listed.releases.of_artworks(["a" * 64])["a" * 64]
    assert [(r.release_id, r.price) for r in releases] == [
        ("shop:0", Decimal(0)),
        ("shop:1", Decimal(1)),
        ("shop:2", Decimal(2)),
    ]
    assert listed.counts()["artworks"] == 1


def test_what_a_model_has_indexed_is_remembered_for_that_model(listed: Catalog) -> None:
    for letter in "ab":
        listed.covers.add(RUN, cover(letter, letter), f"http://shop/{letter}.jpg")
    for _ in range(2):
        listed.embeddings.mark_embedded("one", ["a" * 64], "embeddings/one/x.parquet")
        assert listed.embeddings.shards("one", unindexed=True) == ["embeddings/one/x.parquet"]
        listed.embeddings.mark_indexed("one", ["embeddings/one/x.parquet"])
        assert listed.embeddings.shards("one", unindexed=True) == []
    assert [c.cover_id for c in listed.embeddings.missing("one")] == ["b" * 64]
    assert [c.cover_id for c in listed.embeddings.indexed("one")] == ["a" * 64]
    assert listed.embeddings.counts("two").missing == 2
    listed.embeddings.forget_shard("one", "embeddings/one/x.parquet")
    assert listed.embeddings.counts("one").indexed == 0


def test_covers_are_noted_whose_facts_may_have_changed(listed: Catalog) -> None:
    for letter in "abc":
        listed.covers.add(RUN, cover(letter, letter), f"http://shop/{letter}.jpg")
        listed.embeddings.mark_embedded("net", [letter * 64], letter)
    scan = replace(cover("d", "http://shop/d.jpg"), artwork_id="a" * 64)
    listed.covers.add(RUN, scan, "http://shop/d.jpg")
    listed.embeddings.mark_embedded("net", ["d" * 64], "d")
    assert changed_now(listed, lambda: None) == []
    (page,) = listed.embeddings.changed(now() - timedelta(hours=1))
    assert page == {"a" * 64: "a" * 64, "b" * 64: "b" * 64, "c" * 64: "c" * 64, "d" * 64: "a" * 64}

    def restock(number: int, image: str, *, complete: bool = False) -> None:
        run_id = listed.runs.start("refresh")
        listed.stage(
            run_id, [Release(source="shop", native_id=str(number), title="new", image_url=image)]
        )
        listed.apply_crawl(run_id, "shop", complete=complete)

    image = "http://shop/a.jpg"
    assert changed_now(listed, lambda: restock(0, image)) == ["a", "d"], "all of its artwork"
    assert changed_now(listed, lambda: restock(0, image)) == [], "it is as it was"
    assert changed_now(listed, lambda: restock(0, image, complete=True)) == ["b"], "withdrawn"
    restock(1, "http://shop/c.jpg")
    moved = changed_now(
        listed, lambda: listed.covers.add(RUN, cover("c", "c"), "http://shop/c.jpg")
    )
    assert moved == ["b", "c"], "the cover that the release left, too"


def changed_now(catalog: Catalog, change: Callable[[], object]) -> list[str]:
    """Return the covers whose facts a change may have changed."""
    began = now()
    change()
    return [cover_id[0] for page in catalog.embeddings.changed(began) for cover_id in page]


def hashes(rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.integers(0, 256, (count, 32), dtype=np.uint8)


def test_artwork_index_agrees_with_the_obvious_search() -> None:
    rng = np.random.default_rng(3)
    known = hashes(rng, 300)
    index = ArtworkIndex([f"artwork-{n}" for n in range(300)], known)
    for _ in range(50):
        base = known[rng.integers(300)]
        flips = np.zeros(256, np.uint8)
        flips[rng.choice(256, rng.integers(20, 60), replace=False)] = 1
        candidate = base ^ np.packbits(flips)
        distances = [int(np.unpackbits(row ^ candidate).sum()) for row in known]
        near = min(distances) <= SAME_ARTWORK_BITS
        expected = f"artwork-{int(np.argmin(distances))}" if near else "new"
        # A fresh index each time: assign remembers.
        fresh = ArtworkIndex([f"artwork-{n}" for n in range(300)], known)
        assert fresh.assign("new", candidate.tobytes().hex()) == expected
    assert index.assign("x", hashes(rng, 1).tobytes().hex()) == "x"


def test_artwork_index_remembers_what_it_assigned() -> None:
    index = ArtworkIndex([], np.zeros((0, 32), np.uint8))
    for number in range(300):
        phash = hashes(np.random.default_rng(number), 1).tobytes().hex()
        assert index.assign(f"cover-{number}", phash) == f"cover-{number}"
        assert index.assign(f"scan-{number}", phash) == f"cover-{number}"
