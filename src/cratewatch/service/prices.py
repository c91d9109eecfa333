"""Tells what records are worth, and what they were sold and asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from cratewatch.catalog.records import storable
from cratewatch.errors import CatalogAwayError, CratewatchError, UnavailableError
from cratewatch.pricing.history import history
from cratewatch.pricing.pricer import LOOKED_AT, Pricer
from cratewatch.retrieval.answers import Answer
from cratewatch.service import schemas
from cratewatch.service.answers import answers, as_json, body_of
from cratewatch.service.batches import Asked
from cratewatch.service.entrance import scope
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.problems import Problem
from cratewatch.service.uploads import Upload, read_upload

EXAMPLE = {"release_ids": [schemas.RELEASE_ID], "condition": "VG+", "currency": "EUR"}
MOST_DAYS = 36_500

router = APIRouter(tags=["prices"])


@router.post(
    "/v1/price",
    response_model=schemas.Estimates,
    responses=answers(408, 413, 415),
    openapi_extra=body_of(schemas.Telling, schemas.ToPrice, EXAMPLE),
    dependencies=[Depends(scope("identify"))],
    summary="Tell what records are worth",
)
async def price(request: Request, parts: Annotated[Parts, Depends(parts_of)]) -> Response:
    """Price releases, then pictures, as `cratewatch price --json` does.

    What cannot be priced has an `error`.
    """
    upload = await read_upload(request, schemas.Telling, schemas.ToPrice, parts.limits)
    told = upload.told
    ids: list[str] = getattr(told, "release_ids", [])
    if not ids and not upload.files:
        raise Problem(422, "nothing_asked", "give release_ids, or send pictures")
    pricer = await run_in_threadpool(parts.pricer, told.condition, told.currency)
    looked = await _look(parts, upload)
    return as_json({"prices": await run_in_threadpool(_priced, pricer, ids, looked)})


async def _look(parts: Parts, upload: Upload[schemas.Telling]) -> list[Answer]:
    if not upload.files:
        return []
    return await parts.serving.ask(Asked(upload.reads(parts.limits), LOOKED_AT, "auto"))


def _priced(pricer: Pricer, ids: Sequence[str], looked: Sequence[Answer]) -> list[dict[str, Any]]:
    priced = [_told(one, pricer, None) for one in map(storable, ids)]
    return priced + [_told(answer.query, pricer, answer) for answer in looked]


def _told(query: str, pricer: Pricer, answer: Answer | None) -> dict[str, Any]:
    if answer is not None and answer.error is not None:
        return {"query": query, "error": answer.error}
    try:
        if answer is None:
            return asdict(pricer.release(query))
        near = [match.releases for match in answer.matches]
        return asdict(pricer.picture(query, near, known=bool(answer.known)))
    except (CatalogAwayError, UnavailableError):
        raise
    except CratewatchError as error:
        return {"query": query, "error": str(error)}


@router.get(
    "/v1/prices/{release_id:path}",
    response_model=schemas.History,
    responses=answers(404),
    dependencies=[Depends(scope("catalog"))],
    summary="What a release was sold and asked for",
)
def prices(
    release_id: Annotated[str, Path(max_length=1024, examples=[schemas.RELEASE_ID])],
    parts: Annotated[Parts, Depends(parts_of)],
    days: Annotated[int | None, Query(ge=1, le=MOST_DAYS)] = None,
    currency: Annotated[str, Query(max_length=8)] = "",
) -> Response:
    """Tell the prices of a release, as `cratewatch prices --json` does."""
    return as_json(history_of(parts, storable(release_id), days, currency))


def history_of(
    parts: Parts, release_id: str, days: int | None = None, currency: str = ""
) -> dict[str, Any]:
    """Return the history of a release's prices.

    Raises:
        Problem: if there is no such release, or the currency is none.
    """
    into = parts.currency(currency)
    if release_id not in parts.catalog.releases.by_id([release_id]):
        raise Problem(404, "not_found", f"{release_id}: no such release")
    since = datetime.now(UTC) - timedelta(days=days) if days else None
    seen = parts.catalog.observations.of_releases([release_id])
    return asdict(history(release_id, seen, into, parts.rates(), since=since))
