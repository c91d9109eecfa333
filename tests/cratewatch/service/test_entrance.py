"""Keys, scopes, rates and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.errors import CratewatchError, SettingsError
from cratewatch.service import entrance
from cratewatch.service.app import create_app
from cratewatch.service.entrance import COOKIE
from cratewatch.service.listening import serve
from cratewatch.settings import Settings, load_settings
from tests.cratewatch.service.test_pictures import check_problem

PAGE = {"Accept": "text/html"}


@pytest.fixture
def settings(empty_home: Path) -> Settings:
    """A home in which nothing is: who comes in is asked before anything is looked for."""
    return load_settings(home=empty_home)


@pytest.fixture
def catalog(settings: Settings) -> Iterator[Catalog]:
    with closing(open_catalog(settings.catalog_url)) as catalog:
        yield catalog


@pytest.fixture
def public(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Who asks an application that others reach, by whatever name."""
    monkeypatch.setattr(entrance, "BELIEVED_S", 0.0)
    with TestClient(create_app(settings, is_public=True), base_url="http://shop") as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_nobody_comes_in_without_a_key(public: TestClient) -> None:
    for path in ("/v1/releases", "/v1/runs", "/v1/covers/" + "0" * 64, "/metrics", "/v1/intent"):
        answer = public.get(path)
        check_problem(answer, 401, "no_key")
        assert answer.headers["www-authenticate"] == "Bearer"
    check_problem(public.post("/v1/identify", content=b"x"), 401, "no_key")
    check_problem(public.get("/v1/runs", headers=bearer("cw_0_0")), 401, "no_key")
    assert public.get("/healthz").status_code == 200
    assert public.get("/readyz").status_code == 503


def test_a_key_opens_its_scopes_until_it_is_revoked(public: TestClient, catalog: Catalog) -> None:
    key = catalog.keys.add("till", ("catalog",))
    assert public.get("/v1/releases", headers=bearer(key)).status_code == 200
    check_problem(public.get("/v1/runs", headers=bearer(key)), 403, "not_in_scope")
    catalog.keys.revoke("till")
    check_problem(public.get("/v1/releases", headers=bearer(key)), 401, "no_key")


def test_a_key_may_ask_so_often(public: TestClient, catalog: Catalog) -> None:
    key = catalog.keys.add("till", ("catalog",), 3)
    codes = [public.get("/v1/releases", headers=bearer(key)).status_code for _ in range(4)]
    assert codes == [200, 200, 200, 429]
    refused = public.get("/v1/releases", headers=bearer(key))
    assert 1 <= int(refused.headers["retry-after"]) <= 20


def test_a_session_lasts_as_long_as_it_says_whatever_the_clock_does(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, lasting = datetime(2026, 11, 20, 10, tzinfo=UTC), timedelta(hours=12)
    clock = began
    monkeypatch.setattr("cratewatch.catalog.keys.now", lambda: clock)
    key = catalog.keys.find(catalog.keys.add("page", ("nights",)))
    assert key is not None
    token = catalog.keys.open_session(key, lasting)
    for hours, lasts in ((0, True), (11.9, True), (12.1, False), (-0.05, True), (-1, False)):
        clock = began + timedelta(hours=hours)
        assert (catalog.keys.of_session(token, lasting) is not None) == lasts, hours


def test_a_browser_is_let_in_by_a_key_typed_once(public: TestClient, catalog: Catalog) -> None:
    key = catalog.keys.add("page", ("catalog", "nights"))
    away = public.get("/catalog", headers=PAGE, follow_redirects=False)
    assert (away.status_code, away.headers["location"]) == (303, "/login?next=%2Fcatalog")
    wrong = public.post("/login", data={"key": "cw_nothing"}, headers=PAGE)
    assert (wrong.status_code, "wrong or was revoked" in wrong.text) == (401, True)
    for following, inside in (("/nights", "/nights"), ("//evil", "/"), ("http://evil", "/")):
        into = public.post("/login", data={"key": key, "next": following}, follow_redirects=False)
        assert (into.status_code, into.headers["location"]) == (303, inside)
    cookie = into.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert key not in cookie
    assert public.get("/nights", headers=PAGE).status_code == 200
    assert public.get("/v1/runs").status_code == 200
    refused = public.get("/", headers=PAGE)
    assert (refused.status_code, "does not open this" in refused.text) == (403, True)
    token = public.cookies[COOKIE]
    public.post("/logout", follow_redirects=False)
    assert public.get("/v1/runs", headers={"Cookie": f"{COOKIE}={token}"}).status_code == 401


def test_keys_are_not_to_be_guessed(public: TestClient) -> None:
    codes = [public.post("/login", data={"key": "x"}).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]


def test_on_loopback_a_key_is_needed_once_there_is_one(
    settings: Settings, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrance, "BELIEVED_S", 0.0)
    with TestClient(create_app(settings), base_url="http://127.0.0.1") as client:
        assert client.get("/v1/runs").status_code == 200
        key = catalog.keys.add("till", ("nights",))
        assert client.get("/v1/runs").status_code == 401
        assert client.get("/v1/runs", headers=bearer(key)).status_code == 200
        catalog.keys.revoke("till")
        assert client.get("/v1/runs").status_code == 401


def test_others_are_listened_to_with_a_key_only(settings: Settings, catalog: Catalog) -> None:
    for host in ("0.0.0.0", "::", "shop.example"):
        with pytest.raises(SettingsError, match="there is no key; make one by `cratewatch keys"):
            serve(settings, host, 0)
    catalog.keys.add("till", ())
    with pytest.raises(CratewatchError, match=r"serve: 203\.0\.113\.1:1: .*choose another"):
        serve(settings, "203.0.113.1", 1)
