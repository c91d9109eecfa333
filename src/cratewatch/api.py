"""The library as other programs call it: open a home, then ask it; see docs/python.md."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from PIL import Image

from cratewatch.catalog.browsing import Query
from cratewatch.catalog.facts import EVERYTHING, Wanted
from cratewatch.catalog.records import ListedRelease, storable
from cratewatch.chunks import chunks
from cratewatch.embedding.arrays import Embeddings
from cratewatch.errors import ImageError
from cratewatch.images.reading import decode, read_file
from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.filters import check_wanted
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.retrieval.sleeves import Sleeves
from cratewatch.settings import load_settings

Picture = str | Path | bytes | Image.Image | npt.NDArray[np.uint8]
"""A file's path or its bytes, a PIL image, or pixels (H, W, 3) in RGB, or (H, W) in grey."""

BATCH = 64


def open_home(home: str | Path | None = None, wanted: Wanted = EVERYTHING) -> Home:
    """Open a home; close what is returned, or use it in a `with`.

    Args:
        home: Its folder; None for $CRATEWATCH_HOME or ~/.cratewatch.
        wanted: What a release must be to be an answer.

    Raises:
        SettingsError: if its settings are not right.
        NotFoundError: if nothing is indexed there, or no release has what is wanted.
        UnavailableError: if a store cannot be reached, or another process holds the gallery.
    """
    with contextlib.ExitStack() as stack:
        opening = open_identifier(load_settings(home=home), wanted=wanted)
        identifier = stack.enter_context(opening)
        check_wanted(wanted, identifier.catalog)
        return Home(identifier, wanted, stack.pop_all())


class Home:
    """A home that is open for questions, with the model that serves."""

    def __init__(
        self, identifier: Identifier, wanted: Wanted, opened: contextlib.ExitStack
    ) -> None:
        self._identifier = identifier
        self._wanted = wanted
        self._opened = opened

    @property
    def model(self) -> str:
        """The name of the model that serves."""
        return self._identifier.embedder.name

    def identify(
        self, pictures: Iterable[Picture], top: int = 5, sleeves: Sleeves = "auto"
    ) -> list[Answer]:
        """Name what pictures show, in their order; one that cannot be read has an error.

        Args:
            top: Matches of each, at most, one for each artwork.
            sleeves: Whether to look for sleeves in a picture, or to take it for a crop of one;
                "auto" looks, unless it is recognised as a crop at a glance.
        """
        answers: list[Answer] = []
        for part in chunks(pictures, BATCH):
            named = [
                (_name(picture, len(answers) + number), partial(_file_of, picture))
                for number, picture in enumerate(part)
            ]
            answers += self._identifier.identify(named, top, sleeves)
        return answers

    def embed(self, pictures: Sequence[Picture]) -> Embeddings:
        """Return (N, dim) float32 of unit length: pictures as queries are embedded.

        Raises:
            ImageError: if one cannot be read.
        """
        embedder = self._identifier.embedder
        side_px = 4 * embedder.config.image_px
        parts = [
            embedder.embed_queries([decode(_file_of(one), side_px=side_px) for one in part])
            for part in chunks(pictures, BATCH)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, embedder.config.dim), np.float32)

    def releases(
        self,
        text: str = "",
        *,
        artist: str = "",
        label: str = "",
        wanted: Wanted | None = None,
        limit: int | None = None,
    ) -> Iterator[ListedRelease]:
        """Yield what the catalog lists, by artist and title, as it is read.

        Args:
            text: Words of artist, title, label, catalogue number or barcode, of which each must be
                there; capitals and accents make no difference.
            artist: Words of the artist's name; label likewise.
            wanted: What a release must be; None for what the home was opened with.

        Raises:
            NotFoundError: if no release at all has what is wanted.
        """
        catalog = self._identifier.catalog
        if wanted is not None:
            check_wanted(wanted, catalog)
        query = Query(storable(text), storable(artist), storable(label), wanted or self._wanted)
        return catalog.browse.releases(query, limit)

    def close(self) -> None:
        """Give the gallery and the catalog back."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _name(picture: Picture, number: int) -> str:
    return str(picture) if isinstance(picture, str | Path) else f"picture {number}"


def _file_of(picture: Picture) -> bytes:
    """Return a picture as a file's bytes, which is what is compared with covers."""
    if isinstance(picture, str | Path):
        return read_file(Path(picture))
    if isinstance(picture, bytes):
        return picture
    try:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        file = io.BytesIO()
        image.save(file, "PNG", compress_level=1)
    except (TypeError, ValueError, OSError) as error:
        raise ImageError(
            "unreadable",
            f"no picture ({error}); give RGB pixels (H, W, 3) in uint8, or a PIL image",
        ) from error
    return file.getvalue()
