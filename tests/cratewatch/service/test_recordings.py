"""Recordings that were analysed, their videos and marks."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cratewatch.catalog.catalog import open_catalog
from cratewatch.service import schemas
from cratewatch.service.pages.timeline import Bar, Stay, board, moments, stays_of
from cratewatch.service.recordings import HandledThen
from tests.cratewatch.footage.run_folders import handling
from tests.cratewatch.service.filmed import RUN, film
from tests.cratewatch.service.test_pictures import check_problem

PAGE = {"Accept": "text/html"}
SHOWN = "ad" * 32


@pytest.fixture(scope="module")
def filmed(shop: Path, client: TestClient) -> Path:
    with closing(open_catalog(f"sqlite:///{shop / 'catalog.db'}")) as catalog:
        covers = catalog.covers.all()
    cover = next(one for one in covers if one.source_url.endswith("cover-03.jpg"))
    film(shop, cover, hides=False, run=SHOWN)
    return film(shop, cover)


@pytest.mark.usefixtures("filmed")
def test_recordings_are_listed_and_told(client: TestClient) -> None:
    told = client.get("/v1/footage").json()
    schemas.Recordings.model_validate(told)
    first, second = told["recordings"]
    assert (first["footage_run"], first["camera"], first["handlings"]) == (RUN, "floor", 2)
    assert (second["footage_run"], second["video"]) == (SHOWN, None)
    assert len(client.get("/v1/footage?limit=1").json()["recordings"]) == 1
    whole = client.get(f"/v1/footage/{RUN}").json()
    schemas.WholeRecording.model_validate(whole)
    assert [one["event"] for one in whole["events"]][:2] == ["track_started"] * 2
    held, unknown = whole["handled"]
    assert (held["started_s"], held["known"], held["title"]) == (10.0, True, "cover-03")
    assert (unknown["cover_id"], unknown["release_ids"]) == (None, [])
    picture = client.get(held["picture"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")


def test_a_video_comes_in_ranges(client: TestClient, filmed: Path) -> None:
    data = (filmed / "annotated.mp4").read_bytes()
    whole = client.get(f"/v1/footage/{RUN}/video")
    assert (whole.status_code, whole.content) == (200, data)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["cache-control"] == "no-store"
    part = client.get(f"/v1/footage/{RUN}/video", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
    last = client.get(f"/v1/footage/{RUN}/video", headers={"Range": "bytes=-10"})
    assert last.content == data[-10:]
    beyond = client.get(f"/v1/footage/{RUN}/video", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416


@pytest.mark.usefixtures("filmed")
def test_nobody_is_shown_as_he_is(client: TestClient) -> None:
    refused = client.get(f"/v1/footage/{SHOWN}/video")
    check_problem(refused, 404, "no_video")
    assert "--no-blur" in refused.json()["detail"]
    page = client.get(f"/footage/{SHOWN}", headers=PAGE)
    assert (page.status_code, "<video" in page.text) == (200, False)


@pytest.mark.usefixtures("filmed")
def test_what_is_not_there(client: TestClient) -> None:
    for path in ("", "/video"):
        check_problem(client.get(f"/v1/footage/{'0' * 64}{path}"), 404, "not_found")
        check_problem(client.get(f"/v1/footage/..%2f..{path}"), 404, "not_found")
        check_problem(client.get(f"/v1/footage/{'x' * 300}{path}"), 422, "invalid")
    check_problem(client.get(f"/v1/handlings/{RUN}/77/picture"), 404, "not_found")
    assert client.get(f"/footage/{'0' * 64}", headers=PAGE).status_code == 404


@pytest.mark.usefixtures("filmed")
def test_the_page_begins_where_it_is_asked_to(client: TestClient) -> None:
    page = client.get(f"/footage/{RUN}?t=10", headers=PAGE).text
    assert f"/v1/footage/{RUN}/video#t=10.00" in page
    assert "Person 2 comes into sight" in page
    assert client.get(f"/footage/{RUN}?t=-1", headers=PAGE).status_code == 422
    assert "#t=60.00" in client.get(f"/footage/{RUN}?t=1e9", headers=PAGE).text
    listed = client.get("/footage", headers=PAGE).text
    assert f'href="/footage/{RUN}?t=20.00"' in listed


def test_persons_in_lanes_and_what_they_hold_upon_them() -> None:
    events = [
        {"t": 0.0, "event": "track_started", "track_id": 7},
        {"t": 10.0, "event": "track_started", "track_id": 8},
        {"t": 12.0, "event": "track_ended", "track_id": 7, "last_seen_s": 11.0},
        {"t": 50.0, "event": "track_started", "track_id": 9},
        {"t": 60.0, "event": "sleeve_picked_up", "track_id": 9},
    ]
    stays = stays_of(events, 100.0)
    assert stays == [Stay(7, 0.0, 11.0), Stay(8, 10.0, 100.0), Stay(9, 50.0, 100.0)]
    held = handling(1, track_id=9, started_s=60.0, ended_s=70.0)
    drawn = board(100.0, stays, [held])
    assert drawn.height == 28  # the third takes the place of the first, who is gone
    assert drawn.bars == (
        Bar(0.0, 5, 110.0, 4, "stay", 0.0),
        Bar(100.0, 19, 900.0, 4, "stay", 10.0),
        Bar(500.0, 5, 500.0, 4, "stay", 50.0),
        Bar(600.0, 2, 100.0, 10, "held", 60.0),
    )
    told = moments([HandledThen(held, RUN, (), has_picture=False)], stays)
    assert [(one.at_s, one.said) for one in told] == [
        (0.0, "Person 7 comes into sight"),
        (10.0, "Person 8 comes into sight"),
        (50.0, "Person 9 comes into sight"),
        (60.0, "a record"),
    ]


def test_a_crowd_has_so_many_lanes() -> None:
    crowd = [Stay(n, n / 10, 100.0) for n in range(40)]
    assert board(100.0, crowd, []).height == 12 * 14
