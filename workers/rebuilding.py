"""Builds a collection beside the one that serves, and lets it serve once it has passed its check.

What is embedded, withdrawn or restocked meanwhile goes into the collection that serves; the new
one catches up before the alias moves.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from cratewatch.embedding.shards import EmbeddingShard
from cratewatch.errors import CheckError, CratewatchError, NotFoundError
from cratewatch.gallery.indexes import IndexSetting, TunedIndex, choose_index
from cratewatch.indexing.checking import Probe, check_collection, tune, warm
from cratewatch.indexing.comparing import refresh_facts
from cratewatch.indexing.importing import Importer, importer_for
from cratewatch.indexing.loading import Loader, facts_of, forget_lost, read_current
from cratewatch.indexing.releasing import drop_left_overs
from cratewatch.indexing.stores import Stores
from cratewatch.lake.location import LakeLocation
from workers.embedding import ModelUse
from workers.indexing import IndexReport, embed_missing, report_of

WRITER_PATIENCE_S = 6 * 3600.0
"""How long a collection that is ready waits for a refresh to end."""
SAMPLE_SHARDS = 16

Progress = Callable[[int, int, str], None]
"""Takes how many of how many are done, and of what."""


@dataclass(frozen=True)
class Target:
    """What a collection is to be.

    Attributes:
        dim: Of the model's embeddings.
        recall: Wanted recall@10 against exact search, 0..1.
        imports: A folder or bucket that the server reads, for bulk imports; None for upserts.
    """

    dim: int
    index: IndexSetting = "auto"
    recall: float = 0.98
    imports: LakeLocation | None = None


def build_collection(
    stores: Stores, model: ModelUse, target: Target, on_progress: Progress
) -> IndexReport:
    """Build one more collection of the model, check and warm it, then move the alias to it.

    Until then readers and writers go on with the one that serves. If a step fails the alias
    stays, and the new collection is dropped; that of a process that was killed, by the next call.

    Raises:
        SettingsError: if this Milvus has no such index.
        BusyError: if another process builds a collection, or one writes for hours.
        CheckError: if the new collection does not pass.
    """
    choose_index(
        target.index, 1, target.dim, lite=stores.gallery.milvus.is_lite
    )  # or refuse at once
    with stores.catalog.one_rebuild(), contextlib.ExitStack() as stack:
        drop_left_overs(stores.gallery)
        if stores.gallery.collections.live(model.name) is None:
            stores.catalog.embeddings.forget_indexed(model.name)
        stores.catalog.embeddings.forget_without_shard(model.name)
        forget_lost(stores, model.name)
        stores.catalog.embeddings.try_again()
        report = embed_missing(
            stores, model, lambda done, total: on_progress(done, total, "covers embedded")
        )
        build = _Build(stores, model, target, on_progress)
        stack.callback(build.give_up)
        build.import_or_fill()
        build.index_and_tune()
        with stores.catalog.wait_for_writer(WRITER_PATIENCE_S):
            late = build.catch_up()
            stores.catalog.check_writer()
            build.release()
        stack.pop_all()
        embedded, failed = report.embedded + late.embedded, report.failed | late.failed
        return report_of(stores.gallery, build.collection, embedded, failed)


class _Build:
    """One collection on its way.

    Attributes:
        collection: Its name.
    """

    def __init__(
        self, stores: Stores, model: ModelUse, target: Target, on_progress: Progress
    ) -> None:
        self._stores = stores
        self._use = model
        self._target = target
        self._on_progress = on_progress
        self._done = self._all = 0
        self._sample = Probe.draw(_some_shards(stores, model.name))
        self.collection = stores.gallery.collections.begin(model.name, target.dim)
        self._loader = Loader(stores, self.collection)
        self._tuned: TunedIndex | None = None

    def import_or_fill(self) -> None:
        """Load what the catalog knows, by bulk import if it is much and the server can."""
        rows = self._stores.catalog.embeddings.count(self._use.name)
        importer = importer_for(self._stores.gallery, self.collection, self._target.imports, rows)
        if importer is None:
            self.fill()
            return
        self._each_shard(lambda key: self._import_shard(importer, key))
        importer.finish()
        self._loader.acknowledged += importer.acknowledged

    def _import_shard(self, importer: Importer, key: str) -> int:
        shard = self._loader.read_embeddings(self._use.name, key)
        importer.add(shard, facts_of(self._stores, shard))
        self._sample.compare(shard)
        return len(shard.cover_ids)

    def fill(self) -> None:
        """Load every embedding that the catalog knows and the collection does not have yet."""
        self._each_shard(self._load_shard)

    def _load_shard(self, key: str) -> int:
        shard = self._loader.load_shard(self._use.name, key)
        self._sample.compare(shard)
        return len(shard.cover_ids)

    def _each_shard(self, load: Callable[[str], int]) -> None:
        """Call a function that loads a shard and returns its rows for each that is still to do."""
        book = self._stores.catalog.embeddings
        keys = sorted(set(book.shards(self._use.name)) - self._loader.shards)
        began, rows = time.monotonic(), 0
        for done, key in enumerate(keys, start=1):
            try:
                rows += load(key)
            except NotFoundError:
                book.forget_shard(self._use.name, key)  # to be embedded again by catch_up()
            self._done, self._all = done, len(keys)
            rate = rows / (time.monotonic() - began)
            self._say(f"{rate:,.0f} rows/s loaded")
        self._stores.gallery.rows.flush(self.collection)

    def index_and_tune(self) -> None:
        """Index what was loaded, find out how hard searches have to try, and warm them up."""
        gallery, target = self._stores.gallery, self._target
        rows = self._loader.acknowledged
        choice = choose_index(target.index, rows, target.dim, lite=gallery.milvus.is_lite)
        gallery.indexes.build(self.collection, choice)
        gallery.indexes.wait_for(self.collection, lambda left: self._say(f"{choice.kind}: {left}"))
        self._say("loading into memory")
        gallery.collections.load(self.collection)
        self._say("tuning searches")
        self._tune(TunedIndex(choice))
        self._say("replaying queries")
        warm(gallery, self.collection, self._sample)

    def _say(self, step: str) -> None:
        """Tell what goes on, beside how many shards are loaded."""
        self._on_progress(self._done, self._all, step)

    def _tune(self, index: TunedIndex) -> None:
        gallery = self._stores.gallery
        self._tuned = tune(
            gallery, self.collection, index.choice, self._sample, self._target.recall
        )
        gallery.indexes.keep(self.collection, self._tuned)

    def catch_up(self) -> IndexReport:
        """Take over what came meanwhile, and check; nobody else writes now."""
        stores = self._stores
        known = set(self._loader.shards)
        late = embed_missing(
            stores, self._use, lambda done, total: self._on_progress(done, total, "late covers")
        )
        self.fill()
        refresh_facts(stores, self.collection)
        stores.gallery.rows.flush(self.collection)
        if self._tuned is not None and self._loader.shards != known:
            self._tune(self._tuned)
        expected = stores.catalog.embeddings.count(self._use.name)
        check_collection(stores.gallery, self.collection, expected, self._sample.covers)
        return late

    def release(self) -> None:
        """Let readers use it."""
        self._stores.gallery.alias.point_to(self.collection)
        self._stores.catalog.embeddings.mark_all_indexed(self._use.name)
        self._say(f"{self.collection} serves")

    def give_up(self) -> None:
        """Drop it unless it serves already; if Milvus is away, the next build does."""
        gallery = self._stores.gallery
        with contextlib.suppress(CratewatchError):
            if gallery.alias.serving() != self.collection:
                gallery.collections.drop(self.collection)


def _some_shards(stores: Stores, model: str) -> list[EmbeddingShard]:
    """Return about SAMPLE_SHARDS shards, evenly among all."""
    found: list[EmbeddingShard] = []
    keys = sorted(stores.catalog.embeddings.shards(model))
    for key in keys[:: max(1, len(keys) // SAMPLE_SHARDS)]:
        with contextlib.suppress(NotFoundError):
            found.append(read_current(stores, model, key))
    if not any(shard.cover_ids for shard in found):
        raise CheckError(f"gallery: {model} has embedded no cover; import or refresh covers first")
    return [shard for shard in found if shard.cover_ids]
