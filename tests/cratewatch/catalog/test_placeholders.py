import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.catalog.embeddings import EmbeddingBook
from cratewatch.catalog.placeholders import MANY, PLACEHOLDER
from cratewatch.catalog.records import Cover, Release

NO_IMAGE = "http://shop.example/no-image.png"


def list_releases(catalog: Catalog, titles: list[tuple[str | None, str]]) -> None:
    """Have a shop list releases that all show one picture."""
    run_id = catalog.runs.start("refresh-shop")
    releases = [
        Release(source="shop", native_id=str(n), artist=artist, title=title, image_url=NO_IMAGE)
        for n, (artist, title) in enumerate(titles)
    ]
    catalog.stage(run_id, releases)
    catalog.apply_crawl(run_id, "shop", complete=True)
    cover = Cover("c1", "c1", "shop", NO_IMAGE, 300, 300, "f0" * 32, now())
    catalog.covers.add(run_id, cover, NO_IMAGE)


def artwork_of(catalog: Catalog) -> str:
    return catalog.covers.by_id(["c1"])["c1"].artwork_id


def test_a_picture_that_many_releases_share_is_a_placeholder(catalog: Catalog) -> None:
    list_releases(catalog, [(f"Artist {n}", "Untitled") for n in range(MANY)])
    assert catalog.embeddings.counts("model").missing == 1
    assert catalog.covers.mark_placeholders() == 1
    assert artwork_of(catalog) == PLACEHOLDER
    assert catalog.covers.mark_placeholders() == 0
    assert list(catalog.embeddings.missing("model")) == []
    assert (catalog.embeddings.counts("model").lacking, catalog.counts()["artworks"]) == (0, 0)
    assert catalog.covers.to_fetch("shop") == []
    assert catalog.covers.all() == []  # nothing is drawn or trained of it


@pytest.mark.parametrize(
    "titles",
    [
        [("Artist", f"Volume {n}") for n in range(2 * MANY)],
        [(f"Artist {n}", "Untitled") for n in range(MANY - 1)],
        [(None, f"Artist - Blue Train ({n})") for n in range(2 * MANY)],
        [(None, f"Blue Train [{n}xLP]") for n in range(2 * MANY)],
    ],
)
def test_editions_of_one_record_share_its_picture(
    catalog: Catalog, titles: list[tuple[str | None, str]]
) -> None:
    list_releases(catalog, titles)
    assert catalog.covers.mark_placeholders() == 0
    assert artwork_of(catalog) == "c1"


def test_one_that_was_embedded_before_is_to_be_taken_out(catalog: Catalog) -> None:
    list_releases(catalog, [(None, f"Title {n}") for n in range(MANY)])
    book: EmbeddingBook = catalog.embeddings
    book.mark_embedded("model", ["c1"], "embeddings/model/shard")
    assert book.placeholders("model") == []
    catalog.covers.mark_placeholders()
    assert book.placeholders("model") == ["c1"]
    book.forget("model", ["c1"])
    counts = book.counts("model")
    assert (book.placeholders("model"), counts.embedded, counts.missing) == ([], 0, 0)
