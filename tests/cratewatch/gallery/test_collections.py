"""Collections, filters, tenants and kinds of index, on Milvus Lite and on a real server."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from pymilvus import MilvusClient
from pymilvus.grpc_gen import milvus_pb2

from cratewatch.catalog.facts import Facts, Wanted, words, year_span
from cratewatch.errors import CheckError, SettingsError, UnavailableError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.indexes import (
    FLAT_ROWS,
    IndexChoice,
    IndexKind,
    TunedIndex,
    choose_index,
    efforts,
    wide_enough,
)
from cratewatch.gallery.names import Names, model_of, next_collection
from cratewatch.gallery.schema import as_stored, make_schema
from tests.made_collections import make_collection

DIM = 16
ODD = ("r\"n'b", "é\\x", "日本 % {x}")
Opens = Callable[[str], AbstractContextManager[Gallery]]


ON_BOTH = pytest.mark.parametrize("opens", ["lite", "server"], indirect=True)
"""What Milvus itself decides: filters, properties, pages, aliases."""


@pytest.fixture
def opens(request: pytest.FixtureRequest, home: Path) -> Opens:
    """Return a function: a tenant to the gallery, opened for it."""
    if getattr(request, "param", "lite") == "lite":
        return lambda tenant: open_gallery(str(home / "gallery.db"), tenant=tenant)
    uri = request.getfixturevalue("milvus").uri
    suffix = uuid.uuid4().hex[:8]
    return lambda tenant: open_gallery(uri, tenant=f"t{suffix}{tenant}")


@pytest.fixture
def gallery(opens: Opens) -> Iterator[Gallery]:
    with opens("") as gallery:
        yield gallery


def unit(count: int, seed: int = 0, dim: int = DIM) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def facts_of(n: int) -> Facts:
    return Facts(
        sources=("a-shop",) if n % 2 else ("a-shop", "b-shop"),
        years=() if n % 5 == 0 else (1970 + n % 10,),
        genres=(ODD[n % 3], "rock"),
        formats=("lp",) if n % 4 else ('7"', "lp"),
        in_stock=n % 3 == 0,
        withdrawn=n % 7 == 0,
    )


def admits(wanted: Wanted, facts: Facts) -> bool:
    """The obvious reading of a filter."""
    first, last = wanted.years or (0, 0)
    return (
        (not wanted.source or wanted.source in facts.sources)
        and (wanted.years is None or any(first <= y <= last for y in facts.years))
        and (not wanted.genre or wanted.genre in facts.genres)
        and (not wanted.format or wanted.format in facts.formats)
        and (not wanted.in_stock or facts.in_stock)
        and (wanted.withdrawn or not facts.withdrawn)
    )


@ON_BOTH
def test_filters_admit_what_they_say(gallery: Gallery) -> None:
    vectors = unit(60)
    ids = [f"c{n:02d}" for n in range(60)]
    facts = [facts_of(n) for n in range(60)]
    make_collection(gallery, "m", DIM)
    assert gallery.rows.upsert("m", ids, ids, vectors, facts) == 60
    asked = [
        Wanted(),
        Wanted(withdrawn=True),
        Wanted(source="b-shop"),
        Wanted(source="nobody"),
        Wanted(years=(1972, 1974)),
        Wanted(years=(1, 9999), withdrawn=True),
        Wanted(years=(1, 1)),
        Wanted(years=(2200, 9999)),
        *(Wanted(genre=genre) for genre in ODD),
        Wanted(format='7"', in_stock=True),
        Wanted(source="b-shop", years=(1971, 1979), genre="rock", in_stock=True, withdrawn=True),
    ]
    for wanted in asked:
        (hits,) = gallery.search(vectors[:1], 60, collection="m", wanted=wanted)
        expected = {i for i, fact in zip(ids, facts, strict=True) if admits(wanted, fact)}
        assert {hit.cover_id for hit in hits} == expected, wanted
    found = {row.cover_id: row.facts for row in gallery.rows.read("m", ids)}
    assert found == {i: as_stored(fact) for i, fact in zip(ids, facts, strict=True)}


def test_facts_that_do_not_fit_are_cut(gallery: Gallery) -> None:
    long = Facts(genres=tuple(f"{n:03d}" + "é" * 100 for n in range(100)), years=tuple(range(90)))
    make_collection(gallery, "m", DIM)
    gallery.rows.upsert("m", ["c"], ["c"], unit(1), [long])
    (row,) = gallery.rows.read("m", ["c"])
    assert row.facts == as_stored(long)
    assert (len(row.facts.genres), len(row.facts.years)) == (64, 64)
    assert all(len(genre.encode()) <= 128 for genre in row.facts.genres)


@ON_BOTH
def test_tenants_do_not_see_each_other(opens: Opens) -> None:
    for tenant, seed in (("one", 1), ("two", 2), ("onea", 3)):
        with opens(tenant) as gallery:
            assert gallery.collections.all() == []
            assert gallery.alias.serving() is None
            make_collection(gallery, "m", DIM)
            ids = [f"{tenant}-{n}" for n in range(5)]
            gallery.rows.upsert("m", ids, ids, unit(5, seed))
            gallery.rows.flush("m")
            gallery.alias.point_to("m")
    for tenant, seed in (("one", 1), ("two", 2), ("onea", 3)):
        with opens(tenant) as gallery:
            assert gallery.collections.all() == ["m"]
            gallery.collections.load("m")
            assert gallery.rows.count("m") == 5
            for other in (1, 2, 3):
                (hits,) = gallery.search(unit(5, other)[:1], 5, collection="m")
                assert {hit.cover_id.split("-")[0] for hit in hits} == {tenant}
                assert (hits[0].score > 0.999) == (other == seed)


@ON_BOTH
def test_ids_are_read_in_order_and_page_by_page(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cratewatch.gallery.rows.READ_BATCH", 7)
    ids = [f"c{n:02d}" for n in range(30)]
    make_collection(gallery, "m", DIM)
    assert list(gallery.rows.cover_ids("m")) == []
    gallery.rows.upsert("m", ids, ids, unit(30))
    assert list(gallery.rows.cover_ids("m")) == ids
    rows = {
        r.cover_id: r.embedding for r in gallery.rows.read("m", [*ids, "none"], embeddings=True)
    }
    assert sorted(rows) == ids
    np.testing.assert_allclose(np.stack([rows[i] for i in ids]), unit(30), atol=1e-6)  # type: ignore[misc]


def foreign(gallery: Gallery, name: str, metric: str, dim: int) -> None:
    """Make a collection of another kind under a name of ours."""
    client: MilvusClient = gallery.milvus.client
    full = gallery.milvus.names.full(name)
    client.create_collection(full, schema=make_schema(client, dim), consistency_level="Bounded")
    index = client.prepare_index_params()
    index.add_index(field_name="embedding", index_type="FLAT", metric_type=metric)
    client.create_index(full, index)
    client.load_collection(full)


@ON_BOTH
def test_a_collection_of_another_kind_under_our_name_is_refused(gallery: Gallery) -> None:
    foreign(gallery, "metric", "IP", DIM)
    foreign(gallery, "length", "COSINE", 8)
    for model, said in (("metric", "compared by IP"), ("length", "of length 8")):
        with pytest.raises(CheckError, match=rf"{said}.*run `cratewatch index --rebuild --model"):
            make_collection(gallery, model, DIM)
    with pytest.raises(CheckError, match="embeddings of length 8, the queries' have 16"):
        gallery.search(unit(1), 1, collection="length")


@pytest.mark.parametrize("kind", ["HNSW", "IVF_PQ", "SCANN"])  # this server lacks DISKANN
def test_every_kind_of_index_is_built_and_finds(milvus: object, kind: IndexKind) -> None:
    uri: str = milvus.uri  # type: ignore[attr-defined]
    vectors = unit(1500)
    ids = [f"c{n}" for n in range(1500)]
    with open_gallery(uri, tenant=f"t{uuid.uuid4().hex[:8]}") as gallery:
        collection = gallery.collections.begin("m", DIM)
        gallery.rows.upsert(collection, ids, ids, vectors)
        gallery.rows.flush(collection)
        choice = choose_index(kind, 1500, DIM, lite=False)
        gallery.indexes.build(collection, choice)
        gallery.indexes.wait_for(collection)
        gallery.collections.load(collection)
        most = list(efforts(choice))[-1]
        gallery.indexes.keep(collection, TunedIndex(choice, most, 0.5))
        assert gallery.collections.describe(collection).index == TunedIndex(choice, most, 0.5)
        found = gallery.search(vectors[:50], 40, collection=collection)
        right = sum(i in [h.cover_id for h in hits] for i, hits in zip(ids, found, strict=False))
        assert right >= 45
        assert all(len(hits) == 40 for hits in found)


def test_an_index_that_cannot_be_built_is_given_up(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cratewatch.gallery.index_building.STALLED_S", 0.0)
    monkeypatch.setattr(gallery.indexes, "_pending", lambda _: "InProgress, 9 rows to go")
    with pytest.raises(CheckError, match=r"gets no further for 0 s \(InProgress, 9 rows to go\)"):
        gallery.indexes.wait_for("m")


def test_a_collection_that_serves_is_not_dropped(gallery: Gallery) -> None:
    make_collection(gallery, "m", DIM)
    gallery.alias.point_to("m")
    with pytest.raises(ValueError, match="m serves"):
        gallery.collections.drop("m")


def test_readers_of_a_model_stay_with_its_collection(gallery: Gallery) -> None:
    for number, model in enumerate(("a", "b")):
        make_collection(gallery, model, DIM)
        gallery.rows.upsert(model, [model], [model], unit(1, number))
        gallery.alias.point_to(model)
    assert gallery.search(unit(1), 1, model="a")[0][0].cover_id == "a"
    assert gallery.search(unit(1), 1)[0][0].cover_id == "b"
    gallery.alias.point_to("a")
    assert gallery.search(unit(1), 1)[0][0].cover_id == "a"


@ON_BOTH
def test_a_reader_goes_on_when_its_collection_was_dropped(opens: Opens) -> None:
    with opens("") as gallery:
        for model in ("m", "m__2"):
            make_collection(gallery, model, DIM)
            gallery.rows.upsert(model, [model], [model], unit(1))
            assert gallery.rows.count(model) == 1  # from here on every reader sees it
        gallery.alias.point_to("m")
        assert gallery.search(unit(1), 1)[0][0].cover_id == "m"
        known = dict(gallery._known)
        gallery.alias.point_to("m__2")
        gallery.collections.drop("m")
        gallery.alias.moved_at = 0.0  # as another process would have it
        gallery._known.update(known)
        assert gallery.search(unit(1), 1)[0][0].cover_id == "m__2"


def test_of_readers_that_ask_at_once_one_looks_whether_the_alias_moved(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for model in ("m", "m__2"):
        make_collection(gallery, model, DIM)
        gallery.rows.upsert(model, [model], [model], unit(1))
    gallery.alias.point_to("m")
    assert gallery.search(unit(1), 1)[0][0].cover_id == "m"
    known = gallery._known[""]
    gallery.alias.point_to("m__2")
    later = time.monotonic()  # as another process would have it, at last
    gallery._known[""] = replace(known, since=later, until=later)
    looks: list[int] = []
    serving = gallery.alias.serving

    def look() -> str | None:
        looks.append(1)
        time.sleep(0.3)
        return serving()

    monkeypatch.setattr(gallery.alias, "serving", look)
    with ThreadPoolExecutor(8) as readers:
        found = list(readers.map(lambda _: gallery.search(unit(1), 1)[0][0].cover_id, range(8)))
    assert looks == [1]
    assert sorted(found) == ["m"] * 7 + ["m__2"]
    assert gallery.search(unit(1), 1)[0][0].cover_id == "m__2"


def test_the_index_follows_size_and_place() -> None:
    assert choose_index("auto", 10**6, 128, lite=True).kind == "FLAT"
    assert choose_index("auto", FLAT_ROWS, 128, lite=False).kind == "FLAT"
    assert choose_index("auto", FLAT_ROWS + 1, 128, lite=False) == IndexChoice(
        "HNSW", {"M": 16, "efConstruction": 200}
    )
    assert choose_index("IVF_PQ", 10**6, 128, lite=False).build == {
        "nlist": 4000,
        "m": 64,
        "nbits": 8,
    }
    with pytest.raises(SettingsError, match="DISKANN: Milvus Lite has FLAT, HNSW"):
        choose_index("DISKANN", 9, 128, lite=True)
    assert [e["ef"] for e in efforts(IndexChoice("HNSW"))] == [
        16,
        32,
        64,
        128,
        256,
        512,
        1024,
        2048,
    ]
    assert wide_enough({"ef": 16}, 40) == {"ef": 40}
    assert wide_enough({"nprobe": 16}, 40) == {"nprobe": 16}
    assert list(efforts(IndexChoice("FLAT"))) == [{}]


def test_names_of_collections() -> None:
    assert [model_of(n) for n in ("m", "m__2", "m__12", "a_b__c")] == ["m", "m", "m", "a_b__c"]
    assert next_collection("m", []) == "m"
    assert next_collection("m", ["m", "other__7"]) == "m__2"
    assert next_collection("m", ["m__2", "m__10"]) == "m__11"
    assert (Names().alias, Names().full("m")) == ("covers", "covers_m")
    assert (Names("shop").alias, Names("shop").full("m")) == ("shop_covers", "shop_covers_m")
    assert Names().ours(["covers_b", "covers_a", "shop_covers_m"]) == ["a", "b"]
    for tenant in ("covers", "a_b", "A", "1a", "x" * 33, "a-b"):
        with pytest.raises(SettingsError, match="gallery_tenant"):
            Names(tenant)


def test_words_and_years() -> None:
    assert words(["Vinyl, LP , album", "lp", ""]) == ("album", "lp", "vinyl")
    assert (year_span("1971"), year_span("1970-1979")) == ((1971, 1971), (1970, 1979))
    for wrong in ("", "nineteen", "1980-1970", "-5", "70s"):
        with pytest.raises(SettingsError, match="give a year such as 1971"):
            year_span(wrong)


def test_a_server_that_is_too_old_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = str(home / "gallery.db")
    accepts = {"v2.2.16": False, "2.3.4-dev": False, "2.4.0": True, "master": True}
    for version, accepted in accepts.items():
        answer = milvus_pb2.GetVersionResponse(version=version)
        monkeypatch.setattr(MilvusServicer, "GetVersion", lambda *_, answer=answer: answer)
        if accepted:
            with open_gallery(uri) as gallery:
                assert gallery.milvus.version == version
        else:
            message = f"Milvus {version} is too old; upgrade the server to 2.3.5 or later"
            with (
                pytest.raises(UnavailableError, match=message),
                open_gallery(str(home / "gallery.db")),
            ):
                pass


@ON_BOTH
def test_what_is_kept_of_an_index_can_be_read_by_others(gallery: Gallery) -> None:
    make_collection(gallery, "m", DIM)
    gallery.indexes.keep("m", TunedIndex(IndexChoice("HNSW", {"M": 8}), {"ef": 32}, 0.99))
    name = gallery.milvus.names.full("m")
    kept = gallery.milvus.client.describe_collection(name)["properties"]["cratewatch_index"]
    assert json.loads(kept) == {
        "choice": {"kind": "HNSW", "build": {"M": 8}},
        "search": {"ef": 32},
        "recall_at_10": 0.99,
    }
