"""Covers that are stored, asked for again: as they were, replaced, or not to be had."""

import io
import json

import pytest
from PIL import Image
from sqlalchemy import select

from cratewatch.catalog.records import Release
from cratewatch.catalog.schema import ImageRow, ReleaseRow
from cratewatch.images.covers import prepare_cover
from cratewatch.lake.lake import cover_key
from cratewatch.sources.musicbrainz.settings import MusicBrainzSource

KNOWN_BY = {
    "etag": {"ETag": '"1"'},
    "weak": {"ETag": 'W/"1 \xe9"'},
    "date": {"Last-Modified": "Sat, 28 Nov 2026 10:00:00 GMT"},
    "neither": {},
}
NEXT = {"etag": {"ETag": '"2"'}, "weak": {}, "date": {}, "neither": {"ETag": '"2"'}}


def store(place, source, names, suffix=".jpg"):
    """Have the catalog list a release for each image, and fetch them."""
    releases = [
        Release(
            source="shop",
            native_id=name,
            artist="Ana Vey",
            title=name,
            image_url=f"{source.url}/{name}{suffix}",
        )
        for name in names
    ]
    place.catalog.stage(place.run_id, releases)
    place.catalog.apply_crawl(place.run_id, "shop", complete=False)
    report = place.crawl("covers", source)
    assert (report.items, report.failed) == (len(names), {})


def check(place, source, **fields):
    """Crawl as a night does that asks for all images that are due."""
    place.weeks_later()
    return place.crawl("covers", source, recheck_share=1.0, **fields)


def shown(place):
    """Return the cover of each release, by title."""
    with place.catalog._db.transaction() as session:
        return dict(session.execute(select(ReleaseRow.title, ReleaseRow.cover_id)).tuples().all())


def images(place):
    with place.catalog._db.transaction() as session:
        return {
            row.image_url.rpartition("/")[2].partition(".")[0]: row
            for row in session.scalars(select(ImageRow))
        }


def with_comment(jpeg):
    return jpeg[:2] + b"\xff\xfe\x00\x07again" + jpeg[2:]


@pytest.fixture
def shop(site, workplace, storefront, draw_jpeg):
    """A shop with a picture for each way in which a server may know it again, all stored."""
    source = storefront(site.url, retries=0)
    for n, (name, headers) in enumerate(KNOWN_BY.items()):
        site.add(f"/{name}.jpg", draw_jpeg(n), headers=headers)
    store(workplace, source, KNOWN_BY)
    return source


def test_pictures_that_are_as_they_were_change_nothing(site, workplace, shop):
    before = shown(workplace)
    report = check(workplace, shop)
    assert (report.items, report.failed, report.noted) == (0, {}, {"checked": 4})
    asked = {path: headers for _, path, headers in site.requests[-4:]}
    assert asked["/etag.jpg"]["If-None-Match"] == '"1"'
    assert asked["/weak.jpg"]["If-None-Match"] == 'W/"1 \xe9"'
    assert asked["/date.jpg"]["If-Modified-Since"] == "Sat, 28 Nov 2026 10:00:00 GMT"
    assert not {"If-None-Match", "If-Modified-Since"} & set(asked["/neither.jpg"])
    assert (shown(workplace), workplace.catalog.counts()["covers"]) == (before, 4)
    assert workplace.progress[-1].done == workplace.progress[-1].planned == 4
    workplace.next_night()  # half a round has to pass
    assert workplace.crawl("covers", shop, recheck_share=1.0).requests == 0


