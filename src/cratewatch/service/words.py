"""Searches for persons by words; each is written into the audit before it is answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, Depends, Path, Query, Response

from cratewatch.catalog.keys import Key
from cratewatch.catalog.records import storable
from cratewatch.errors import NotFoundError
from cratewatch.footage.kept_runs import find_run
from cratewatch.gallery.person_rows import PersonsWanted
from cratewatch.service import schemas
from cratewatch.service.answers import answers, as_json
from cratewatch.service.entrance import scope
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.problems import Problem
from cratewatch.words.kept import PERSONS, as_jpeg, expires_at, read_pictures
from cratewatch.words.ranking import Cut
from cratewatch.words.searching import Found, Moment
from cratewatch.words.showing import shown_crop
from cratewatch.words.times import read_span
from flows.pruning import FOOTAGE

MOST_TOP = 500
MOST_PROMPT = 20_000
MOST_FACETS = 8
FOLDER = r"^[0-9]{12}-[0-9a-f]{64}$"
NAME = r"^[0-9]{6,12}-[0-9]$"

router = APIRouter(tags=["footage"])
Open = Annotated[Parts, Depends(parts_of)]
Visitor = Annotated[Key | None, Depends(scope("footage"))]


class Asked:
    """What narrows a search, as a query string tells it."""

    def __init__(
        self,
        camera: Annotated[str, Query(max_length=128)] = "",
        since: Annotated[str, Query(alias="from", max_length=40)] = "",
        until: Annotated[str, Query(alias="to", max_length=40)] = "",
        facet: Annotated[list[str] | None, Query(max_length=MOST_FACETS)] = None,
    ) -> None:
        self.camera = storable(camera)
        self.since, self.until = storable(since), storable(until)
        self.facets = tuple(storable(one) for one in facet or ())

    def wanted(self, zone: str) -> PersonsWanted:
        """Return what can be an answer; raises CratewatchError for times that are none."""
        since, until = read_span(self.since, self.until, ZoneInfo(zone))
        return PersonsWanted(datetime.now(UTC), self.camera, since, until, self.facets)


@router.get(
    "/v1/footage/search",
    response_model=schemas.WordsFound,
    responses=answers(404),
    summary="Persons who fit a description, best first",
)
def search(  # noqa: PLR0913, PLR0917  parameters of a query string
    parts: Open,
    key: Visitor,
    asked: Annotated[Asked, Depends()],
    prompt: Annotated[str, Query(min_length=1, max_length=MOST_PROMPT)],
    top: Annotated[int, Query(ge=1, le=MOST_TOP)] = 24,
    least: Annotated[float, Query(ge=-1, le=1, allow_inf_nan=False)] = 0.35,
) -> Response:
    """Search what was indexed; nobody fits who is less similar than the least."""
    found = find_persons(parts, key, prompt, asked, Cut(least, top))
    return as_json(
        {
            "prompt": found.prompt,
            "by": found.explained.by,
            "answered": list(found.explained.answered),
            "not_answered": list(found.explained.left),
            "nothing": found.nothing,
            "facets": found.facets,
            "results": [told_of(parts, moment) for moment in found.moments],
        }
    )


def find_persons(parts: Parts, key: Key | None, prompt: str, asked: Asked, cut: Cut) -> Found:
    """Search, and write into the audit who searched for whom.

    Raises:
        CratewatchError: see WordServing.search().
    """
    prompt = storable(prompt)
    wanted = asked.wanted(parts.settings.timezone)
    found = parts.words.search(prompt, wanted, cut)
    narrowed = filter(None, (asked.camera, asked.since, asked.until, *asked.facets))
    who = f"key {key.name}" if key else "nobody needs a key"
    parts.catalog.audit.note(
        "words", "service", " | ".join([prompt, *narrowed]), len(found.moments), who
    )
    return found


def told_of(parts: Parts, moment: Moment) -> dict[str, Any]:
    """Return what is told of a moment: no path of the machine, but where to look at it."""
    run = find_run(parts.settings.home / FOOTAGE, parts.catalog, moment.footage)
    plays = run is not None and run.video is not None
    at = f"{moment.t:.2f}"
    _, folder, name = moment.crop_key.split("/")
    return {
        "rank": moment.rank,
        "score": round(moment.score, 4),
        "similarity": round(moment.similarity, 4),
        "t": round(moment.t, 3),
        "frame": moment.frame,
        "track_id": moment.track_id,
        "box": [round(side, 1) for side in moment.box],
        "caption": moment.caption,
        "by": moment.by,
        "camera": moment.camera,
        "at": moment.at,
        "footage": moment.footage,
        "picture": f"/v1/persons/{folder}/{name.removesuffix('.jpg')}/picture",
        "video": f"/v1/footage/{moment.footage}/video#t={at}" if plays else None,
        "page": f"/footage/{moment.footage}?t={at}" if plays else None,
        "note": "" if plays else "its video is not on this machine, or no longer",
    }


@router.get(
    "/v1/persons/{folder}/{name}/picture",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "description": "The person, made unknown"},
        **answers(404),
    },
    dependencies=[Depends(scope("footage"))],
    summary="The picture of a person who was found, made unknown",
)
def picture(
    folder: Annotated[str, Path(pattern=FOLDER, examples=["0" * 12 + "-" + "0" * 64])],
    name: Annotated[str, Path(pattern=NAME, examples=["000001-0"])],
    parts: Open,
) -> Response:
    """Return a picture of a search's result, until it expires."""
    gone = Problem(404, "not_found", f"{name}: no picture, or none any more")
    if _has_expired(f"{PERSONS}/{folder}", parts.settings.footage_keep_days):
        raise gone
    try:
        (pixels,) = read_pictures(parts.lake, [f"{PERSONS}/{folder}/{name}.jpg"])
    except NotFoundError as error:
        raise gone from error
    return Response(as_jpeg(shown_crop(np.asarray(pixels), hides=True)), media_type="image/jpeg")


def _has_expired(folder: str, keep_days: float) -> bool:
    try:
        return expires_at(folder, keep_days) <= datetime.now(UTC)
    except (ValueError, OverflowError):  # of no year that a calendar has
        return True
