"""Collections of persons in a real Milvus: filters, expiry, collections side by side."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from cratewatch.errors import CheckError, NotFoundError, SettingsError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.names import Names
from cratewatch.gallery.person_rows import PersonRow, PersonsWanted, person_filter
from cratewatch.gallery.persons import Persons

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ROW = PersonRow(
    row_id="a:1-0",
    footage="a" * 64,
    camera="door",
    track_id=1,
    seconds=2.5,
    frame=30,
    filmed_at=NOW - timedelta(hours=2),
    box_xyxy=(1.0, 2.0, 30.5, 90.0),
    terms=("backpack", "upper:orange"),
    caption="orange above",
    crop_key="persons/x/1.jpg",
    recording="/srv/door.mp4",
    expires_at=NOW + timedelta(days=7),
)


@pytest.fixture(params=["lite", "server"])
def gallery(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gallery]:
    """Milvus Lite, and a real server, where each test is a tenant."""
    if request.param == "lite":
        uri, tenant = str(tmp_path / "gallery.db"), ""
    else:
        uri, tenant = request.getfixturevalue("milvus").uri, f"t{uuid.uuid4().hex[:12]}"
    with open_gallery(uri, tenant=tenant, owner="shop") as opened:
        yield opened
        persons = Persons(opened)
        for kind in (persons, opened):
            if kind.alias.serving():
                name = kind.alias.milvus.names.alias
                opened.milvus.client.drop_alias(name)
            for collection in kind.collections.all():
                kind.collections.drop(collection)


def unit(angle: float) -> np.ndarray:
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


def filled(gallery: Gallery, *rows: PersonRow) -> tuple[Persons, str]:
    persons = Persons(gallery)
    collection = persons.begin("attributes_1", 2, "auto", 10)
    persons.upsert(collection, rows, np.stack([unit(0.1 * n) for n in range(len(rows))]))
    persons.alias.point_to(collection)
    assert persons.count(collection) == len(rows)  # what this strong read saw, a search sees
    return persons, collection


def found(persons: Persons, collection: str, wanted: PersonsWanted) -> list[str]:
    hits = persons.search(collection, unit(0), 10, wanted)
    assert [hit.cosine for hit in hits] == sorted((hit.cosine for hit in hits), reverse=True)
    return [hit.row.row_id for hit in hits]


def test_a_row_comes_back_as_it_was(gallery: Gallery) -> None:
    persons, collection = filled(gallery, ROW, replace(ROW, row_id="b", filmed_at=None))
    hits = persons.search(collection, unit(0), 10, PersonsWanted(NOW))
    assert [hit.row for hit in hits] == [ROW, replace(ROW, row_id="b", filmed_at=None)]
    assert hits[0].cosine == pytest.approx(1, abs=1e-5)
    assert persons.count(collection, "a") == 1
    assert persons.count(collection, "b") == 0


def test_what_is_wanted_narrows(gallery: Gallery) -> None:
    other = replace(ROW, row_id="b", camera="till", terms=("hat",), filmed_at=NOW)
    timeless = replace(ROW, row_id="c", filmed_at=None)
    persons, collection = filled(gallery, ROW, other, timeless)
    everybody = PersonsWanted(NOW)
    assert found(persons, collection, everybody) == ["a:1-0", "b", "c"]
    assert found(persons, collection, replace(everybody, camera="till")) == ["b"]
    assert found(persons, collection, replace(everybody, facets=("upper:orange",))) == [
        "a:1-0",
        "c",
    ]
    assert found(persons, collection, replace(everybody, facets=("hat", "backpack"))) == []
    hour = timedelta(hours=1)
    assert found(persons, collection, replace(everybody, since=NOW - hour)) == ["b"]
    assert found(persons, collection, replace(everybody, until=NOW - hour)) == ["a:1-0"]


def test_who_expired_is_not_found_and_then_gone(gallery: Gallery) -> None:
    persons, collection = filled(gallery, ROW, replace(ROW, row_id="b", expires_at=NOW))
    assert found(persons, collection, PersonsWanted(NOW)) == ["a:1-0"]
    assert persons.count(collection) == 2
    persons.delete_expired(collection, NOW)
    assert persons.count(collection) == 1
    persons.delete_footage(collection, [ROW.footage])
    assert persons.count(collection) == 0


@pytest.mark.parametrize(
    "said",
    [
        'x" or camera != "',
        "door\\",
        "' or 1 == 1 or '",
        "<script>alert(1)</script>",
        "문",
        '") or expires_s > 0 or array_contains(terms, "',
        "a\nb",
        "%",
    ],
)
def test_what_is_asked_for_is_data(gallery: Gallery, said: str) -> None:
    odd = replace(ROW, row_id="odd", camera=said, recording=said, caption=said)
    persons, collection = filled(gallery, ROW, odd)
    assert found(persons, collection, PersonsWanted(NOW, camera=said)) == ["odd"]
    assert found(persons, collection, PersonsWanted(NOW, facets=(said,))) == []
    hits = persons.search(collection, unit(0), 10, PersonsWanted(NOW, camera=said))
    assert hits[0].row == odd


def test_covers_and_persons_stay_apart(gallery: Gallery) -> None:
    persons, collection = filled(gallery, ROW)
    cover = gallery.collections.begin("m", 2)
    assert gallery.collections.all() == [cover]
    assert persons.collections.all() == [collection]
    assert persons.milvus.names.full(collection).endswith("persons_attributes_1")
    assert gallery.alias.serving() is None
    with pytest.raises(SettingsError, match="persons"):
        Names("persons")


def test_a_new_model_is_built_beside_the_one_that_serves(gallery: Gallery) -> None:
    persons, blue = filled(gallery, ROW)
    green = persons.begin("blip_2", 2, "auto", 10)
    assert persons.collection_of("attributes_1") == blue
    with pytest.raises(NotFoundError, match="by attributes_1, and not by blip_2"):
        persons.collection_of("blip_2")
    persons.upsert(green, [ROW], unit(0)[None])
    persons.alias.point_to(green)
    assert persons.collection_of("blip_2") == green
    assert persons.collection_of("attributes_1") == blue, "kept for whoever still asks by it"


def test_nobody_indexed_and_other_lengths(gallery: Gallery) -> None:
    persons = Persons(gallery)
    with pytest.raises(NotFoundError, match="no persons are indexed yet; run `cratewatch analyse"):
        persons.collection_of("attributes_1")
    persons, collection = filled(gallery, ROW)
    with pytest.raises(CheckError, match="of length 2, the query's has 3"):
        persons.search(collection, np.ones(3, np.float32), 5, PersonsWanted(NOW))
    with pytest.raises(CheckError, match="not finite"):
        persons.upsert(collection, [ROW], np.full((1, 2), np.nan, np.float32))


def test_ten_thousand_are_asked_for(gallery: Gallery) -> None:
    persons, collection = filled(gallery, ROW)
    assert len(persons.search(collection, unit(0), 100_000, PersonsWanted(NOW))) == 1


def test_a_long_text_is_cut(gallery: Gallery) -> None:
    persons, collection = filled(gallery, replace(ROW, camera="é" * 2000))
    assert found(persons, collection, PersonsWanted(NOW, camera="é" * 2000)) == ["a:1-0"]
    assert len(person_filter(PersonsWanted(NOW, camera="é" * 2000)).encode()) < 1200
