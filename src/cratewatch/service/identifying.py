"""Names what pictures show."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request, Response
from PIL import Image, ImageOps
from starlette.concurrency import run_in_threadpool

from cratewatch.catalog.facts import EVERYTHING, Wanted, year_span
from cratewatch.catalog.records import storable
from cratewatch.errors import NotFoundError
from cratewatch.finding.cutting import WHOLE_PX, cut_upright
from cratewatch.finding.finder import FoundSleeve
from cratewatch.finding.looking import Halvings
from cratewatch.images.reading import decode, pixels, shown_size
from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.filters import check_wanted
from cratewatch.service import schemas
from cratewatch.service.answers import answers, as_json, body_of
from cratewatch.service.batches import Asked
from cratewatch.service.entrance import scope
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.problems import Problem
from cratewatch.service.uploads import Named, Upload, read_upload

CROP_PX = 192
EXAMPLE = {"pictures": [{"name": "crop.png", "data": schemas.PICTURE}], "top": 3}

router = APIRouter(tags=["pictures"], dependencies=[Depends(scope("identify"))])


@router.post(
    "/v1/identify",
    response_model=schemas.Answers,
    responses=answers(408, 413, 415),
    openapi_extra=body_of(schemas.Ways, schemas.Pictures, EXAMPLE),
    summary="Name what pictures show",
)
async def identify(request: Request, parts: Annotated[Parts, Depends(parts_of)]) -> Response:
    """Answer each picture as `cratewatch identify --json` does, in their order.

    A picture that cannot be read has an `error`; if all are so, the answer is a problem.
    """
    upload = await read_upload(request, schemas.Ways, schemas.Pictures, parts.limits)
    if not upload.files:
        raise Problem(422, "no_picture", "no picture was sent; send at least one file")
    told = await ask(parts, upload)
    refuse_unreadable(told)
    shown = [_shown(answer, upload.told.probability) for answer in told]
    if upload.told.crops:
        await run_in_threadpool(_add_crops, shown, told, upload.files)
    return as_json({"model": parts.serving.model, "answers": shown})


async def ask(parts: Parts, upload: Upload[schemas.Ways]) -> list[Answer]:
    """Answer what was sent.

    Raises:
        Problem: if a filter is none, or no release has what it asks for.
    """
    ways = upload.told
    wanted = await run_in_threadpool(wanted_of, parts, ways)
    asked = Asked(upload.reads(parts.limits), ways.top, ways.sleeves, wanted)
    return await parts.serving.ask(asked)


def refuse_unreadable(told: Sequence[Answer]) -> None:
    """Raise a problem if no picture could be read."""
    if all(answer.error for answer in told):
        errors = [{"where": one.query, "what": one.error or ""} for one in told]
        said = "; ".join(f"{one['where']}: {one['what']}" for one in errors)
        raise Problem(422, "unreadable", said, errors=errors)


def wanted_of(parts: Parts, ways: Any) -> Wanted:
    """Return what is wanted of releases, checked.

    Raises:
        Problem: if no release has what is asked for.
        SettingsError: if the year is none.
    """
    years = year_span(ways.year) if ways.year else None
    wanted = Wanted(
        source=storable(ways.source),
        years=years,
        genre=storable(ways.genre),
        format=storable(ways.format),
        in_stock=ways.in_stock,
        withdrawn=ways.withdrawn,
    )
    if wanted == EVERYTHING:
        return EVERYTHING
    try:
        check_wanted(wanted, parts.catalog)
    except NotFoundError as error:
        raise Problem(422, "nothing_wanted", str(error).removeprefix("--")) from error
    return wanted


def _shown(answer: Answer, least: float | None) -> dict[str, Any]:
    """Return an answer; where a probability is asked for, known is what reaches it."""
    shown = answer.as_json()
    for one in (shown, *shown.get("sleeves", ())):
        if least is not None and one.get("probability") is not None:
            one["known"] = one["probability"] >= least
    return shown


def _add_crops(
    shown: Sequence[dict[str, Any]], told: Sequence[Answer], files: Sequence[Named]
) -> None:
    """Give each sleeve its picture, upright."""
    for answer, one, (_, data) in zip(shown, told, files, strict=True):
        if not one.sleeves:
            continue
        image = decode(data, side_px=WHOLE_PX)
        halved = Halvings.of(pixels(image))
        factor = max(image.size) / max(shown_size(data))
        for sleeve, place in zip(answer["sleeves"], one.sleeves, strict=True):
            quad = np.array(place.quad) * factor
            upright = cut_upright(halved, FoundSleeve(quad=quad, score=place.score))
            sleeve["crop"] = _data_url(upright.image, mirrored=place.mirrored)


def _data_url(image: Image.Image, *, mirrored: bool) -> str:
    file = io.BytesIO()
    small = image.resize((CROP_PX, CROP_PX))
    (ImageOps.mirror(small) if mirrored else small).save(file, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
