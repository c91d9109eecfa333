"""Answers a stream of image paths with what the gallery knows about them."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.facts import EVERYTHING, Wanted
from cratewatch.chunks import chunks
from cratewatch.embedding.embedder import Embedder
from cratewatch.embedding.loading import load_model
from cratewatch.errors import ImageError
from cratewatch.gallery.gallery import Gallery, open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.images.reading import decode, read_file
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.copies import LOOKED_AT, Copies, Found
from cratewatch.retrieval.cover_keypoints import CoverKeypoints
from cratewatch.retrieval.matches import Match, look_up, to_search
from cratewatch.retrieval.model_aids import load_background, load_calibration
from cratewatch.retrieval.searcher import Searcher
from cratewatch.retrieval.verdict import Calibration
from cratewatch.settings import Settings


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

    def answers(self, paths: Iterable[str], top: int, batch: int) -> Iterator[dict[str, Any]]:
        """Yield one JSON-ready answer for each path, in order; see docs/data-format.md."""
        for chunk in chunks(paths, batch):
            yield from self._answer(chunk, top)

    def _answer(self, paths: Sequence[str], top: int) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = [{"query": path} for path in paths]
        images: list[Image.Image] = []
        files: list[bytes] = []
        readable: list[dict[str, Any]] = []
        side_px = 4 * self.embedder.config.image_px
        for answer in answers:
            try:
                data = read_file(Path(answer["query"]))
                images.append(decode(data, side_px=side_px))
                files.append(data)
                readable.append(answer)
            except ImageError as error:
                answer["error"] = f"{error.reason}: {error}"
        found = self._find(images, files, top)
        rows = [one.hits for one in found]
        all_matches = look_up(rows, self.searcher.wanted, self.catalog, top)
        for answer, one, matches in zip(readable, found, all_matches, strict=True):
            answer["known"] = self._verdict(matches, one.copies)
            answer["matches"] = [_as_json(match) for match in matches]
        return answers

    def _find(self, images: Sequence[Image.Image], files: Sequence[bytes], top: int) -> list[Found]:
        if not images:
            return []
        ranked = self.searcher.search(images, max(LOOKED_AT, to_search(self.searcher.wanted, top)))
        return [self.copies.put_first(*one) for one in zip(images, files, ranked, strict=True)]

    def _verdict(self, matches: Sequence[Match], copies: Collection[str]) -> bool | None:
        """Whether the best match is believed; None where neither copy nor calibration can tell."""
        if matches and matches[0].cover_id in copies:
            return True
        if self.calibration is None:
            return None
        return bool(matches) and self.calibration.knows(matches[0].score)


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


def _as_json(match: Match) -> dict[str, Any]:
    return {
        "cover_id": match.cover_id,
        "score": round(match.score, 4),
        "source": match.source,
        "path_or_url": match.path_or_url,
        "releases": [asdict(release) for release in match.releases],
    }