def test_other_pictures_under_the_same_addresses_are_the_covers_from_now_on(
    site, workplace, shop, draw_jpeg
):
    before = shown(workplace)
    for n, (name, headers) in enumerate(NEXT.items()):
        site.replies.pop(f"/{name}.jpg")
        site.add(f"/{name}.jpg", draw_jpeg(10 + n), headers=headers)
    report = check(workplace, shop)
    assert (report.items, report.failed) == (4, {})
    assert report.noted == {"checked": 4, "replaced": 4}
    expected = {name: prepare_cover(draw_jpeg(10 + n)) for n, name in enumerate(NEXT)}
    after = shown(workplace)
    assert after == {name: cover.cover_id for name, cover in expected.items()}
    catalog = workplace.catalog
    facts = catalog.releases.facts_of(
        [*before.values(), *after.values()]
    )  # each is an artwork of its own
    assert all(facts[before[name]].withdrawn for name in NEXT)
    assert not any(facts[after[name]].withdrawn for name in NEXT)
    assert len(list(catalog.embeddings.missing("m"))) == 8
    assert catalog.items.states()["cover"] == {"stored": 4}
    assert all(
        workplace.lake.read(cover_key(cover.cover_id)) == cover.data for cover in expected.values()
    )
    report = check(workplace, shop)  # by what the new answers said
    assert (report.items, report.noted) == (0, {"checked": 4})
    asked = {path: headers for _, path, headers in site.requests[-4:]}
    assert [name for name in NEXT if "If-None-Match" in asked[f"/{name}.jpg"]] == [
        "etag",
        "neither",
    ]
    assert "If-Modified-Since" not in asked["/date.jpg"]


def test_the_same_pixels_in_other_bytes_are_the_same_picture(site, workplace, shop, draw_jpeg):
    before = shown(workplace)
    for n, name in enumerate(NEXT):
        site.replies.pop(f"/{name}.jpg")
        site.add(f"/{name}.jpg", with_comment(draw_jpeg(n)), headers={"ETag": '"again"'})
    report = check(workplace, shop)
    assert (report.items, report.failed, report.noted) == (0, {}, {"checked": 4})
    assert (shown(workplace), workplace.catalog.counts()["covers"]) == (before, 4)
    assert {row.etag for row in images(workplace).values()} == {'"again"'}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 404}, "http_404"),
        ({"status": 500}, "http_500"),
        ({"body": "<html>Just a moment</html>"}, "not_an_image"),
        ({"body": ""}, "empty"),
        ({"status": 302, "headers": {"Location": "http://169.254.169.254/"}}, "address_refused"),
    ],
)
def test_an_answer_that_is_no_picture_costs_no_cover(site, workplace, shop, answer, reason):
    before = shown(workplace)
    site.replies.pop("/date.jpg")
    site.add("/date.jpg", **answer)
    report = check(workplace, shop)
    assert (report.items, report.failed, report.noted) == (0, {reason: 1}, {"checked": 3})
    assert shown(workplace) == before
    catalog = workplace.catalog
    assert catalog.items.failures_of_run(workplace.run_id) == {reason: 1}
    (example,) = catalog.items.failure_examples(3)[reason]
    assert (example["kind"], example["key"]) == ("check", f"{site.url}/date.jpg")
    assert catalog.items.states()["cover"] == {"stored": 4}
    assert catalog.items.sources_to_retry() == []
    assert catalog.covers.to_fetch("shop") == []
    workplace.next_night()
    assert workplace.crawl("covers", shop, recheck_share=1.0).requests == 0  # its turn is over
    assert images(workplace)["date"].last_modified == KNOWN_BY["date"]["Last-Modified"]


def test_robots_are_obeyed(site, workplace, shop):
    site.add("/robots.txt", "User-agent: *\nDisallow: /etag.jpg")
    assert check(workplace, shop).failed == {"robots_forbidden": 1}


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_night_on_which_most_pictures_are_others_is_not_believed(
    site, workplace, shop, draw_jpeg, share
):
    before = shown(workplace)
    for n, name in enumerate(("etag", "weak", "date")):
        site.replies.pop(f"/{name}.jpg")
        site.add(f"/{name}.jpg", draw_jpeg(10 + n))
    report = check(workplace, shop, max_changed_share=share)
    if share == 1.0:
        assert (report.items, report.failed) == (3, {})
        return
    assert (report.items, report.failed) == (0, {"too_many_replaced": 3})
    assert (shown(workplace), workplace.catalog.counts()["covers"]) == (before, 4)
    (first, *_) = workplace.catalog.items.failure_examples(1)["too_many_replaced"]
    assert first["detail"].startswith("3 of 4 images that were asked for again show another")


