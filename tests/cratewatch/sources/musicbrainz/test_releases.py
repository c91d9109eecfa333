import json
import re

import pytest

from cratewatch.sources.musicbrainz.releases import (
    error_message,
    read_browse_page,
    release_from_json,
)


def read(data, label_id=None):
    return release_from_json(
        data,
        "mb",
        site_url="https://musicbrainz.org",
        archive_url="https://coverartarchive.org",
        label_id=label_id,
    )


def recorded(folder, name):
    text = (folder / "musicbrainz" / "server_ws2_json" / f"{name}.json").read_text()
    return json.dumps(json.loads(text)["body"]).encode()


@pytest.mark.parametrize(
    ("name", "n_releases", "count"),
    [
        ("BrowseReleases_00", 1, 3),
        ("BrowseReleases_01", 2, 2),
        ("BrowseReleases_02", 2, 2),
        ("BrowseReleases_03", 1, 1),
        ("BrowseReleases_04", 1, 1),
    ],
)
def test_recorded_browse_pages(fixtures_folder, name, n_releases, count):
    page = read_browse_page(recorded(fixtures_folder, name))
    assert (len(page.releases), page.length, page.count) == (n_releases, n_releases, count)
    for data in page.releases:
        release = read(data)
        assert release.title
        assert release.page_url == f"https://musicbrainz.org/release/{release.native_id}"


def test_every_recorded_page_of_releases_is_covered(fixtures_folder):
    folder = fixtures_folder / "musicbrainz" / "server_ws2_json"
    assert len(list(folder.glob("BrowseReleases_*.json"))) == 5


def test_a_recorded_release_of_a_label_field_by_field(fixtures_folder):
    page = read_browse_page(recorded(fixtures_folder, "BrowseReleases_01"))
    release = read(page.releases[0])
    assert release.release_id == "mb:3b3d130a-87a8-4a47-b9fb-920f2530d134"
    assert (release.title, release.year, release.country) == ("Repercussions", 2008, "GB")
    assert (release.barcode, release.format) == ("600116822123", "2xCD")
    assert (release.artist, release.label, release.image_url) == (None, None, None)


def test_a_recorded_release_with_front_art(fixtures_folder):
    page = read_browse_page(recorded(fixtures_folder, "BrowseReleases_04"))
    release = read(page.releases[0])
    assert (release.title, release.year, release.country) == ("the Love Bug", 2004, "JP")
    mbid = "aff4a693-5970-4e2e-bd46-e2ee49c22de7"
    assert release.image_url == f"https://coverartarchive.org/release/{mbid}"


def test_a_recorded_release_without_a_barcode(fixtures_folder):
    release = read(read_browse_page(recorded(fixtures_folder, "BrowseReleases_00")).releases[0])
    assert (release.title, release.year, release.barcode) == ("For Beginner Piano", 1999, None)


def test_other_recorded_bodies_are_no_pages_of_releases(fixtures_folder):
    folder = fixtures_folder / "musicbrainz"
    others = [
        path for path in folder.rglob("*.json") if not path.name.startswith("BrowseReleases_")
    ]
    assert len(others) > 30
    for path in others:
        body = json.loads(path.read_text())
        answer = json.dumps(body.get("body", body)).encode()
        with pytest.raises(ValueError, match="no page of releases"):
            read_browse_page(answer)


def test_releases_inside_recorded_lookups_can_be_read(fixtures_folder):
    folder = fixtures_folder / "musicbrainz" / "server_ws2_json"
    lookups = [json.loads(path.read_text())["body"] for path in folder.glob("Lookup*.json")]
    releases = [read(data) for body in lookups for data in body.get("releases") or []]
    assert len(releases) >= 3
    assert all(release.title for release in releases)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("official_release", ("幾田りら", "百花繚乱", "199066336168", 2025)),
        ("pseudo_release", ("Lilas Ikuta", "In Bloom", None, None)),
    ],
)
def test_recorded_pseudo_releases(fixtures_folder, name, expected):
    folder = fixtures_folder / "musicbrainz" / "beets_mbpseudo_json"
    text = next(folder.rglob(f"{name}.json")).read_text()
    # The recorder spelled keys with underscores; the service spells them with hyphens.
    data = json.loads(re.sub(r'"[a-z_]+":', lambda key: key.group().replace("_", "-"), text))
    release = read(data)
    assert (release.artist, release.title, release.barcode, release.year) == expected
    assert release.label is None  # "[no label]"


def test_error_bodies(fixtures_folder):
    folder = fixtures_folder / "musicbrainz" / "recorded_search_json"
    assert error_message((folder / "error_404.json").read_bytes()) == "Not Found"
    assert error_message(b"<html>Bad gateway</html>") == ""
    assert error_message(b"[]") == ""


def test_an_empty_page():
    page = read_browse_page(b'{"release-count": 0, "release-offset": 0, "releases": []}')
    assert (page.releases, page.count) == ([], 0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"releases": []}',
        b"\xff",
        b"[" * 100_000,
        b'{"releases": 5, "release-count": 1}',
        b'{"releases": [], "release-count": Infinity}',
    ],
)
def test_what_is_no_page(body):
    with pytest.raises(ValueError):  # noqa: PT011
        read_browse_page(body)


