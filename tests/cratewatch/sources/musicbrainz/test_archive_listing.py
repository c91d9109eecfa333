import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewatch.sources.musicbrainz.archive_listing import read_listing
from tests.generated import many

ARCHIVE = "https://coverartarchive.org/release"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "release_037263c9-36f3-44e1-b019-278a035a7e91.json",  # string ids, small and large
            f"{ARCHIVE}/037263c9-36f3-44e1-b019-278a035a7e91/12977018883-500.jpg",
        ),
        (
            "release_57712e6b-f670-49ca-b31d-ef056b589c43.json",
            f"{ARCHIVE}/57712e6b-f670-49ca-b31d-ef056b589c43/28013802598-1200.jpg",
        ),
        (
            "release_8745795a-190f-4be5-84fd-a8cfe5365cc6.json",
            f"{ARCHIVE}/8745795a-190f-4be5-84fd-a8cfe5365cc6/31935858269-1200.jpg",
        ),
        ("caa_spec_example.json", "https://coverartarchive.org/...-500.jpg"),
    ],
)
def test_recorded_listings(fixtures_folder, name, expected):
    body = (fixtures_folder / "coverartarchive" / name).read_bytes()
    assert read_listing(body)[0] == expected


def test_every_recorded_listing_is_covered(fixtures_folder):
    assert len(list((fixtures_folder / "coverartarchive").glob("*.json"))) == 4


def fronts(*images: Any) -> list[str]:
    return read_listing(json.dumps({"images": images}).encode())


def image(**fields: Any) -> dict[str, Any]:
    return {"front": True, "image": "http://a.example/original.jpg", "thumbnails": {}, **fields}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"thumbnails": {"250": "https://a/250", "500": "https://a/500"}}, "https://a/500"),
        ({"thumbnails": {"small": "https://a/250", "large": "https://a/500"}}, "https://a/500"),
        ({"thumbnails": {"250": "https://a/250"}}, "https://a.example/original.jpg"),
        ({"thumbnails": {"250": "https://a/250"}, "image": None}, "https://a/250"),
        ({"thumbnails": None}, "https://a.example/original.jpg"),
        ({"thumbnails": {"1200": "http://127.0.0.1:80/x"}}, "http://127.0.0.1:80/x"),
        ({"thumbnails": {"1200": "//a.example/x"}}, "https://a.example/x"),
        ({"thumbnails": {"1200": "http://[broken"}}, "https://a.example/original.jpg"),
        ({"thumbnails": {"1200": "file:///etc/passwd"}}, "https://a.example/original.jpg"),
        ({"thumbnails": {"1200": 5, "500": ["x"]}}, "https://a.example/original.jpg"),
        ({"front": False, "types": ["Front"]}, "https://a.example/original.jpg"),
    ],
)
def test_the_best_size_there_is(fields: dict[str, Any], expected: str) -> None:
    assert fronts(image(**fields))[0] == expected


@pytest.mark.parametrize(
    "listing",
    [
        None,
        [],
        {},
        {"images": None},
        {"images": 5},
        {"images": ["x", None]},
        {"images": [{"front": False, "types": ["Back"], "image": "https://a/b.jpg"}]},
        {"images": [{"front": True, "image": None}]},
        {"images": [{"front": False, "types": "Front", "image": "https://a/b.jpg"}]},
    ],
)
def test_no_listing_no_front(listing: Any) -> None:
    assert read_listing(json.dumps(listing).encode()) == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe\xfd", b"[" * 100_000])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_listing(body)


def typed(name: str, *types: str, front: bool = False) -> dict[str, Any]:
    return {"front": front, "types": types, "image": f"https://a/{name}.jpg"}


def test_what_the_archive_calls_front_goes_before_what_is_typed_front() -> None:
    booklet, obi = typed("booklet", "Front", "Booklet"), typed("obi", "Obi", "Front")
    plain, front = typed("plain", "Front"), typed("front", "Front", "Sticker", front=True)
    assert fronts(booklet, plain, front) == ["https://a/front.jpg", "https://a/plain.jpg"]
    assert fronts(obi, plain) == ["https://a/plain.jpg"]
    assert fronts(obi, booklet) == ["https://a/obi.jpg", "https://a/booklet.jpg"]


def test_every_size_of_the_front_goes_before_another_front() -> None:
    sizes = {"1200": "https://a/1200", "500": "https://a/500", "large": "https://a/500"}
    thumbnails = {**sizes, "250": "https://a/250", "small": "https://a/small"}
    assert fronts(image(thumbnails=thumbnails), typed("second", "Front", front=True)) == [
        "https://a/1200",
        "https://a/500",
        "https://a.example/original.jpg",
        "https://a/250",
        "https://a/small",
        "https://a/second.jpg",
    ]


WEB = st.sampled_from(["https://a/1.jpg", "http://127.0.0.1:1/2.jpg", "//a/3.jpg", "ftp://a/4"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | WEB,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
ODD_IMAGES = ODD | st.fixed_dictionaries(
    {},
    optional={
        "front": st.booleans() | ODD,
        "types": st.lists(st.sampled_from(["Front", "Back", "Booklet"]) | ODD, max_size=3) | ODD,
        "image": WEB | ODD,
        "thumbnails": st.dictionaries(st.sampled_from(["1200", "500", "250", "large"]), WEB) | ODD,
    },
)


@pytest.mark.heavy
@many
@given(st.lists(ODD_IMAGES, max_size=4), st.integers(0, 4), ODD)
def test_no_listing_hides_the_front_that_is_in_it(images: list[Any], place: int, odd: Any) -> None:
    good = {"front": True, "image": "https://good.example/1.jpg", "thumbnails": odd}
    body = json.dumps({"images": [*images[:place], good, *images[place:]]}).encode()
    found = read_listing(body)
    assert good["image"] in found
    assert all(urlsplit(url).scheme in ("http", "https") for url in found)
    read_listing(json.dumps(odd).encode())
