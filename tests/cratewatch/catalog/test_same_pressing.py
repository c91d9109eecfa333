"""Pairs of releases that people looked at, and a month's releases in another service's words."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from cratewatch.catalog.matching import match
from cratewatch.catalog.places import disagree, places_of
from cratewatch.catalog.pressings import Pressing, gtin, page_key
from cratewatch.catalog.records import Release
from cratewatch.catalog.same_pressing import CONFIDENT, judge
from cratewatch.sources.dumps.blocks import read_blocks
from cratewatch.sources.dumps.discogs_xml import parse, release_of
from cratewatch.sources.dumps.selection import Selection
from cratewatch.sources.dumps.splitting import split
from tests.conftest import SHARED_DATA
from tests.cratewatch.catalog.blue_train import BLUE

MONTH = SHARED_DATA / "fixtures/discogs/dump_samples/discogs_20200806_releases.xml.gz"


def pressing(source: str, number: int = 1, **told: Any) -> Pressing:
    return Pressing(Release(source=source, native_id=str(number), **(BLUE | told)))


SAME = {
    "another spelling of everything": {
        "artist": "Coltrane, John",
        "title": "BLUE TRAIN",
        "label": "Blue Note Records",
        "catno": "BLP-1577",
        "barcode": "7 24385 34281 3",
        "country": "USA",
        "format": '12" Vinyl',
    },
    "no number of the label": {"catno": None},
    "no barcode": {"barcode": None},
    "a barcode with its leading zero": {"barcode": "0724385342813"},
    "the label in the number": {"catno": "Blue Note BLP 1577"},
    "no country": {"country": None},
    "a shop that says LP": {"format": "LP", "label": None},
    "of several countries": {"country": "USA & Canada"},
    "an accent": {"title": "Blué Train"},
    "what is in brackets": {"title": "Blue Train (LP, Album)"},
}
TWO = {
    "a reissue of another year": {"year": 2014},
    "perhaps a reissue: no year": {"year": None},
    "of another country": {"country": "Japan"},
    "a CD": {"format": "CD"},
    "two records": {"format": "2xVinyl"},
    "with a CD": {"format": "Vinyl, CD"},
    "a single": {"format": '7" Vinyl'},
    "a box": {"format": "Box Set, Vinyl"},
    "a remaster": {"title": "Blue Train (Remastered)"},
    "another barcode": {"barcode": "5099908328113"},
    "another number of the label": {"catno": "BST 81577"},
    "another title of the series": {"title": "Blue Train Vol. 2"},
    "another title": {"title": "Giant Steps"},
    "another artist": {"artist": "Lee Morgan"},
    "neither number": {"barcode": None, "catno": None},
    "no number of the label but the word for it": {"barcode": None, "catno": "none"},
    "a barcode with a wrong check digit": {"barcode": "724385342814", "catno": None},
    "the number of another label": {"barcode": None, "label": "Prestige"},
    "not on a label": {"barcode": None, "label": "Not On Label"},
}


@pytest.mark.parametrize("told", SAME.values(), ids=SAME)
def test_one_pressing_in_two_sources(told: dict[str, Any]) -> None:
    size: dict[str, Any] = {"format": '12" Vinyl'} if "format" in told else {}
    one, other = pressing("dg", **size), pressing("mb", **told)
    verdict = judge(one, other)
    assert verdict is not None
    assert verdict.confidence >= CONFIDENT
    assert judge(other, one) == verdict


@pytest.mark.parametrize("told", TWO.values(), ids=TWO)
def test_two_pressings(told: dict[str, Any]) -> None:
    one = pressing("dg", format='12" Vinyl') if told.get("format") else pressing("dg")
    verdict = judge(one, pressing("mb", **told))
    assert verdict is None or verdict.confidence < CONFIDENT


def test_what_a_source_says_of_a_page_counts_unless_the_record_is_another() -> None:
    page = "https://www.discogs.com/release/7-John-Coltrane-Blue-Train"
    one = pressing("dg", page_url=page)
    told = replace(pressing("mb", year=2014, title="Blauer Zug"), same_as=frozenset({"discogs 7"}))
    assert judge(one, told).reason == "relation"
    assert judge(one, replace(told, release=pressing("mb", format="CD").release)) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5 016556 791762", "5016556791762"),
        ("7 52743 00531 5", "752743005315"),
        ("0752743005315", "752743005315"),
        ("7961220922684", "7961220922684"),
        ("7961220922685", ""),
        ("SK032", ""),
        ("00000000", ""),
        ("123", ""),
    ],
)
def test_barcodes(text: str, number: str) -> None:
    assert gtin(text) == number


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.discogs.com/release/12", "discogs 12"),
        ("http://discogs.com/Artist-Title/release/12", "discogs 12"),
        ("https://www.discogs.com/de/release/12-Artist", "discogs 12"),
        ("https://www.discogs.com/master/12", ""),
        ("https://shop.example/release/12", ""),
    ],
)
def test_pages_of_discogs(url: str, key: str) -> None:
    assert page_key(url) == key


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("UK", "GB", False),
        ("UK & Europe", "XE", False),
        ("Europe", "DE", False),
        ("Germany", "XW", False),
        ("Germany", "France", True),
        ("US", "Europe", True),
        ("US", "", False),
        ("US", "a land of dreams", False),
        ("Germany, Austria, & Switzerland", "AT", False),
    ],
)
def test_countries(one: str, other: str, differ: bool) -> None:
    assert disagree(places_of(one), places_of(other)) == differ


def test_a_release_that_may_be_either_of_two_is_neither() -> None:
    twins = [pressing("dg", 1), pressing("dg", 2), pressing("mb", 3)]
    found = match(lambda: twins)
    assert not found.sure
    assert found.ambiguous == 2
    told = replace(twins[2], same_as=frozenset({"discogs 2"}))
    page = "https://www.discogs.com/release/2"
    second = Pressing(replace(twins[1].release, page_url=page))
    assert list(match(lambda: [twins[0], second, told]).sure) == [("dg:2", "mb:3")]


def as_another_says(release: Release, chance: random.Random) -> Release:
    """Return a release in MusicBrainz' words, a fifth of each fact left out."""

    def kept(value: Any) -> Any:
        return None if chance.random() < 0.2 else value

    places = places_of(release.country or "")
    barcode, catno = release.barcode, release.catno
    return replace(
        release,
        source="mb",
        title=release.title.upper() if chance.random() < 0.1 else release.title,
        year=kept(release.year),
        label=release.label and kept(f"{release.label} Records"),
        catno=catno and kept(catno.replace(" ", chance.choice(("", "-", " ")))),
        barcode=barcode and kept(f"{barcode[:1]} {barcode[1:6]} {barcode[6:]}"),
        country=kept(next(iter(places))) if len(places) == 1 else None,
        format=(release.format or "").replace("Vinyl", '12" Vinyl') or None,
        page_url=None,
    )


@pytest.mark.skipif(not MONTH.exists(), reason="needs the shared excerpt of a real dump")
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_real_month_against_itself_in_other_words(share: float) -> None:
    """Half of the releases have their pressing in the other source only sometimes."""
    parsed = [parse("release", record.data) for record in split("release", read_blocks(MONTH))]
    read = (release_of(root, "dg", Selection()) for root, _ in parsed)
    releases = [release for release in read if release is not None]
    chance = random.Random(5)
    others = [as_another_says(release, chance) for release in releases]
    here = [release for release in releases if chance.random() < share]
    found = match(lambda: map(Pressing, [*here, *others]))
    right = sum(one.partition(":")[2] == other.partition(":")[2] for one, other in found.sure)
    assert right / len(found.sure) >= 0.99
    assert right / len(here) >= 0.35  # the others lack a year, or their numbers
