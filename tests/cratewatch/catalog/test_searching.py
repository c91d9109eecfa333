from collections.abc import Callable
from typing import Any

import pytest

from cratewatch.catalog.browsing import Query
from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.facts import Wanted
from tests.cratewatch.catalog.test_browsing import STOCK, release, stock


@pytest.fixture
def found(catalog: Catalog) -> Callable[..., list[str]]:
    """Return a function: words to the numbers of the releases that are found."""
    stock(catalog, *(release(n, **values) for n, values in enumerate(STOCK)))

    def find(text: str, **values: Any) -> list[str]:
        catalog.search.catch_up()
        page = catalog.search.releases(Query(text, wanted=Wanted(**values)), 10)
        return sorted(one.release_id.partition(":")[2] for one in page.releases)

    return find


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ["0", "1", "2", "3", "4"]),
        ("bjork", ["0"]),
        ("BJ\u00d6RK debut", ["0"]),
        ("lona zartow", ["4"]),
        ("\u0141ona", ["4"]),
        ("WALLLP-027", ["1"]),
        ("dynamite 100%", ["3"]),
        ("5026328", ["3"]),
        ("blue kin", ["2"]),
        ("lue", []),
        ("!!!", []),
        ('"; DROP TABLE releases; --', []),
        ("davis OR bjork", []),
        ("NEAR(davis blue)", []),
        ("davis*", ["2"]),
        ("<b>blue</b> OR .*", []),
        ("title:blue", []),
        ("\x00", []),
    ],
)
def test_words_find_what_holds_them_or_begins_so(
    found: Callable[..., list[str]], text: str, numbers: list[str]
) -> None:
    assert found(text) == numbers


def test_what_is_wanted_counts_too(found: Callable[..., list[str]]) -> None:
    assert found("blue", genre="modal") == ["2"]
    assert found("blue", years=(1960, 1970)) == []


def test_words_follow_the_releases(catalog: Catalog, found: Callable[..., list[str]]) -> None:
    assert found("debut") == ["0"]
    stock(catalog, release(0, title="Homogenic", artist="Bj\u00f6rk"), release(7, title="New one"))
    assert (found("debut"), found("homogenic"), found("new one")) == ([], ["0"], ["7"])
    assert catalog.search.catch_up() == 0


def test_pages_follow_one_another(catalog: Catalog) -> None:
    stock(catalog, *(release(n, title=f"Blue {n}") for n in range(5)))
    catalog.search.catch_up()
    pages = [catalog.search.releases(Query("blue"), 2, offset) for offset in (0, 2, 4)]
    assert [(len(page.releases), page.more) for page in pages] == [(2, True), (2, True), (1, False)]
    assert len({one.release_id for page in pages for one in page.releases}) == 5
