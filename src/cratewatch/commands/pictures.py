"""The pictures that a command is given: files, folders, patterns, or standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from io import BufferedReader
from pathlib import Path

from cratewatch.errors import ImageError, NotFoundError
from cratewatch.images.reading import SUFFIXES, read_file

Picture = tuple[str, Callable[[], bytes]]
"""A name, and what reads the file or raises ImageError."""

VIDEOS = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".wmv", ".flv")
HEAD = 64
"""Bytes of standard input in which a picture shows what no path holds."""


def pictures(arguments: Sequence[str]) -> Iterator[Picture]:
    """Yield what is to be looked at, in order.

    A folder gives the images below it, a pattern such as ``crops/*.jpg`` the files that it fits,
    and ``-`` a picture on standard input, or paths there, one a line.

    Raises:
        NotFoundError: if a folder holds no image, or a pattern fits none.
    """
    for argument in arguments:
        if argument == "-":
            yield from _standard_input()
        else:
            yield from map(_file, _paths(argument))


def all_missing(arguments: Sequence[str]) -> bool:
    """Whether nothing that is named is there."""
    return not any(name == "-" or _paths(name, missing=False) for name in arguments)


def _paths(argument: str, *, missing: bool = True) -> list[str]:
    if os.path.isdir(argument):  # noqa: PTH112  a path of any bytes
        found = sorted(str(path) for path in Path(argument).rglob("*") if _is_image(path))
    elif os.path.lexists(argument) or not glob.has_magic(argument):
        return [argument] if missing or os.path.lexists(argument) else []
    else:
        found = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207  a pattern may be absolute
    if not found:
        raise NotFoundError(f"{argument}: no image there ({', '.join(SUFFIXES)}); check the path")
    return found


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _file(path: str) -> Picture:
    if path.lower().endswith(VIDEOS):
        return path, _refuse_video
    return path, partial(read_file, Path(path))


def _refuse_video() -> bytes:
    raise ImageError("video", "a video; give pictures, such as single frames of it")


def _standard_input() -> Iterator[Picture]:
    stream = getattr(sys.stdin, "buffer", None)
    if isinstance(stream, BufferedReader) and _holds_picture(stream.peek(HEAD)[:HEAD]):
        data = stream.read()
        yield "-", lambda: data
        return
    for line in sys.stdin:
        if line.strip():
            yield _file(line.rstrip("\n"))


def _holds_picture(head: bytes) -> bool:
    """Whether these are the first bytes of an image file: no path holds a zero byte."""
    return b"\0" in head or head.startswith(b"\xff\xd8")
