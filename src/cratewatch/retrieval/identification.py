"""Answers a stream of image paths with what the gallery knows about them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.facts import EVERYTHING, Wanted
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.embedding.loading import load_model
from cratewatch.errors import ImageError
from cratewatch.finding.finder import Finder
from cratewatch.finding.loading import load_finder
from cratewatch.gallery.connection import PATIENCE_S
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.images.reading import shown_size
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.blas import one_blas_thread
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.copies import Copies
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.crops import CropNamer
from cratewatch.retrieval.model_aids import load_background, load_calibration
from cratewatch.retrieval.notes import notes
from cratewatch.retrieval.opened import Picture
from cratewatch.retrieval.searcher import Searcher
from cratewatch.retrieval.seeking import Seeker
from cratewatch.retrieval.sleeves import SleeveNamer, Sleeves
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
        inference: How the finder is to run.
    """

    searcher: Searcher
    catalog: Catalog
    calibration: Calibration | None
    copies: Copies
    inference: Inference = AUTO

    @property
    def embedder(self) -> Embedder:
        """The model that serves."""
        return self.searcher.embedder

    @property
    def gallery(self) -> Gallery:
        """The gallery that is searched."""
        return self.searcher.gallery

    def identify(
        self, pictures: Sequence[tuple[str, ReadPicture]], top: int, sleeves: Sleeves = "auto"
    ) -> list[Answer]:
        """Answer pictures, each of a name and what reads its file; bad ones with an error.

        Args:
            top: Matches of each, at most.
            sleeves: Whether to look for sleeves in them.
        """
        opened = [self._open(name, read, sleeves) for name, read in pictures]
        good = [one for one in opened if isinstance(one, Picture)]
        answers = iter(self._answer(good, top, sleeves))
        return [next(answers) if isinstance(one, Picture) else one for one in opened]

    def _open(self, name: str, read: ReadPicture, sleeves: Sleeves) -> Picture | Answer:
        try:
            data = read()
            picture = Picture(name, data, shown_size(data), 4 * self.embedder.config.image_px)
            if sleeves != "find":
                picture.image.load()
        except ImageError as error:
            return Answer(name, error=f"{error.reason}: {error}")
        return picture

    def _answer(self, pictures: Sequence[Picture], top: int, sleeves: Sleeves) -> list[Answer]:
        if sleeves == "crop":
            answers = self.crops.name(pictures, top)
        elif sleeves == "find":
            sought = self.seeker.seek(pictures, top)
            answers = [
                one.beside(Answer.of(one.picture.name, (), (), self.calibration)) for one in sought
            ]
        else:
            answers = self._crop_or_whole(pictures, top)
        return [
            replace(answer, notes=tuple(notes(one.data, one.size_px, answer)))
            for one, answer in zip(pictures, answers, strict=True)
        ]

    def _crop_or_whole(self, pictures: Sequence[Picture], top: int) -> list[Answer]:
        """Look for sleeves in what is no crop at a glance, closer at what none is known in."""
        glimpses = self.crops.glance(pictures, top)
        answers = [one.answer.with_sleeves((), is_crop=True) for one in glimpses]
        unclear = [n for n, one in enumerate(glimpses) if not one.is_crop]
        if not unclear:  # without a need the finder is not even loaded
            return answers
        sought = self.seeker.seek([pictures[n] for n in unclear], top)
        unsettled = [n for n, one in zip(unclear, sought, strict=True) if not one.settled]
        closer = self.crops.look_on([glimpses[n] for n in unsettled], top)
        whole = dict(zip(unsettled, closer, strict=True))
        for n, one in zip(unclear, sought, strict=True):
            answers[n] = one.beside(whole.get(n, glimpses[n].answer))
        return answers

    def wanting(self, wanted: Wanted) -> Identifier:
        """Return one that answers with what is wanted alone; what is loaded serves both."""
        other = replace(self, searcher=replace(self.searcher, wanted=wanted))
        vars(other)["finder"] = self.finder
        return other

    @functools.cached_property
    def finder(self) -> Finder:
        """What finds sleeves; loaded when the first picture is looked at."""
        return load_finder(self.inference)

    @property
    def crops(self) -> CropNamer:
        """What names crops."""
        return CropNamer(self.searcher, self.catalog, self.calibration, self.copies)

    @property
    def namer(self) -> SleeveNamer:
        """What names sleeves."""
        return SleeveNamer(self.searcher, self.catalog, self.calibration)

    @property
    def seeker(self) -> Seeker:
        """What looks for sleeves in pictures."""
        return Seeker(self.finder, self.namer)


@contextlib.contextmanager
def open_identifier(
    settings: Settings,
    config: SearchConfig | None = None,
    wanted: Wanted = EVERYTHING,
    *,
    patience_s: float = PATIENCE_S,
) -> Iterator[Identifier]:
    """Open the model that the gallery's alias names.

    Args:
        config: How to search; None for the default.
        wanted: What a release must be to be an answer.
        patience_s: How long to ask the gallery again while it is away.

    Raises:
        NotFoundError: if nothing is indexed yet.
    """
    with (
        contextlib.closing(open_catalog(settings.catalog_url)) as catalog,
        open_gallery(*settings.gallery, owner=catalog.catalog_id, patience_s=patience_s) as gallery,
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
        with one_blas_thread():
            yield Identifier(searcher, catalog, fitting, Copies(catalog, lake), settings.inference)
