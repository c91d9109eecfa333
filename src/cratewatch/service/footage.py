"""What footage showed: handlings, and what was handled against what was sold."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BeforeValidator

from cratewatch.catalog.handlings import SeenHandling
from cratewatch.catalog.records import storable
from cratewatch.intent.album_rows import Prices
from cratewatch.intent.periods import Till
from cratewatch.intent.report import IntentReport
from cratewatch.intent.spans import Span
from cratewatch.intent.telling import tell_intent
from cratewatch.service import schemas
from cratewatch.service.answers import answers, as_json
from cratewatch.service.entrance import scope
from cratewatch.service.parts import Parts, parts_of

USUAL_DAYS = 30
MOST_DAYS = 366


def _written(value: object) -> object:
    """Refuse numbers: they would be taken for seconds since 1970."""
    if isinstance(value, str) and not DAY.fullmatch(value):
        raise ValueError("no day; write it as 2026-11-20")
    return value


DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
Day = Annotated[date, BeforeValidator(_written)]

router = APIRouter(tags=["footage"], dependencies=[Depends(scope("footage"))])


@router.get(
    "/v1/handlings",
    response_model=schemas.HandlingsPage,
    responses=answers(),
    summary="Who held which record, newest first",
)
def handlings(
    parts: Annotated[Parts, Depends(parts_of)],
    camera: Annotated[str, Query(max_length=128)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Response:
    """List handlings; a person is a number within one run of footage, and of no meaning outside."""
    found = handlings_of(parts, camera, limit)
    return as_json({"handlings": [asdict(one) for one in found]})


def handlings_of(parts: Parts, camera: str = "", limit: int = 100) -> list[SeenHandling]:
    """Return the last handlings, the newest first."""
    span = parts.catalog.handlings.span()
    if span is None:
        return []
    since = span[1] - timedelta(days=MOST_DAYS)
    found = parts.catalog.handlings.between(
        since, span[1] + timedelta(seconds=1), camera=storable(camera) or None
    )
    return found[-limit:][::-1]


@router.get("/v1/intent", responses=answers(404), summary="What was handled against what was sold")
def intent(
    parts: Annotated[Parts, Depends(parts_of)],
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
    currency: Annotated[str, Query(max_length=8)] = "",
) -> dict[str, Any]:
    """Tell what `cratewatch intent --json` does; by default of the last days with footage."""
    response: dict[str, Any] = asdict(intent_of(parts, first, last, currency))
    return response


def intent_of(
    parts: Parts, first: date | None = None, last: date | None = None, currency: str = ""
) -> IntentReport:
    """Return what was handled against what was sold.

    Raises:
        NotFoundError: if no footage shows the days.
    """
    zone = parts.settings.timezone
    seen = parts.catalog.handlings.span()
    end = last or (Span(date.min, date.max, zone).local(seen[1]).date() if seen else date.today())
    begin = first or end - timedelta(days=USUAL_DAYS - 1)
    span = Span(max(begin, end - timedelta(days=MOST_DAYS)) if begin <= end else begin, end, zone)
    prices = Prices(parts.currency(currency), parts.rates())
    return tell_intent(parts.catalog, span, _till(parts, span), prices)


def _till(parts: Parts, span: Span) -> Till:
    """Return the sales that were imported."""
    settings, observations = parts.settings, parts.catalog.observations

    def zone_of(source: str) -> str:
        layout = settings.tills.get(source)
        return layout.timezone if layout else "UTC"

    others = list(settings.sources)
    if not observations.sells(others):
        return Till(None, zone_of)
    near = timedelta(days=1)  # a till's own day may begin at another hour
    return Till(
        observations.sold_between(span.before.since - near, span.until + near, others), zone_of
    )
