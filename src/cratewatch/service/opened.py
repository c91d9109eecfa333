"""An identifier that is open and warm, and whether it still is what it should be."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from PIL import Image

from cratewatch.folders import private_folder
from cratewatch.gallery.connection import file_of
from cratewatch.gallery.snapshot import Signature, copy_file, signature
from cratewatch.lake.opening import open_lake
from cratewatch.retrieval.identification import Identifier, open_identifier
from cratewatch.retrieval.model_aids import load_calibration
from cratewatch.secret_url import SecretUrl
from cratewatch.service.locks import hold_folder, is_held
from cratewatch.settings import Settings

PATIENCE_S = 1.0
"""With a gallery that is away; who asks meanwhile is told so, and comes again."""
OWN = "service"
"""The service's folder in the home: copies of a Milvus Lite file, and what keys have asked."""


@dataclass(frozen=True)
class Opened:
    """What is open.

    Attributes:
        of_file: Of the Milvus Lite file that was copied; None of a server.
        collection: Which the alias named when it was opened.
    """

    identifier: Identifier
    settings: Settings
    of_file: Signature | None
    collection: str | None
    closing: contextlib.ExitStack

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open and warm an identifier; of a Milvus Lite file that of a copy.

        Raises:
            NotFoundError: if nothing is indexed yet.
            CratewatchError: if something that it needs is away.
        """
        with contextlib.ExitStack() as stack:
            seen, reading = stack.enter_context(readable(settings))
            identifier = stack.enter_context(open_identifier(reading, patience_s=PATIENCE_S))
            warm(identifier)
            collection = identifier.gallery.alias.serving()
            return cls(identifier, settings, seen, collection, stack.pop_all())

    def is_stale(self) -> bool:
        """Whether another collection serves by now, or the file holds something else.

        Raises:
            CratewatchError: if something that it needs is away.
        """
        identifier = self.identifier
        _ = identifier.catalog.catalog_id
        name = identifier.embedder.name
        measured = load_calibration(open_lake(self.settings.lake), name)
        fits = measured is not None and measured.search == identifier.searcher.config
        if (measured if fits else None) != identifier.calibration:
            return True
        file = file_of(self.settings.gallery_uri)
        if file is not None:
            return signature(file) != self.of_file
        return identifier.gallery.alias.serving() != self.collection

    def close(self) -> None:
        """Give everything back."""
        self.closing.close()


@contextlib.contextmanager
def readable(settings: Settings) -> Iterator[tuple[Signature | None, Settings]]:
    """Yield settings by which a gallery can be read while others write to it."""
    file = file_of(settings.gallery_uri)
    if file is None:
        yield None, settings
        return
    with _folder(settings.home / OWN) as folder:
        copy = folder / "gallery.db"
        seen = copy_file(file, copy)
        yield seen, settings.model_copy(update={"gallery_uri": SecretUrl(str(copy))})


@contextlib.contextmanager
def _folder(copies: Path) -> Iterator[Path]:
    """Yield a new folder below another; those of processes that died are removed."""
    private_folder(copies)
    for left in copies.iterdir():
        if left.is_dir() and not is_held(left):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="copy-", dir=copies))
    try:
        with hold_folder(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def warm(identifier: Identifier) -> None:
    """Look at a picture in every way: the first one takes longest."""
    noise = np.random.default_rng(0).integers(256, size=(256, 256, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    identifier.identify([("warm", file.getvalue)], 5, "find")
    identifier.identify([("warm", file.getvalue)], 5, "crop")
