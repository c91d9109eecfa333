"""A collection that is built beside the one that serves: indexed, tuned, warmed, or given up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from cratewatch.errors import CratewatchError
from cratewatch.gallery.gallery import Gallery
from cratewatch.gallery.indexes import IndexChoice, TunedIndex
from cratewatch.indexing.checking import Probe, tune, warm

Say = Callable[[str], None]
"""Takes what is being done."""


class Building:
    """One new collection on its way.

    Attributes:
        collection: Its name.
        index: How it is searched, once index_and_tune() has found out.
    """

    def __init__(self, gallery: Gallery, collection: str, probe: Probe, recall: float) -> None:
        """Args: recall: Wanted recall@10 against exact search, 0..1."""
        self._gallery = gallery
        self._probe = probe
        self._recall = recall
        self.collection = collection
        self.index: TunedIndex | None = None

    def index_and_tune(self, choice: IndexChoice, say: Say) -> None:
        """Index what it holds, find out how hard searches have to try, and warm them up."""
        gallery = self._gallery
        gallery.indexes.build(self.collection, choice)
        gallery.indexes.wait_for(self.collection, lambda left: say(f"{choice.kind}: {left}"))
        say("loading into memory")
        gallery.collections.load(self.collection)
        say("tuning searches")
        self._tune(choice)
        say("replaying queries")
        warm(gallery, self.collection, self._probe)

    def tune_again(self) -> None:
        """Find out anew how hard searches have to try, after rows came."""
        if self.index is not None:
            self._tune(self.index.choice)

    def _tune(self, choice: IndexChoice) -> None:
        self.index = tune(self._gallery, self.collection, choice, self._probe, self._recall)
        self._gallery.indexes.keep(self.collection, self.index)

    def give_up(self) -> None:
        """Drop it unless it serves already; if Milvus is away, the next build does."""
        with contextlib.suppress(CratewatchError):
            if not self._gallery.alias.points_at(self.collection):
                self._gallery.collections.drop(self.collection)


def drop_left_overs(gallery: Gallery) -> list[str]:
    """Drop collections whose building was given up; for the holder of Catalog.one_rebuild."""
    serving = gallery.alias.serving()
    dropped = [
        name
        for name in gallery.collections.all()
        if name != serving and gallery.collections.describe(name).building
    ]
    for name in dropped:
        gallery.collections.drop(name)
    return dropped