def test_one_picture_for_many_is_no_cover(site, workplace, shop, draw_jpeg):
    before = shown(workplace)
    for name in ("etag", "weak"):  # "no image"
        site.replies.pop(f"/{name}.jpg")
        site.add(f"/{name}.jpg", draw_jpeg(99))
    site.replies.pop("/date.jpg")
    site.add("/date.jpg", draw_jpeg(3))  # that of "neither"
    report = check(workplace, shop)
    assert (report.items, report.failed) == (0, {"shared_picture": 3})
    assert shown(workplace) == before
    details = {e["detail"] for e in workplace.catalog.items.failure_examples(3)["shared_picture"]}
    assert details == {
        "the picture of ana vey: etag, ana vey: weak",
        "the picture of ana vey: date, ana vey: neither",
    }


def test_two_editions_of_an_album_may_get_one_picture(site, workplace, storefront, draw_jpeg):
    source = storefront(site.url, retries=0)
    names = ("Hour", "Hour (CD)", "Hour [red vinyl]")
    paths = [f"/{n}.jpg" for n in range(3)]
    for n, path in enumerate(paths):
        site.add(path, draw_jpeg(n))
    workplace.catalog.stage(
        workplace.run_id,
        [
            Release(source="shop", native_id=name, title=name, image_url=site.url + path)
            for name, path in zip(names, paths, strict=True)
        ],
    )
    workplace.catalog.apply_crawl(workplace.run_id, "shop", complete=True)
    assert workplace.crawl("covers", source).items == 3
    for path in paths[:2]:
        site.replies.pop(path)
        site.add(path, draw_jpeg(2))
    report = check(workplace, source)
    assert (report.items, report.failed) == (2, {})
    assert set(shown(workplace).values()) == {prepare_cover(draw_jpeg(2)).cover_id}


def test_a_picture_that_is_converted_is_known_by_its_bytes(site, workplace, storefront):
    source = storefront(site.url, retries=0)
    buffer = io.BytesIO()
    Image.linear_gradient("L").save(buffer, "PNG")
    site.add("/a.png", buffer.getvalue())
    store(workplace, source, ["a"], suffix=".png")
    (cover,) = workplace.catalog.covers.all()
    workplace.lake.delete(cover_key(cover.cover_id))  # it is not even looked at
    assert check(workplace, source).noted == {"checked": 1}


def listing(site, *image_ids):
    images = [
        {
            "front": True,
            "image": f"{site.url}/{image_id}.jpg",
            "thumbnails": {size: f"{site.url}/{image_id}-{size}.jpg" for size in ("500", "1200")},
        }
        for image_id in image_ids
    ]
    return json.dumps({"images": images})


def test_the_archive_s_listing_tells_of_another_front(site, workplace, draw_jpeg):
    source = MusicBrainzSource(
        spider="musicbrainz", label="x", url=site.url, archive_url=site.url, rate_per_s=100
    )
    names = ("release-a", "release-b", "release-c")
    for n, name in enumerate(names):
        site.add(f"/{name}", listing(site, n))
        site.add(f"/{n}-1200.jpg" if n else "/0-500.jpg", draw_jpeg(n))
    store(workplace, source, names, suffix="")
    before = shown(workplace)
    site.replies.pop("/release-b")
    site.add("/release-b", listing(site, 7, 1))
    site.add("/7-1200.jpg", draw_jpeg(7))
    site.replies.pop("/release-c")
    begun = len(site.requests)
    report = check(workplace, source)
    assert (report.items, report.failed) == (1, {"http_404": 1})
    assert report.noted == {"checked": 2, "replaced": 1}
    asked = {path for _, path, _ in site.requests[begun:]}
    assert asked == {"/release-a", "/release-b", "/release-c", "/7-1200.jpg"}
    replaced = {"release-b": prepare_cover(draw_jpeg(7)).cover_id}
    assert shown(workplace) == before | replaced
