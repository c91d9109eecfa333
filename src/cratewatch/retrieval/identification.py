"""Answers a stream of image paths with what the gallery knows about them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.facts import EVERYTHING, Wanted
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.loading import load_model
from cratewatch.errors import ImageError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.images.reading import decode
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.copies import LOOKED_AT, Copies
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.matches import Match, look_up, to_search
from cratewatch.retrieval.model_aids import load_background, load_calibration
from cratewatch.retrieval.notes import notes
from cratewatch.retrieval.searcher import Searcher
from cratewatch.retrieval.verdict import Calibration
from cratewatch.settings import Settings

ReadPicture = Callable[[], bytes]
"""Returns an image file's bytes, or raises ImageError."""


@dataclass(frozen=True)
class Identifier:
    """The serving model with its gallery and catalog, open for queries.

    Attributes:
        calibration: None if there is none for the way in which queries are searched.
        copies: Finds covers that a query is a copy of.
    """

    searcher: Searcher
    catalog: Catalog
    calibration: Calibration | None
    copies: Copies

    @property
    def embedder(self) -> Embedder:
        """The model that serves."""
        return self.searcher.embedder

    @property
    def gallery(self) -> Gallery:
        """The gallery that is searched."""
        return self.searcher.gallery

    def identify(self, pictures: Sequence[tuple[str, ReadPicture]], top: int) -> list[Answer]:
        """Answer pictures, each of a name and what reads its file; bad ones with an error.

        Args:
            top: Matches of each, at most.
        """
        refused: dict[int, Answer] = {}
        images: list[Image.Image] = []
        files: list[bytes] = []
        side_px = 4 * self.embedder.config.image_px
        for number, (name, read) in enumerate(pictures):
            try:
                data = read()
                images.append(decode(data, side_px=side_px))
                files.append(data)
            except ImageError as error:
                refused[number] = Answer(name, error=f"{error.reason}: {error}")
        found = iter(zip(images, files, self._find(images, files, top), strict=True))
        return [
            refused.get(number) or self._answer(name, *next(found))
            for number, (name, _) in enumerate(pictures)
        ]

    def _answer(
        self, name: str, image: Image.Image, file: bytes, found: tuple[list[Match], frozenset[str]]
    ) -> Answer:
        answer = Answer.of(name, *found, self.calibration)
        return replace(answer, notes=tuple(notes(file, image, answer.verdict)))

    def _find(
        self, images: Sequence[Image.Image], files: Sequence[bytes], top: int
    ) -> list[tuple[list[Match], frozenset[str]]]:
        """Return the matches of each image, and of which covers it is a copy."""
        if not images:
            return []
        wanted = self.searcher.wanted
        ranked = self.searcher.search(images, max(LOOKED_AT, to_search(wanted, top)))
        found = [self.copies.put_first(*one) for one in zip(images, files, ranked, strict=True)]
        matches = look_up([one.hits for one in found], wanted, self.catalog, top)
        return [(of_one, one.copies) for of_one, one in zip(matches, found, strict=True)]


@contextlib.contextmanager
def open_identifier(
    settings: Settings, config: SearchConfig | None = None, wanted: Wanted = EVERYTHING
) -> Iterator[Identifier]:
    """Open the model that the gallery's alias names.

    Args:
        config: How to search; None for the default.
        wanted: What a release must be to be an answer.

    Raises:
        NotFoundError: if nothing is indexed yet.
    """
    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        open_gallery(*settings.gallery, owner=catalog.catalog_id) as gallery,
    ):
        collection = gallery.alias.require_serving()
        model = model_of(collection)
        gallery.collections.load(collection)
        lake = open_lake(settings.lake)
        searcher = Searcher(
            load_model(lake, model, settings.inference),
            gallery,
            config or SearchConfig(),
            load_background(lake, model),
            CoverKeypoints(lake),
            wanted,
        )
        calibration = load_calibration(lake, model)
        fits = calibration is not None and calibration.search == searcher.config
        fitting = calibration if fits else None
        yield Identifier(searcher, catalog, fitting, Copies(catalog, lake))
