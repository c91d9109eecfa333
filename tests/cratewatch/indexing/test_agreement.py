"""Whatever is done to a shop in whatever order, and killed wherever: the gallery answers right.

A state machine imports, withdraws and restocks covers, indexes, rebuilds, rolls back, backs up,
restores, repairs, loses shards and is killed, against a plain model of what must be answered.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.facts import Facts
from cratewatch.catalog.opening import open_database
from cratewatch.catalog.records import Cover, Release
from cratewatch.chunks import chunks
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.shards import EmbeddingShard, done_shards, write_embeddings
from cratewatch.errors import NotFoundError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.indexing import checking, facts
from cratewatch.indexing.agreement import update
from cratewatch.indexing.backing_up import back_up
from cratewatch.indexing.backups import backups
from cratewatch.indexing.embedding import Embed, KeptShard
from cratewatch.indexing.rebuilding import Target, rebuild
from cratewatch.indexing.releasing import drop_old, roll_back, update_or_build, verify
from cratewatch.indexing.restoring import restore
from cratewatch.indexing.stores import Stores
from cratewatch.lake.folder import FolderLake
from tests.tiny import TINY, tiny_net

pytestmark = pytest.mark.heavy

SOURCE = "shop"
SHARD_COVERS = 3
TARGET = Target(TINY.dim)
MODELS = (0, 1)
KILLS = st.sampled_from([None] * 60 + list(range(100)))
"""After how many calls into the stores the process dies; no step takes many more."""


class Killed(BaseException):
    """What stands for SIGKILL: nothing may catch it."""


@dataclass
class Fuse:
    """Burns down with each call into catalog, lake or gallery; burnt, it lets none through."""

    left: int | None = None
    burnt: bool = False

    def burn(self) -> None:
        if self.left == 0:
            self.burnt = True
        if self.burnt:
            raise Killed
        if self.left is not None:
            self.left -= 1


class Fused:
    """Another object, each of whose calls burns a fuse."""

    def __init__(self, target: Any, fuse: Fuse) -> None:
        self._target = target
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if not callable(value):
            return value

        def call(*arguments: Any, **named: Any) -> Any:
            self._fuse.burn()
            return value(*arguments, **named)

        return call


@cache
def vector_of(model: str, cover_id: str) -> np.ndarray:
    """Return the embedding that a model makes of a cover, as far from the others as chance has."""
    seed = int.from_bytes(hashlib.sha256(f"{model} {cover_id}".encode()).digest()[:8])
    vector = np.random.default_rng(seed).normal(size=TINY.dim).astype(np.float32)
    return vector / np.linalg.norm(vector)


def embedding_into(lake: Any) -> Embed:
    """Return who embeds without looking at pictures."""

    def embed(model: str, covers: Iterator[Cover]) -> Generator[KeptShard, None, None]:
        for batch in chunks(covers, SHARD_COVERS):
            ids = [cover.cover_id for cover in batch]
            vectors = np.stack([vector_of(model, cover_id) for cover_id in ids])
            shard = EmbeddingShard(ids, [cover.artwork_id for cover in batch], vectors)
            yield KeptShard(write_embeddings(lake, model, shard), ids, {})

    return embed


@dataclass
class Listed:
    """A release as the shop lists it, or did."""

    cover_id: str
    artwork_id: str
    in_stock: bool = True
    listed: bool = True

    @property
    def image_url(self) -> str:
        return f"https://shop.example/{self.cover_id}.jpg"

    def release(self) -> Release:
        return Release(
            source=SOURCE,
            native_id=self.cover_id,
            title=self.cover_id,
            image_url=self.image_url,
            in_stock=self.in_stock,
        )

    def cover(self) -> Cover:
        return Cover(
            cover_id=self.cover_id,
            artwork_id=self.artwork_id,
            source=SOURCE,
            source_url=self.image_url,
            width_px=600,
            height_px=600,
            phash="00" * 32,
            fetched_at=datetime.now(UTC),
        )


@dataclass
class Expected:
    """What the stores must come to.

    Attributes:
        shop: Every release that was ever listed, by its cover.
        held: The covers that each collection has at least.
        kept: Of each model, the covers whose embedding the lake has and the catalog knows.
        backups: Model and covers of each backup.
    """

    shop: dict[str, Listed] = field(default_factory=dict)
    held: dict[str, set[str]] = field(default_factory=dict)
    kept: dict[str, set[str]] = field(default_factory=dict)
    backups: dict[str, tuple[str, set[str]]] = field(default_factory=dict)

    def facts_of(self, cover_id: str) -> Facts:
        artwork = self.shop[cover_id].artwork_id
        listed = [one for one in self.shop.values() if one.artwork_id == artwork and one.listed]
        in_stock = any(one.in_stock for one in listed)
        return Facts(sources=(SOURCE,), in_stock=in_stock, withdrawn=not listed)


class Shop(RuleBasedStateMachine):
    """One shop, whose stores are opened anew after each kill."""

    template: Path
    models: tuple[str, ...]

    def __init__(self) -> None:
        super().__init__()
        self._folder = ExitStack()
        self.home = Path(self._folder.enter_context(tempfile.TemporaryDirectory())) / "home"
        shutil.copytree(self.template, self.home, copy_function=os.link)
        self._open = ExitStack()
        self.fuse = Fuse()
        self.expected = Expected(kept={model: set() for model in self.models})
        self.open()

    def open(self) -> None:
        self._open.close()
        self.fuse = Fuse()
        database = open_database(f"sqlite:///{self.home / 'catalog.db'}")
        self._open.callback(database.close)
        lake = FolderLake(self.home / "lake")
        gallery = self._open.enter_context(open_gallery(str(self.home / "gallery.db")))
        self.stores = Stores(Catalog(database), lake, gallery)
        client: Any = Fused(gallery.milvus.client, self.fuse)
        fused_database: Any = Fused(database, self.fuse)
        fused_lake: Any = Fused(lake, self.fuse)
        self.fused = Stores(
            Catalog(fused_database), fused_lake, Gallery(replace(gallery.milvus, client=client))
        )
        self.embed = embedding_into(fused_lake)

    def teardown(self) -> None:
        self._open.close()
        self._folder.close()

    def attempt(self, work: Callable[[], Any], kill: int | None) -> bool:
        """Do something, killed after so many calls; return whether it came to its end."""
        self.fuse.left = kill
        try:
            work()
        except Killed:
            self.open()
            return False
        finally:
            self.fuse.left = None
        return True

    # What happens in the shop; the catalog's own transactions are others' to test.

    @initialize(count=st.integers(2, 5))
    def begin(self, count: int) -> None:
        self.come(count)
        self.index(0, None)

    @rule(count=st.integers(1, 4))
    def come(self, count: int) -> None:
        """New covers, two of each artwork."""
        known = len(self.expected.shop)
        for number in range(known, known + count):
            cover_id = hashlib.sha256(str(number).encode()).hexdigest()
            artwork = hashlib.sha256(str(number // 2 * 2).encode()).hexdigest()
            self.expected.shop[cover_id] = Listed(cover_id, artwork)
        self.crawl()

    @rule(data=st.data())
    def restock(self, data: st.DataObject) -> None:
        self.pick(data).in_stock ^= True
        self.crawl()

    @rule(data=st.data())
    def withdraw_or_list_again(self, data: st.DataObject) -> None:
        self.pick(data).listed ^= True
        self.crawl()

    def pick(self, data: st.DataObject) -> Listed:
        return data.draw(st.sampled_from(list(self.expected.shop.values())))

    def crawl(self) -> None:
        catalog, shop = self.stores.catalog, self.expected.shop.values()
        run_id = catalog.runs.start("refresh")
        catalog.stage(run_id, [one.release() for one in shop if one.listed])
        catalog.apply_crawl(run_id, SOURCE, complete=True)
        known = {cover.cover_id for cover in catalog.covers.all()}
        for one in shop:
            if one.cover_id not in known:
                catalog.covers.add(run_id, one.cover(), one.image_url)

    @rule(data=st.data(), model=st.sampled_from(MODELS))
    def lose_a_shard(self, data: st.DataObject, model: int) -> None:
        lake, name = self.stores.lake, self.models[model]
        keys = done_shards(lake, name)
        if keys:
            key = data.draw(st.sampled_from(keys))
            lake.delete(key)
            lost = self.stores.catalog.embeddings.in_shard(name, key)
            self.expected.kept[name] -= set(lost)

    # What is done to the gallery, and may be killed.

    @rule(kill=KILLS)
    def refresh(self, kill: int | None) -> None:
        collection = self.fused.gallery.alias.require_serving()
        self.check_all(self.attempt(lambda: update(self.fused, collection, self.embed), kill))

    @rule(model=st.sampled_from(MODELS), kill=KILLS)
    def index(self, model: int, kill: int | None) -> None:
        name = self.models[model]
        work = lambda: update_or_build(self.fused, name, TARGET, self.embed)  # noqa: E731
        self.check_all(self.attempt(work, kill))

    @rule(model=st.sampled_from(MODELS), kill=KILLS)
    def build(self, model: int, kill: int | None) -> None:
        name = self.models[model]
        work = lambda: rebuild(self.fused, name, TARGET, self.embed)  # noqa: E731
        self.check_all(self.attempt(work, kill))

    @rule(kill=KILLS)
    def repair(self, kill: int | None) -> None:
        self.check_all(self.attempt(lambda: verify(self.fused, self.embed), kill))

    @rule(kill=KILLS)
    def go_back(self, kill: int | None) -> None:
        before = self.stores.gallery.collections.served_before()
        if not before:
            with pytest.raises(NotFoundError):
                roll_back(self.fused)
            return
        wanted = self.expected.held[before[0]] | self.expected.kept[model_of(before[0])]
        done = self.attempt(lambda: roll_back(self.fused), kill)
        self.check(wanted if done else set(), done)
        assert not done or self.stores.gallery.alias.serving() == before[0]

    @rule(model=st.sampled_from(MODELS), count=st.integers(1, 4), kill=KILLS)
    def regret(self, model: int, count: int, kill: int | None) -> None:
        """Go back from a collection that has served for a while; then a night comes."""
        self.build(model, None)
        self.come(count)
        self.refresh(None)
        self.go_back(kill)
        self.refresh(None)

    @rule(kill=KILLS)
    def keep(self, kill: int | None) -> None:
        serving = self.stores.gallery.alias.require_serving()
        name = f"b{len(backups(self.stores.lake))}"
        if self.attempt(lambda: back_up(self.fused, name), kill):
            self.expected.backups[name] = model_of(serving), set(self.rows(serving))
        assert list(self.expected.backups) == backups(self.stores.lake)

    @precondition(lambda self: self.expected.backups)
    @rule(data=st.data(), kill=KILLS)
    def take_back(self, data: st.DataObject, kill: int | None) -> None:
        name = data.draw(st.sampled_from(list(self.expected.backups)))
        model, covers = self.expected.backups[name]
        wanted = covers | self.expected.kept[model]
        self.check(wanted, self.attempt(lambda: restore(self.fused, name, 0.9), kill))

    @rule(kill=KILLS)
    def forget_what_is_old(self, kill: int | None) -> None:
        self.attempt(lambda: drop_old(self.fused.gallery.collections, 0), kill)
        self.learn()

    # What must be true.

    def check_all(self, done: bool) -> None:
        self.check(set(self.expected.shop), done)

    def check(self, wanted: set[str], done: bool) -> None:
        """Compare with what is answered.

        Args:
            wanted: The covers that what was done is to end with.
            done: Whether it came to its end; if not, what served serves on, or what is whole.
        """
        serving = self.stores.gallery.alias.serving()
        if serving is None:
            assert not done
            return
        self.stores.gallery.collections.load(serving)
        held = set(self.rows(serving))
        assert held >= (wanted if done else self.expected.held.get(serving, wanted))
        assert held <= set(self.expected.shop)
        self.check_found(model_of(serving), sorted(held))
        if done:
            told = {i: row.facts for i, row in self.rows(serving).items()}
            assert told == {cover_id: self.expected.facts_of(cover_id) for cover_id in held}
        self.learn()

    def check_found(self, model: str, held: list[str]) -> None:
        """Search every cover that serves by its own embedding."""
        vectors = np.stack([vector_of(model, cover_id) for cover_id in held])
        reader = Gallery(self.stores.gallery.milvus)  # that has not asked before
        found = reader.search(vectors, len(held) + 1)
        for cover_id, hits in zip(held, found, strict=True):
            assert (hits[0].cover_id, round(hits[0].score, 3)) == (cover_id, 1)
            assert sorted(hit.cover_id for hit in hits) == held

    def rows(self, collection: str) -> dict[str, Any]:
        rows = self.stores.gallery.rows
        ids = list(rows.cover_ids(collection))
        return {row.cover_id: row for row in rows.read(collection, ids)}

    def learn(self) -> None:
        """Take what is there for what has to stay there."""
        gallery, book = self.stores.gallery, self.stores.catalog.embeddings
        self.expected.held = {}
        for name in gallery.collections.all():
            if not gallery.collections.describe(name).building:
                gallery.collections.load(name)
                self.expected.held[name] = set(gallery.rows.cover_ids(name))
        for model in self.models:
            shards = set(done_shards(self.stores.lake, model)) & set(book.shards(model))
            kept = [book.in_shard(model, shard) for shard in shards]
            self.expected.kept[model] = {cover_id for covers in kept for cover_id in covers}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> type[Shop]:
    """A shop with a lake of two models."""
    home = tmp_path_factory.mktemp("template") / "home"
    names = []
    for seed in MODELS:
        lake = FolderLake(home / "lake")
        names.append(save_model(lake, tiny_net(seed), TINY, {}, []))
    return type("ShopOfTwoModels", (Shop,), {"template": home, "models": tuple(names)})


@pytest.fixture(autouse=True)
def _one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "WARM_ROUNDS", 0)  # what it warms, nobody measures here
    monkeypatch.setattr(facts, "OVERLAP", timedelta(0))  # here is one clock


def profile(examples: int, steps: int, **more: Any) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **more,
    )


def test_the_gallery_answers_right_whatever_is_done(machine: type[Shop]) -> None:
    run_machine(machine, settings=profile(12, 12, derandomize=True))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_gallery_answers_right_whatever_is_done_for_long(machine: type[Shop]) -> None:
    run_machine(machine, settings=profile(40, 20))
