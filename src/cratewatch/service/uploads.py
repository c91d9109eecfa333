"""Reads what is sent: pictures as multipart or in base64, and how they are to be looked at."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from cratewatch.catalog.records import storable
from cratewatch.errors import ImageError
from cratewatch.images.reading import shown_size
from cratewatch.retrieval.identification import ReadPicture
from cratewatch.service.limits import MIB, Limits
from cratewatch.service.problems import Problem
from cratewatch.service.schemas import Picture

MOST_FIELDS = 40
MOST_NAME = 255
Told = TypeVar("Told", bound=BaseModel)
Named = tuple[str, bytes]


@dataclass(frozen=True)
class Upload(Generic[Told]):
    """What was sent.

    Attributes:
        told: All but the pictures' bytes.
        files: Pictures, each of a name.
    """

    told: Told
    files: Sequence[Named]

    def reads(self, limits: Limits) -> list[tuple[str, ReadPicture]]:
        """Return the pictures as an identifier takes them; of large ones the head alone is read."""
        return [(name, partial(_bounded, data, limits.pixels)) for name, data in self.files]


async def read_upload(
    request: Request, of_form: type[Told], of_json: type[Told], limits: Limits
) -> Upload[Told]:
    """Read a request's body.

    Args:
        of_form: What the fields of a form are; of_json what an object of JSON is, which has
            `pictures`.

    Raises:
        Problem: if it is neither, or something in it is wrong or too large.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_form(request, of_form, limits)
    if kind == "application/json":
        body = await request.body()
        return await run_in_threadpool(_read_json, body, of_json, limits)
    raise Problem(
        415, "wrong_content_type", "send multipart/form-data with files, or application/json"
    )


async def _read_form(request: Request, kind: type[Told], limits: Limits) -> Upload[Told]:
    fields: dict[str, Any] = {}
    files: list[Named] = []
    form = await _form(request, limits)
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                if (value.size or 0) > limits.file_bytes:
                    raise _too_large(value.filename or name, limits)
                files.append((_name(value.filename, len(files)), await value.read()))
            else:
                fields[name] = value
    finally:
        await form.close()
    return Upload(_validated(kind, fields), files)


async def _form(request: Request, limits: Limits) -> FormData:
    """Return a form; at the first file too many it is read no further."""
    try:
        return await request.form(max_files=limits.files, max_fields=MOST_FIELDS)
    except HTTPException as error:
        if str(error.detail).startswith("Too many files"):
            raise _too_many(f"more than {limits.files}", limits) from error
        raise


def _too_many(found: str, limits: Limits) -> Problem:
    return Problem(413, "too_many", f"{found} pictures; send {limits.files} at once")


def _read_json(body: bytes, kind: type[Told], limits: Limits) -> Upload[Told]:
    try:
        told = kind.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error) from error
    pictures: list[Picture] = getattr(told, "pictures", [])
    if len(pictures) > limits.files:
        raise _too_many(str(len(pictures)), limits)
    return Upload(told, [_decoded(one, n, limits) for n, one in enumerate(pictures)])


def _decoded(picture: Picture, number: int, limits: Limits) -> Named:
    text = picture.data.rpartition(";base64,")[2]  # a data URL will do
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        where = f"pictures.{number}.data"
        raise Problem(
            422, "no_base64", f"{where}: no base64 ({error}); send the file's bytes so"
        ) from error
    if len(data) > limits.file_bytes:
        raise _too_large(picture.name or str(number), limits)
    return _name(picture.name, number), data


def _name(given: str | None, number: int) -> str:
    return storable(given or "")[:MOST_NAME] or f"picture {number}"


def _too_large(name: str, limits: Limits) -> Problem:
    most = limits.file_bytes // MIB
    return Problem(413, "too_large", f"{name[:80]}: larger than {most} MiB; scale it down")


def _validated(kind: type[Told], fields: dict[str, Any]) -> Told:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise _invalid(error) from error


def _invalid(error: ValidationError) -> Problem:
    errors = [
        {"where": ".".join(map(str, one["loc"])) or "body", "what": one["msg"]}
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    detail = "; ".join(f"{one['where']}: {one['what']}" for one in errors[:10])
    return Problem(422, "invalid", detail, errors=errors[:100])


def _bounded(data: bytes, most: int) -> bytes:
    """Return a picture's bytes, unless its head says that it has too many pixels."""
    width, height = shown_size(data)
    if width * height > most:
        raise ImageError(
            "too_many_pixels", f"{width} x {height} px are more than {most:,} px; scale it down"
        )
    return data
