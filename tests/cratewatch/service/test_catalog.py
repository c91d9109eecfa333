"""Releases, covers, runs, footage, health."""

from __future__ import annotations

import io
from dataclasses import fields

import pytest
from PIL import Image
from starlette.testclient import TestClient

from cratewatch.catalog.records import ListedRelease
from cratewatch.service import schemas
from tests.cratewatch.service.test_pictures import check_problem


def test_the_document_knows_every_field_of_a_release() -> None:
    assert set(schemas.Release.model_fields) == {one.name for one in fields(ListedRelease)}


def test_releases_are_found_by_words(client: TestClient) -> None:
    told = client.get("/v1/releases", params={"q": "bjork tra", "limit": 2}).json()
    schemas.Releases.model_validate(told)
    assert [len(told["releases"]), told["more"]] == [2, True]
    rest = client.get("/v1/releases", params={"q": "bjork tra", "limit": 2, "offset": 2}).json()
    assert [len(rest["releases"]), rest["more"]] == [1, False]
    only = client.get("/v1/releases", params={"q": "blue", "year": "1991", "genre": "jazz"})
    assert [one["release_id"] for one in only.json()["releases"]] == ["shop:1"]


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE releases; --", "<script>", ".*", "%", '"', "a" * 200]
)
def test_words_are_words_whatever_they_are(client: TestClient, words: str) -> None:
    answer = client.get("/v1/releases", params={"q": words})
    assert (answer.status_code, answer.json()["releases"]) == (200, [])


def test_a_release_with_all_that_is_known(client: TestClient) -> None:
    told = client.get("/v1/releases/shop:1").json()
    schemas.WholeRelease.model_validate(told)
    assert told["release"]["title"] == "<b>Blue</b> Train 1"
    check_problem(client.get("/v1/releases/shop:nope"), 404, "not_found")
    check_problem(client.get("/v1/releases/../../etc/passwd"), 404, "not_found")
    check_problem(client.get("/v1/releases/..%2f..%2fetc%2fpasswd"), 404, "not_found")
    past = client.get("/v1/prices/shop:1").json()
    schemas.History.model_validate(past)
    check_problem(client.get("/v1/prices/shop:nope"), 404, "not_found")
    check_problem(client.get("/v1/prices/shop:1?currency=-5"), 422, "no_currency")


def test_a_cover_in_sizes_with_a_tag(client: TestClient) -> None:
    found = client.get("/v1/releases", params={"q": "cover-03", "withdrawn": True}).json()
    cover_id = found["releases"][0]["cover_id"]
    sides = {}
    for size in ("tile", "page", "original"):
        answer = client.get(f"/v1/covers/{cover_id}", params={"size": size})
        assert "immutable" in answer.headers["cache-control"]
        sides[size] = max(Image.open(io.BytesIO(answer.content)).size)
        again = client.get(
            f"/v1/covers/{cover_id}?size={size}", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
    assert sides["tile"] <= 240
    check_problem(client.get(f"/v1/covers/{'0' * 64}"), 404, "not_found")
    check_problem(client.get("/v1/covers/..%2F..%2Fcatalog.db"), 404, "not_found")
    check_problem(client.get("/v1/covers/nope"), 422, "invalid")
    check_problem(client.get(f"/v1/covers/{cover_id}?size=huge"), 422, "invalid")


def test_runs_and_one_of_them(client: TestClient) -> None:
    told = client.get("/v1/runs").json()
    schemas.Runs.model_validate(told)
    run = next(one for one in told["runs"] if one["kind"] == "refresh-shop")
    assert client.get(f"/v1/runs/{run['run_id']}").json() == run
    check_problem(client.get("/v1/runs/none"), 404, "not_found")
    check_problem(client.get("/v1/runs?limit=0"), 422, "invalid")


def test_footage_and_intent_before_any(client: TestClient) -> None:
    assert client.get("/v1/handlings").json() == {"handlings": []}
    check_problem(client.get("/v1/intent"), 404, "not_found")
    for day in ("0", "1732060800", "2026-11-31", "yesterday", "2026-11-20T10:00:00"):
        check_problem(client.get("/v1/intent", params={"from": day}), 422, "invalid")


def test_health_and_figures(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json()["status"] == "ready"
    figures = client.get("/metrics").text
    for name in ("requests_total", "request_seconds", "ready 1.0", "disk_free_bytes"):
        assert f"cratewatch_{name}" in figures
    assert 'cratewatch_last_success_seconds{kind="refresh-shop"}' in figures


def test_every_answer_bears_the_headers(client: TestClient) -> None:
    for path in ("/", "/v1/runs", "/nope", "/static/pages.css"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in headers


def test_a_name_that_was_turned_here_is_refused(client: TestClient) -> None:
    check_problem(client.get("/v1/runs", headers={"Host": "evil.example"}), 421, "wrong_host")


def test_the_document_has_examples(client: TestClient) -> None:
    document = client.get("/v1/openapi.json").json()
    post = document["paths"]["/v1/identify"]["post"]
    content = post["requestBody"]["content"]
    assert set(content) == {"multipart/form-data", "application/json"}
    sent = client.post("/v1/identify", json=content["application/json"]["example"])
    assert sent.status_code == 200
    assert not {path for path in document["paths"] if path.startswith(("/nights", "/login"))}


@pytest.mark.parametrize(
    "path",
    ["/", "/catalog", "/catalog?q=blue", "/releases/shop:0", "/nights", "/footage", "/intent"],
)
def test_pages_show_text_as_text(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "<b>Blue" not in answer.text
    assert "javascript:" not in answer.text
    shown = answer.text.replace("http://www.w3.org/2000/svg", "").replace("http://shop/", "")
    assert "http:" not in shown
    assert "https:" not in shown


def test_a_night_and_what_is_not_there(client: TestClient) -> None:
    run = client.get("/v1/runs?kind=refresh-shop").json()["runs"][0]["run_id"]
    page = client.get(f"/nights/{run}", headers={"Accept": "text/html"})
    assert "http 404" in page.text
    for told in (page.text, client.get("/nights", headers={"Accept": "text/html"}).text):
        failures = told.partition('<ul class="failures">')[2].partition("</ul>")[0]
        assert "404 Not Found" in failures
        assert 'href="/releases/shop:1"' in failures  # a page without a cover
        assert "/v1/covers/" in failures  # an image whose cover is known
    lost = client.get("/nope", headers={"Accept": "text/html"})
    assert (lost.status_code, "no such page" in lost.text) == (404, True)
