import json

import pytest

from cratewatch.sources.musicbrainz.archive_listing import front_image_url

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
    listing = json.loads((fixtures_folder / "coverartarchive" / name).read_text())
    assert front_image_url(listing) == expected


def test_every_recorded_listing_is_covered(fixtures_folder):
    assert len(list((fixtures_folder / "coverartarchive").glob("*.json"))) == 4


def image(**fields):
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
        ({"front": False, "types": ["Front"]}, "https://a.example/original.jpg"),
        ({"front": False, "types": ["Back"]}, None),
        ({"image": None}, None),
    ],
)
def test_the_best_size_there_is(fields, expected):
    assert front_image_url({"images": [image(**fields)]}) == expected


@pytest.mark.parametrize("listing", [None, [], {}, {"images": None}, {"images": ["x"]}])
def test_no_listing_no_front(listing):
    assert front_image_url(listing) is None
