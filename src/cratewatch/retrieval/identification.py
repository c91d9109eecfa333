"""Answers a stream of image paths with what the gallery knows about them."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.facts import EVERYTHING, Wanted
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.inference import AUTO, Inference
from cratewatch.embedding.loading import load_model
from cratewatch.errors import ImageError
from cratewatch.finding.cutting import Upright, search_picture
from cratewatch.finding.finder import Finder
from cratewatch.finding.loading import load_finder
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.images.reading import decode, shown_size
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.answers import Answer, SleeveAnswer
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.copies import LOOKED_AT, Copies
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.matches import look_up, to_search
from cratewatch.retrieval.model_aids import load_background, load_calibration
from cratewatch.retrieval.notes import notes
from cratewatch.retrieval.searcher import Searcher
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
        self, pictures: Sequence[tuple[str, ReadPicture]], top: int, sleeves: Sleeves = "crop"
    ) -> list[Answer]:
        """Answer pictures, each of a name and what reads its file; bad ones with an error.

        Args:
            top: Matches of each, at most.
            sleeves: Whether to look for sleeves in them.
        """
        looked = [self._look(name, read, sleeves) for name, read in pictures]
        seen = [one for one in looked if isinstance(one, _Seen)]
        whole = iter(self._answer_whole([one for one in seen if one.image is not None], top))
        cut_out = [one for of_one in seen for one in (*of_one.sleeves, *of_one.doubtful)]
        named = iter(self.namer.name(cut_out, top))
        answers: list[Answer] = []
        for one in looked:
            if isinstance(one, Answer):
                answers.append(one)
                continue
            nothing = Answer.of(one.name, (), (), self.calibration)
            answer = nothing if one.image is None else next(whole)
            if sleeves != "crop":
                answer = answer.with_sleeves(one.answers(named), is_crop=one.is_crop)
            said = notes(one.data, one.size_px, answer)
            answers.append(replace(answer, notes=tuple(said)))
        return answers

    def _look(self, name: str, read: ReadPicture, sleeves: Sleeves) -> _Seen | Answer:
        """Read a picture and cut its sleeves out; whole photographs do not stay in memory."""
        try:
            data = read()
            size_px = shown_size(data)
            glance = None
            if sleeves != "find":
                glance = decode(data, side_px=4 * self.embedder.config.image_px)
            if sleeves == "crop":
                return _Seen(name, data, size_px, glance)
            searched = search_picture(data, self.finder, doubts=self.calibration is not None)
        except ImageError as error:
            return Answer(name, error=f"{error.reason}: {error}")
        is_crop = sleeves == "auto" and searched.is_crop
        found = searched.factor, searched.sleeves, searched.doubtful
        return _Seen(name, data, size_px, glance, is_crop, *found)

    def _answer_whole(self, seen: Sequence[_Seen], top: int) -> list[Answer]:
        """Answer pictures as crops."""
        if not seen:
            return []
        wanted = self.searcher.wanted
        images = [one.image for one in seen if one.image is not None]
        ranked = self.searcher.search(images, max(LOOKED_AT, to_search(wanted, top)))
        found = [
            self.copies.put_first(image, one.data, hits)
            for one, image, hits in zip(seen, images, ranked, strict=True)
        ]
        matches = look_up([one.hits for one in found], wanted, self.catalog, top)
        return [
            Answer.of(one.name, of_one, copies.copies, self.calibration)
            for one, of_one, copies in zip(seen, matches, found, strict=True)
        ]

    @functools.cached_property
    def finder(self) -> Finder:
        """What finds sleeves; loaded when the first picture is looked at."""
        return load_finder(self.inference)

    @property
    def namer(self) -> SleeveNamer:
        """What names sleeves."""
        return SleeveNamer(self.searcher, self.catalog, self.calibration)


@dataclass(frozen=True)
class _Seen:
    """A picture that was read.

    Attributes:
        size_px: Width and height as it is shown.
        image: The whole of it, small, if that is to be searched.
        is_crop: Whether it is a crop about one sleeve.
        factor: Pixels of the file for each of the picture in which sleeves were found.
        doubtful: What is a sleeve only if it is known.
    """

    name: str
    data: bytes
    size_px: tuple[int, int]
    image: Image.Image | None
    is_crop: bool = True
    factor: float = 1.0
    sleeves: tuple[Upright, ...] = ()
    doubtful: tuple[Upright, ...] = ()

    def answers(self, named: Iterator[SleeveAnswer]) -> list[SleeveAnswer]:
        """Return the next of named for each sleeve, and for those doubtful ones that are known."""
        sure = [next(named) for _ in self.sleeves]
        doubtful = [next(named) for _ in self.doubtful]
        kept = [*sure, *(one for one in doubtful if one.known)]
        return [one.scaled(self.factor) for one in kept]


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
        yield Identifier(searcher, catalog, fitting, Copies(catalog, lake), settings.inference)
