from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from cratewatch.catalog.browsing import Query
from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.database import now
from cratewatch.catalog.facts import Wanted
from cratewatch.catalog.placeholders import PLACEHOLDER
from cratewatch.catalog.plain import plain
from cratewatch.catalog.records import Cover, Item, Release

STOCK: tuple[dict[str, Any], ...] = (
    {"artist": "Björk", "title": "Debut", "year": 1993, "label": "One Little Indian"},
    {"artist": "Röyksopp", "title": "Melody A.M.", "year": 2001, "catno": "WALLLP 027"},
    {"artist": "Miles Davis", "title": "Kind of Blue", "year": 1959, "genres": ("Jazz", "Modal")},
    {"artist": None, "title": "100% Dynamite", "format": "2xLP, Comp", "barcode": "5026328100018"},
    {
        "artist": "Łona",
        "title": "Koniec żartów",
        "genres": ("Hip Hop, Rap",),
        "format": "LP",
    },
)


def release(number: int, **values: Any) -> Release:
    fields: dict[str, Any] = {
        "title": f"Title {number}",
        "page_url": f"http://shop/{number}",
        "in_stock": True,
    }
    return Release(source="shop", native_id=str(number), **(fields | values))


def stock(catalog: Catalog, *releases: Release) -> str:
    run_id = catalog.runs.start("refresh-shop")
    catalog.stage(run_id, releases)
    catalog.apply_crawl(run_id, "shop", complete=True)
    return run_id


@pytest.fixture
def found(catalog: Catalog) -> Callable[..., list[str]]:
    """Return a function: a query to the numbers of the releases that are found."""
    stock(catalog, *(release(n, **values) for n, values in enumerate(STOCK)))

    def find(text: str = "", limit: int | None = None, **values: Any) -> list[str]:
        names = {name: values.pop(name) for name in ("artist", "label") if name in values}
        query = Query(text, **names, wanted=Wanted(**values))
        return [r.release_id.partition(":")[2] for r in catalog.browse.releases(query, limit)]

    return find


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ["3", "0", "2", "1", "4"]),  # by artist and title, as databases sort
        ("bjork", ["0"]),
        ("BJÖRK debut", ["0"]),
        ("royksopp walllp", ["1"]),
        ("lona zart", ["4"]),
        ("blue miles", ["2"]),
        ("100%", ["3"]),
        ("%", ["3"]),
        ("_", []),
        ("5026328100018", ["3"]),
        ("little ind", ["0"]),
        ("blue train", []),
    ],
)
def test_words_are_found_anywhere_without_accents(
    found: Callable[..., list[str]], text: str, numbers: list[str]
) -> None:
    assert sorted(found(text)) == sorted(numbers)


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"artist": "davis"}, ["2"]),
        ({"artist": "debut"}, []),
        ({"label": "indian"}, ["0"]),
        ({"years": (1959, 1993)}, ["0", "2"]),
        ({"genre": "jazz"}, ["2"]),
        ({"genre": "rap"}, ["4"]),
        ({"genre": "hip"}, []),
        ({"format": "LP"}, ["4"]),
        ({"format": "2xlp"}, ["3"]),
        ({"source": "other"}, []),
        ({"in_stock": True, "years": (2001, 2001)}, ["1"]),
    ],
)
def test_filters_are_those_of_identify(
    found: Callable[..., list[str]], asked: dict[str, Any], numbers: list[str]
) -> None:
    assert sorted(found(**asked)) == numbers


def test_a_limit_counts_what_is_found(found: Callable[..., list[str]]) -> None:
    assert len(found(limit=2)) == 2
    assert found(limit=1, genre="rap") == ["4"]


def test_what_is_withdrawn_or_sold_out_is_found_if_it_is_asked_for(catalog: Catalog) -> None:
    stock(catalog, release(1), release(2))
    stock(catalog, release(1, in_stock=False))

    def find(**values: Any) -> list[str]:
        query = Query(wanted=Wanted(**values))
        return [found.release_id for found in catalog.browse.releases(query)]

    assert find() == ["shop:1"]
    assert find(withdrawn=True) == ["shop:1", "shop:2"]
    assert find(in_stock=True) == find(in_stock=True, withdrawn=True) == []


def test_more_than_a_page_comes_in_order(catalog: Catalog, few_at_once: int) -> None:
    many = [release(n, title=f"Title {n:04}") for n in range(2 * few_at_once + 7)]
    stock(catalog, *reversed(many))
    found = [release.title for release in catalog.browse.releases(Query())]
    assert found == sorted(found)
    assert len(found) == len(many)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Björk", "bjork"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("Łødź", "lodz"),
        (None, ""),
    ],
)
def test_text_is_made_plain(text: str | None, expected: str) -> None:
    assert plain(text) == expected


def cover(cover_id: str, artwork_id: str, url: str) -> Cover:
    return Cover(cover_id, artwork_id, "shop", url, 10, 10, "0" * 64, now())


def test_all_of_a_release_and_of_a_cover_is_told(catalog: Catalog) -> None:
    first, second = "a" * 64, "ab" + "b" * 62
    stock(catalog, release(1, image_url="i", price=Decimal(9), currency="EUR"))
    run_id = stock(
        catalog,
        release(1, image_url="i", price=Decimal("12.50"), currency="EUR"),
        release(2, image_url="j"),
    )
    catalog.covers.add(run_id, cover(first, first, "i"), "i")
    catalog.covers.add(run_id, cover(second, first, "j"), "j")
    catalog.items.record(run_id, [Item("shop", "page", "http://shop/1", "failed", "http_500")])
    catalog.embeddings.mark_embedded("m", [second], "a shard")
    told = catalog.browse.release("shop:1")
    assert told is not None
    assert (told["release"]["price"], told["release"]["missing_since"]) == (Decimal("12.50"), None)
    assert [offer["price"] for offer in told["offers"]] == [Decimal(9), Decimal("12.50")]
    assert told["cover"]["cover_id"] == first
    assert [other["release_id"] for other in told["same_artwork"]] == ["shop:2"]
    assert [(item["kind"], item["state"]) for item in told["items"]] == [
        ("cover", "stored"),
        ("page", "failed"),
    ]
    shown = catalog.browse.cover(second)
    assert shown is not None
    assert [release["release_id"] for release in shown["releases"]] == ["shop:1", "shop:2"]
    assert [embedding["shard"] for embedding in shown["embeddings"]] == ["a shard"]
    assert catalog.browse.cover_ids("a") == [first, second]
    assert catalog.browse.release("shop:3") is catalog.browse.cover("c" * 64) is None
    assert catalog.browse.near("SHOP") == ["shop:1", "shop:2"]


def test_placeholders_have_nothing_in_common(catalog: Catalog) -> None:
    run_id = stock(catalog, release(1, image_url="i"), release(2, image_url="j"))
    catalog.covers.add(run_id, cover("a" * 64, PLACEHOLDER, "i"), "i")
    catalog.covers.add(run_id, cover("b" * 64, PLACEHOLDER, "j"), "j")
    told = catalog.browse.release("shop:1")
    assert told is not None
    assert told["same_artwork"] == []
