"""A home that is made once and copied for each test that wants it.

Its catalog names the files of one folder of covers, so that this folder is the same for all tests
of a process, and put in order before each.
"""

from __future__ import annotations

import io
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from cratewatch.catalog.catalog import open_catalog
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.gallery.gallery import open_gallery
from cratewatch.images.reading import load
from cratewatch.lake.folder import FolderLake
from cratewatch.sources.folder.importing import import_folder
from tests.made_collections import make_collection
from tests.pictures import draw_noise
from tests.tiny import TINY, tiny_net

COVERS = 24
CATALOG, GALLERY = "catalog.db", "gallery.db"


class Template:
    """Twenty-four covers, and what an import, an untrained model and an index make of them.

    Each part is made when it is first wanted.
    """

    def __init__(self, folder: Path) -> None:
        self.covers = folder / "covers"
        self._home = folder / "home"
        self._lake = FolderLake(self._home / "lake")
        self._pictures = {f"cover-{n:02d}.jpg": _jpeg(n) for n in range(COVERS)}
        self._model = ""

    def tidy_covers(self) -> None:
        """Have the folder hold the covers, whatever was done to it, and nothing else."""
        shutil.rmtree(self.covers, ignore_errors=True)
        self.covers.mkdir(parents=True)
        for name, data in self._pictures.items():
            (self.covers / name).write_bytes(data)

    def copy_import(self, home: Path) -> None:
        """Have a home's catalog and lake hold the covers; both may be open."""
        template = self._home / CATALOG
        if not template.exists():
            with closing(open_catalog(f"sqlite:///{template}")) as catalog:
                import_folder(self.covers, catalog, self._lake)
        with (
            closing(sqlite3.connect(template)) as made,
            closing(sqlite3.connect(home / CATALOG)) as copy,
        ):
            made.backup(copy)
        _copy(self._lake.root / "covers", home / "lake" / "covers")

    def copy_model(self, lake: FolderLake) -> str:
        """Have a lake hold the model; return its name."""
        if not self._model:
            self._model = save_model(self._lake, tiny_net(), TINY, {}, ["a-training-artwork"])
        _copy(self._lake.root / "models" / self._model, lake.root / "models" / self._model)
        return self._model

    def copy_index(self, home: Path) -> None:
        """Have a home's gallery serve the covers, by the model, after copies of both."""
        template = self._home / GALLERY
        if not template.exists():
            self._index(template)
        _copy(template, home / GALLERY)

    def _index(self, path: Path) -> None:
        with closing(open_catalog(f"sqlite:///{self._home / CATALOG}")) as catalog:
            covers = catalog.covers.all()
        pictures = [load(Path(cover.source_url)) for cover in covers]
        embeddings = load_model(self._lake, self._model).embed_covers(pictures)
        with open_gallery(str(path)) as gallery:
            make_collection(gallery, self._model, embeddings.shape[1])
            gallery.rows.upsert(
                self._model,
                [cover.cover_id for cover in covers],
                [cover.artwork_id for cover in covers],
                embeddings,
            )
            gallery.rows.flush(self._model)
            gallery.alias.point_to(self._model)


def _jpeg(seed: int) -> bytes:
    buffer = io.BytesIO()
    draw_noise(seed).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _copy(source: Path, target: Path) -> None:
    copy: Callable[..., object] = shutil.copytree if source.is_dir() else shutil.copy
    target.parent.mkdir(parents=True, exist_ok=True)
    copy(source, target)
