"""Searches by words over HTTP and on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from cratewatch.catalog.catalog import open_catalog
from cratewatch.footage.sources import open_source
from cratewatch.images.reading import decode
from cratewatch.lake.folder import FolderLake
from cratewatch.service import schemas
from cratewatch.service.app import create_app
from cratewatch.settings import Settings, load_settings
from cratewatch.words.kept import kept_folders
from cratewatch.words.looking import LookingOptions
from cratewatch.words.recordings import gather_recording
from flows.indexing_persons import bring_persons_up_to_date
from tests.cratewatch.service.test_pictures import check_problem
from tests.cratewatch.words.told_persons import detector, footage

pytestmark = pytest.mark.heavy

PAGE = {"Accept": "text/html"}
ORANGE = "an orange hoodie, running"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home without covers whose index holds two persons."""
    home = tmp_path_factory.mktemp("watched") / "home"
    home.mkdir()
    (home / "cratewatch.toml").touch()
    settings = load_settings(home=home)
    video = footage(home / "door.mp4")
    options = LookingOptions(sampling_rate=5, detector=detector(home / "told.onnx"))
    with closing(open_source(str(video))) as source:
        gather_recording(
            FolderLake(home / "lake"),
            source,
            options,
            camera="<door>",
            started_at=NOW - timedelta(hours=1),
            now=NOW,
        )
    with closing(open_catalog(settings.catalog_url)) as catalog:
        bring_persons_up_to_date(settings, catalog.catalog_id)
    return settings


@pytest.fixture(scope="module")
def client(watched: Settings) -> Iterator[TestClient]:
    app = create_app(watched)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


def test_persons_are_found(client: TestClient, watched: Settings) -> None:
    told = client.get("/v1/footage/search", params={"prompt": ORANGE}).json()
    schemas.WordsFound.model_validate(told)
    (one,) = told["results"]
    assert one["caption"].startswith("orange above, blue below")
    assert (one["camera"], told["not_answered"]) == ("<door>", ["running"])
    assert str(watched.home) not in str(told), "no path of the machine is told"
    picture = client.get(one["picture"])
    assert picture.headers["content-type"] == "image/jpeg"
    sharp = np.asarray(decode(picture.content), np.float32).mean(2)
    (folder,) = kept_folders(FolderLake(watched.home / "lake"))
    name = one["picture"].split("/")[4]
    kept = np.asarray(decode((watched.home / "lake" / folder / f"{name}.jpg").read_bytes()))
    edges = [np.abs(np.diff(pixels, axis=0)).mean() for pixels in (sharp, kept.mean(2))]
    assert edges[0] < 0.75 * edges[1], "made unknown"


def test_what_is_asked_for_narrows(client: TestClient) -> None:
    def found(**asked: str) -> int:
        told = client.get("/v1/footage/search", params={"prompt": ORANGE, **asked}).json()
        return len(told["results"])

    assert found(camera="<door>") == 1
    assert found(camera='x" or camera != "') == 0
    assert found(facet="upper:orange") == 1
    assert found(facet="upper:green") == 0
    assert found(to="2020-01-01") == 0
    assert found(least="1") == 0


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"prompt": ""},
        {"prompt": "   "},
        {"prompt": "👜"},
        {"prompt": "x" * 20_001},
        {"prompt": ORANGE, "top": "0"},
        {"prompt": ORANGE, "top": "10000"},
        {"prompt": ORANGE, "least": "2"},
        {"prompt": ORANGE, "least": "nan"},
        {"prompt": ORANGE, "from": "soon"},
        {"prompt": ORANGE, "from": "2026-11-20", "to": "2026-11-01"},
        {"prompt": ORANGE, "facet": "female"},
        {"prompt": ORANGE, "facet": "handsome"},
    ],
)
def test_what_cannot_be_asked(client: TestClient, asked: dict[str, str]) -> None:
    answer = client.get("/v1/footage/search", params=asked)
    check_problem(answer, 422, answer.json()["reason"])
    assert answer.json()["reason"] in ("invalid", "refused")
    assert "--" not in answer.json()["detail"]  # there are no options here


@pytest.mark.parametrize(
    "path",
    [
        f"{'0' * 12}-{'a' * 64}/000001-0",
        f"{'9' * 12}-{'a' * 64}/000001-0",
    ],
)
def test_pictures_that_are_not_there(client: TestClient, path: str) -> None:
    check_problem(client.get(f"/v1/persons/{path}/picture"), 404, "not_found")
    check_problem(client.get("/v1/persons/covers/000001-0/picture"), 422, "invalid")


def test_the_page_shows_what_is_found(client: TestClient) -> None:
    empty = client.get("/words", headers=PAGE)
    assert (empty.status_code, "Nothing fits" in empty.text) == (200, False)
    page = client.get("/words", params={"prompt": ORANGE}, headers=PAGE).text
    assert "hoodie as long sleeves: by colour and attributes; not answered: running" in page
    assert "&lt;door&gt;" in page
    assert "<door>" not in page
    assert re.search(r'href="/words\?prompt=[^"]*facet=upper%3Aorange"', page)
    none = client.get("/words", params={"prompt": "pink skirt"}, headers=PAGE).text
    assert "nothing fits; the nearest has 0.0" in none
    odd = client.get("/words", params={"prompt": "<b>x</b>"}, headers=PAGE).text
    assert "neither a colour nor an attribute" in odd
    assert "<b>x" not in odd


def test_each_search_is_in_the_audit(client: TestClient, watched: Settings) -> None:
    client.get("/v1/footage/search", params={"prompt": "blue trousers", "camera": "till"})
    with closing(open_catalog(watched.catalog_url)) as catalog:
        last = list(catalog.audit.since())[-1]
    assert (last.what, last.target, last.detail) == ("words", "service", "blue trousers | till")
    assert last.who == "nobody needs a key"


def test_before_anybody_is_indexed(tmp_path: Path) -> None:
    (tmp_path / "cratewatch.toml").touch()
    app = create_app(load_settings(home=tmp_path))
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        answer = client.get("/v1/footage/search", params={"prompt": ORANGE})
        check_problem(answer, 404, "not_found")
        assert "no persons are indexed yet" in answer.text
        assert "no persons are indexed" in client.get("/words?prompt=red", headers=PAGE).text


def test_a_milvus_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "cratewatch.toml").write_text('gallery_uri = "http://127.0.0.1:9"\n')
    app = create_app(load_settings(home=tmp_path))
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        answer = client.get("/v1/footage/search", params={"prompt": ORANGE})
        check_problem(answer, 503, "unavailable")
        assert "no Milvus answers there" in answer.text
