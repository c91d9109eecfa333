"""Pictures of persons with words: three layouts of data sets, read as they are given out.

A data set of attributes (PETA's): a folder with labels.jsonl, and its pictures beside it or in
images.tar. One of captions: CUHK-PEDES' JSON, or the captions.json of DeepFashion-MultiModal.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.words.peta import look_of
from cratewatch.words.traits import Look

PETA, PETA_PICTURES = "labels.jsonl", "images.tar"
CUHK_PEDES = ("reid_raw.json", "caption_all.json")
DEEP_FASHION = "captions.json"
Read = Callable[[str], bytes]
FOLDERS = ("imgs", "images", "image", ".")
"""Where data sets keep their pictures, beside the file that names them."""


@dataclass(frozen=True)
class Person:
    """A picture of a person, and what is said of it.

    Attributes:
        identity: Of the person: splits are by it.
        picture: The bytes of an image file.
        look: Its traits, where they are known.
        captions: Said of it by hand; none where captions are made of the look.
    """

    identity: str
    picture: bytes
    look: Look = frozenset()
    captions: tuple[str, ...] = ()


def read_persons(folder: Path) -> list[Person]:
    """Read a data set, in the order of its file.

    Raises:
        NotFoundError: if the folder holds none of the files that this reads.
        CratewatchError: if a record or a picture is missing or is not as it should be.
    """
    if (folder / PETA).is_file():
        return list(_read_peta(folder))
    for name in CUHK_PEDES:
        if (folder / name).is_file():
            return list(_read_cuhk_pedes(folder, _load(folder / name)))
    if (folder / DEEP_FASHION).is_file():
        return list(_read_deep_fashion(folder, _load(folder / DEEP_FASHION)))
    raise NotFoundError(
        f"{folder}: neither {PETA}, {' nor '.join(CUHK_PEDES)} nor {DEEP_FASHION} is there; name "
        "the folder of a data set of persons"
    )


def _read_peta(folder: Path) -> Iterator[Person]:
    pictures = _pictures(folder)
    for number, line in enumerate((folder / PETA).read_text().splitlines(), 1):
        try:
            record = json.loads(line)
            name, person, labels = record["image"], record["person"], record["labels"]
            look = look_of(labels)
        except (ValueError, KeyError, TypeError) as error:
            raise CratewatchError(
                f"{folder / PETA}: line {number} is no record with image, person, labels ({error})"
            ) from error
        yield Person(person, pictures(name), look)


def _read_cuhk_pedes(folder: Path, records: Any) -> Iterator[Person]:
    pictures = _pictures(folder)
    for number, record in enumerate(records, 1):
        try:
            identity, captions = str(record["id"]), tuple(map(str, record["captions"]))
            name = record["file_path"] if "file_path" in record else record["img_path"]
        except (KeyError, TypeError) as error:
            raise CratewatchError(
                f"{folder}: record {number} lacks id, file_path or captions ({error})"
            ) from error
        yield Person(identity, pictures(name), captions=captions)


def _read_deep_fashion(folder: Path, captions: Any) -> Iterator[Person]:
    pictures = _pictures(folder)
    if not isinstance(captions, Mapping):
        raise CratewatchError(f"{folder / DEEP_FASHION}: it is no object of names and captions")
    for name, told in captions.items():
        texts = (told,) if isinstance(told, str) else tuple(told)
        yield Person(_fashion_identity(name), pictures(name), captions=texts)


def _fashion_identity(name: str) -> str:
    """Return the garment's id, of MEN-Denim-id_00000080-01_7_additional.jpg: id_00000080."""
    part = next((part for part in Path(name).stem.split("-") if part.startswith("id_")), "")
    return part or Path(name).stem


def _load(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except ValueError as error:
        raise CratewatchError(f"{file}: it is no JSON ({error})") from error


def _pictures(folder: Path) -> Read:
    """Return what reads a picture by its name."""
    if (folder / PETA_PICTURES).is_file():
        return _in_tar(folder / PETA_PICTURES)

    def read(name: str) -> bytes:
        for place in FOLDERS:
            file = folder / place / name
            if file.is_file() and file.resolve().is_relative_to(folder.resolve()):
                return file.read_bytes()
        raise CratewatchError(f"{folder}: {name} is named and is not there; unpack the pictures")

    return read


def _in_tar(file: Path) -> Read:
    with tarfile.open(file) as archive:
        held = {
            member.name: opened.read()
            for member in archive
            if (opened := archive.extractfile(member)) is not None
        }

    def read(name: str) -> bytes:
        if name not in held:
            raise CratewatchError(f"{file}: {name} is named and is not there")
        return held[name]

    return read
