"""Imports a folder of cover images, with a CSV of what they show if there is one."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

from cratewatch.catalog import Catalog, Cover, Diff, Item, Release, item_key
from cratewatch.catalog.artworks import ArtworkIndex
from cratewatch.errors import CratewatchError, ImageError, NotFoundError
from cratewatch.images import prepare_cover, read_file
from cratewatch.lake import COVERS, Lake, cover_key
from cratewatch.settings import IMPORT_SOURCE

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
TEXT_COLUMNS = ("artist", "title", "label", "catno", "barcode", "country", "format", "currency")
COLUMNS = ("file", *TEXT_COLUMNS, "year", "genre", "price")
Number = TypeVar("Number", int, Decimal)


@dataclass(frozen=True)
class ImportReport:
    """What an import did; failed counts the images that were refused, by reason."""

    releases: Diff
    covers_new: int
    covers_known: int
    failed: dict[str, int] = field(default_factory=dict)


def import_folder(
    folder: Path,
    catalog: Catalog,
    lake: Lake,
    *,
    csv_file: Path | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ImportReport:
    """Store every image below folder as a cover of one release.

    Without a CSV the file's name is the title. Images that were imported before and have not
    been written since are not read again.

    Raises:
        NotFoundError: if the folder or the CSV is missing or holds nothing to import.
        CratewatchError: if the CSV lacks its file column or has an unknown one.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise NotFoundError(f"import: {folder} is not a folder")
    releases = _from_csv(csv_file, folder) if csv_file else _from_files(folder)
    run_id = catalog.runs.start(IMPORT_SOURCE)
    catalog.stage(run_id, releases)
    diff = catalog.apply_crawl(run_id, IMPORT_SOURCE, complete=False)
    stored = catalog.stored_images(IMPORT_SOURCE)
    paths = [Path(release.image_url or "") for release in releases]
    todo = [path for path in paths if _written_since(path, stored.get(str(path)))]
    catalog.items.plan(run_id, IMPORT_SOURCE, "cover", map(str, todo))
    new = _store_covers(todo, catalog, lake, run_id, on_progress)
    report = ImportReport(diff, new, len(paths) - len(todo), catalog.items.failures_of_run(run_id))
    catalog.runs.finish(run_id, "done", {"releases": len(releases), "covers_new": new})
    return report


def _from_files(folder: Path) -> list[Release]:
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    for path in files:
        _check_name(path)
    if not files:
        raise NotFoundError(f"import: no image ({', '.join(SUFFIXES)}) below {folder}")
    return [
        Release(
            source=IMPORT_SOURCE,
            native_id=item_key(str(path)),
            title=path.stem,
            image_url=str(path),
        )
        for path in files
    ]


def _from_csv(csv_file: Path, folder: Path) -> list[Release]:
    try:
        with csv_file.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            _check_columns(csv_file, reader.fieldnames or ())
            releases = list(_rows(reader, csv_file, folder))
    except FileNotFoundError as error:
        raise NotFoundError(f"import: no such file: {csv_file}") from error
    except UnicodeDecodeError as error:
        raise CratewatchError(f"{csv_file}: not UTF-8 ({error}); save it as UTF-8") from error
    except (OSError, csv.Error) as error:
        raise CratewatchError(f"import: {csv_file} cannot be read as CSV: {error}") from error
    if not releases:
        raise NotFoundError(f"import: {csv_file} has no rows")
    return releases


def _check_name(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise CratewatchError(f"import: the name of {path!r} is not UTF-8; rename it") from error


def _check_columns(csv_file: Path, columns: object) -> None:
    names = set(columns) if isinstance(columns, list | tuple) else set()
    if "file" not in names or names - set(COLUMNS):
        unknown = ", ".join(sorted(names - set(COLUMNS))) or "none"
        raise CratewatchError(
            f"{csv_file}: the column `file` is needed, further ones may be "
            f"{', '.join(COLUMNS[1:])}; unknown here: {unknown}"
        )


def _rows(reader: csv.DictReader[str], csv_file: Path, folder: Path) -> Iterator[Release]:
    seen: Counter[str] = Counter()
    for row in reader:
        where = f"{csv_file}, line {reader.line_num}"
        if not row["file"]:
            raise CratewatchError(f"{where}: no file is named")
        path = folder / row["file"]
        text: dict[str, Any] = {name: row.get(name) or None for name in TEXT_COLUMNS}
        seen[str(path)] += 1
        yield Release(
            source=IMPORT_SOURCE,
            # Several releases may share one cover: the second line of a file is file#2.
            native_id=item_key(f"{path}#{seen[str(path)]}" if seen[str(path)] > 1 else str(path)),
            **{**text, "title": text["title"] or path.stem},
            year=_number(row.get("year"), int, f"{where}, year"),
            price=_number(row.get("price"), Decimal, f"{where}, price"),
            genres=tuple(filter(None, (row.get("genre") or "").split(";"))),
            image_url=str(path),
        )


def _number(text: str | None, kind: Callable[[str], Number], where: str) -> Number | None:
    if not text:
        return None
    try:
        number = kind(text)
    except (ValueError, InvalidOperation) as error:
        raise CratewatchError(f"{where}: {text!r} is not a number") from error
    if not math.isfinite(number):
        raise CratewatchError(f"{where}: {text!r} is not a number")
    return number


def _written_since(path: Path, fetched_at: datetime | None) -> bool:
    if fetched_at is None:
        return True
    return path.is_file() and datetime.fromtimestamp(path.stat().st_mtime, UTC) > fetched_at


def _store_covers(
    paths: list[Path],
    catalog: Catalog,
    lake: Lake,
    run_id: str,
    on_progress: Callable[[int, int], None],
) -> int:
    artworks = ArtworkIndex(*catalog.phashes())
    lake.tidy(COVERS)
    new = 0
    for done, path in enumerate(paths, start=1):
        try:
            stored = prepare_cover(read_file(path))
        except ImageError as error:
            item = Item(IMPORT_SOURCE, "cover", str(path), "failed", error.reason, str(error))
            catalog.items.record(run_id, [item])
        else:
            lake.write(cover_key(stored.cover_id), stored.data)
            cover = Cover(
                cover_id=stored.cover_id,
                artwork_id=artworks.assign(stored.cover_id, stored.phash),
                source=IMPORT_SOURCE,
                source_url=str(path),
                width_px=stored.width_px,
                height_px=stored.height_px,
                phash=stored.phash,
                fetched_at=datetime.now(UTC),
            )
            new += catalog.add_cover(run_id, cover, str(path))
        on_progress(done, len(paths))
    return new