def test_what_is_no_release_hides_none_of_the_others():
    entries = [None, "x", {"title": "no id"}, {"id": 5}, {"id": "m1", "title": "Blue Train"}]
    page = read_browse_page(json.dumps({"releases": entries, "release-count": 5}).encode())
    assert [data["id"] for data in page.releases] == ["m1"]
    assert page.length == 5


def release(**fields):
    return {"id": "m1", "title": "Blue Train", **fields}


def test_the_artist_credit_keeps_its_join_phrases():
    credit = [
        {"name": "Ella", "joinphrase": " & ", "artist": {"name": "Ella Fitzgerald"}},
        {"name": "", "joinphrase": None, "artist": {"name": "Louis Armstrong"}},
    ]
    assert read(release(**{"artist-credit": credit})).artist == "Ella & Louis Armstrong"


def test_of_several_labels_the_browsed_one_is_named():
    infos = [
        {"catalog-number": "X 1", "label": {"id": "x", "name": "Other"}},
        {"catalog-number": "BLP 1577", "label": {"id": "bn", "name": "Blue Note"}},
    ]
    data = release(**{"label-info": infos})
    assert (read(data, "bn").label, read(data, "bn").catno) == ("Blue Note", "BLP 1577")
    assert read(data).label == "Other"


@pytest.mark.parametrize(
    "written", ["[none]", "[None]", "none", "NONE", " [none] ", "(none)", "[no barcode]", "", "N/A"]
)
def test_no_number_is_none(written):
    infos = [{"catalog-number": written, "label": {"id": "bn", "name": "Blue Note"}}]
    found = read(release(barcode=written, **{"label-info": infos}))
    assert (found.label, found.catno, found.barcode) == ("Blue Note", None, None)


@pytest.mark.parametrize("written", ["None 1", "NONE-001", "0", "nonesuch"])
def test_what_only_looks_like_no_number_is_one(written):
    assert read(release(**{"label-info": [{"catalog-number": written}]})).catno == written


def label(number, name="Blue Note"):
    return {"catalog-number": number, "label": name and {"id": name, "name": name}}


@pytest.mark.parametrize(
    ("infos", "catno"),
    [
        ([label(None), label("BLP 1")], "BLP 1"),
        ([label("[none]"), label(""), label("BLP 2"), label("BLP 3")], "BLP 2"),
        ([label(None), label("X 1", "Other")], None),
        ([label(None), label("X 1", "Other"), label("BLP 4", None)], "BLP 4"),
        ([label("X 1", "Other"), label(None), label("BLP 5")], "BLP 5"),
    ],
)
def test_a_label_that_is_listed_again_for_its_number(infos, catno):
    found = read(release(**{"label-info": infos}), "Blue Note")
    assert (found.label, found.catno) == ("Blue Note", catno)


@pytest.mark.parametrize("infos", [None, [], [{"catalog-number": None, "label": None}]])
def test_labels_may_be_missing(infos):
    found = read(release(**{"label-info": infos}))
    assert (found.label, found.catno) == (None, None)


@pytest.mark.parametrize(
    ("media", "expected"),
    [
        ([{"format": "CD"}, {"format": "CD"}, {"format": '12" Vinyl'}], '2xCD, 12" Vinyl'),
        ([{"format": None}], None),
        (None, None),
    ],
)
def test_formats(media, expected):
    assert read(release(media=media)).format == expected


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("1958-01", 1958),
        ("", None),
        ("????-05", None),
        ("0000", None),
        ("²²²²", None),
        (1958, None),
    ],
)
def test_years(date, year):
    assert read(release(date=date)).year == year


def test_genres_and_a_missing_title():
    found = read({"id": "m1", "title": None, "genres": [{"name": "jazz", "count": 3}]})
    assert (found.genres, found.title) == (("jazz",), "")


def test_genres_of_the_release_group_stand_in_for_the_release_s_own():
    group = {"genres": [{"name": "hard bop", "count": 2}, {"name": " "}, None, {"count": 1}]}
    assert read(release(**{"release-group": group})).genres == ("hard bop",)
    own = [{"name": "jazz", "count": 1}, {"name": "jazz"}]
    assert read(release(genres=own, **{"release-group": group})).genres == ("jazz",)


FIELDS = ("title", "date", "barcode", "country", "genres", "media", "label-info", "artist-credit")


@pytest.mark.parametrize("odd", [None, 5, 1.5, True, "text", ["text", None, 5], {"a": {"b": []}}])
def test_a_field_that_is_odd_costs_no_other_field(odd):
    for field in (*FIELDS, "cover-art-archive", "release-group"):
        data = {**release(country="GB", **{"cover-art-archive": {"front": True}}), field: odd}
        found = read(data)
        assert found.native_id == "m1"
        assert field == "title" or found.title == "Blue Train"
        assert field == "country" or found.country == "GB"
