"""Two catalogs in one Milvus under one tenant's name, on Milvus Lite and on a real server."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from cratewatch.errors import SettingsError
from cratewatch.gallery.gallery import Gallery, open_gallery
from tests.made_collections import make_collection

DIM = 4
OURS, OTHER = "a" * 32, "b" * 32
OpensFor = Callable[[str], AbstractContextManager[Gallery]]


@pytest.fixture(params=["lite", "server"])
def opens_for(request: pytest.FixtureRequest, home: Path) -> OpensFor:
    """Return a function: a catalog's id to the gallery, opened for it."""
    if request.param == "lite":
        return lambda owner: open_gallery(str(home / "gallery.db"), owner=owner)
    uri = request.getfixturevalue("milvus").uri
    tenant = f"t{uuid.uuid4().hex[:8]}"
    return lambda owner: open_gallery(uri, tenant=tenant, owner=owner)


def serve(gallery: Gallery, collection: str) -> None:
    make_collection(gallery, collection, DIM)
    gallery.rows.upsert(collection, ["c"], ["c"], np.eye(1, DIM, dtype=np.float32))
    gallery.rows.flush(collection)
    gallery.alias.point_to(collection)


def owner_of(gallery: Gallery, collection: str) -> str | None:
    name = gallery.milvus.names.full(collection)
    found: str | None = gallery.milvus.client.describe_collection(name)["properties"].get(
        "cratewatch_owner"
    )
    return found


def test_what_another_catalog_serves_is_neither_shown_nor_touched(opens_for: OpensFor) -> None:
    with opens_for(OTHER) as gallery:
        serve(gallery, "m")
        serve(gallery, "m__2")
        assert owner_of(gallery, "m") == OTHER
    with opens_for(OURS) as gallery:
        assert gallery.collections.all() == []
        own = gallery.collections.begin("m", DIM)
        assert (own, owner_of(gallery, own)) == ("m__3", OURS)
        assert gallery.collections.all() == [own]
        said = (
            re.escape(f"gallery {gallery.uri}: {gallery.milvus.names.full('m__2')} belongs to ")
            + r"another catalog \(bbbbbbbb, this one is aaaaaaaa\); set gallery_tenant to a name"
        )
        for touch in (
            gallery.alias.serving,
            lambda: gallery.alias.point_to(own),
            lambda: gallery.collections.live("m"),
            lambda: gallery.collections.served_before(),
            lambda: gallery.collections.drop("m__2"),
            lambda: gallery.collections.require_ours("m__2"),
            lambda: gallery.search(np.eye(1, DIM, dtype=np.float32), 1),
        ):
            with pytest.raises(SettingsError, match=said):
                touch()
        with pytest.raises(SettingsError, match="covers_m belongs to another catalog"):
            gallery.collections.drop("m")
        gallery.collections.drop(own)
        assert gallery.collections.all() == []
    with opens_for(OTHER) as gallery:
        assert gallery.collections.all() == ["m", "m__2"]
        assert (gallery.alias.serving(), gallery.collections.served_before()) == ("m__2", ["m"])
        gallery.collections.load("m__2")
        assert gallery.rows.count("m__2") == 1


def test_readers_are_not_led_to_what_another_catalog_is_building(opens_for: OpensFor) -> None:
    with opens_for(OTHER) as gallery:
        gallery.collections.begin("m", DIM)
    with opens_for(OURS) as gallery:
        with pytest.raises(SettingsError, match="covers_m belongs to another catalog"):
            gallery.alias.point_to("m")
        assert gallery.alias.serving() is None
        serve(gallery, "m__2")
        assert gallery.alias.serving() == "m__2"
        gallery.collections.drop("none")  # what is gone already is nobody's


def test_a_collection_without_owner_becomes_that_of_whom_it_serves_next(
    opens_for: OpensFor,
) -> None:
    with opens_for("") as gallery:
        serve(gallery, "m")
        assert owner_of(gallery, "m") is None
    for owner in (OTHER, OURS):
        with opens_for(owner) as gallery:
            assert (gallery.alias.serving(), gallery.collections.all()) == ("m", ["m"])
    with opens_for(OURS) as gallery:
        gallery.alias.point_to("m")
        assert owner_of(gallery, "m") == OURS
    with opens_for(OTHER) as gallery, pytest.raises(SettingsError, match="another catalog"):
        gallery.alias.serving()
    with opens_for("") as gallery:  # who only looks
        assert (gallery.alias.serving(), gallery.collections.all()) == ("m", ["m"])
