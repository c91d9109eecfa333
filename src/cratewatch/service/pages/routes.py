"""The pages, each a view over what the interface of programs tells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from starlette.responses import RedirectResponse

from cratewatch.catalog.changes import CHANGED, FAILED
from cratewatch.service.entrance import (
    COOKIE,
    GUESSES_PER_MIN,
    SESSION,
    entrance_of,
    scope,
)
from cratewatch.service.pages.charts import Point, chart
from cratewatch.service.pages.failures import Failed, pictured
from cratewatch.service.pages.rendering import page
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.prices import history_of
from cratewatch.service.problems import Problem
from cratewatch.service.releases import Filters, release_of, search
from cratewatch.service.runs import run_of

PAGE = 24
NIGHTS = 60
MOST_CHANGES = 200
MOST_FAILED = 24
MOST_KEY = 200

router = APIRouter(include_in_schema=False)
Open = Annotated[Parts, Depends(parts_of)]


@router.get("/", dependencies=[Depends(scope("identify"))])
async def identify(request: Request, parts: Open) -> Response:
    """Show where pictures are dropped."""
    limits = parts.limits
    return page(
        request,
        "identify.html",
        why_not=parts.serving.why_not,
        most_mib=limits.file_bytes // 1024 // 1024,
    )


@router.get("/catalog", dependencies=[Depends(scope("catalog"))])
def catalog(
    request: Request,
    parts: Open,
    filters: Annotated[Filters, Depends()],
    q: Annotated[str, Query(max_length=200)] = "",
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """Show what a search finds."""
    wrong, found, more = "", [], False
    try:
        told = search(parts, q, filters, PAGE, offset)
        found, more = list(told.releases), told.more
    except Problem as problem:
        wrong = str(problem.detail)
    asked = {"q": q} | {name: value for name, value in vars(filters).items() if value}
    return page(
        request,
        "catalog.html",
        q=q,
        filters=filters,
        sources=sorted(parts.catalog.releases.terms("source")),
        releases=found,
        wrong=wrong,
        before=asked | {"offset": max(0, offset - PAGE)} if offset else None,
        after=asked | {"offset": offset + PAGE} if more else None,
        total=parts.catalog.counts()["releases"],
    )


@router.get("/releases/{release_id:path}", dependencies=[Depends(scope("catalog"))])
def release(request: Request, parts: Open, release_id: str) -> Response:
    """Show a release with its covers and prices."""
    found = release_of(parts, release_id)
    told = found["release"]
    past = history_of(parts, told["release_id"])
    points = [
        Point(one["observed_at"], float(one["value"]), one["kind"], _said(one, past["currency"]))
        for one in past["observations"]
        if one["kind"] in ("sold", "asking")
    ]
    currency = past["currency"]
    if not points:
        points, currency = _offered(found["offers"])
    links = parts.catalog.links.of(told["release_id"])
    return page(
        request,
        "release.html",
        release=told,
        cover=found["cover"],
        same=found["same_artwork"][:PAGE],
        elsewhere=sorted({link.other_id for link in links} | {link.release_id for link in links}),
        history=past,
        chart=chart(points),
        points=sorted(points, key=lambda point: point.at, reverse=True),
        currency=currency,
        facts=_facts(told),
    )


def _said(one: dict[str, Any], currency: str) -> str:
    grade = f", {one['media_condition']}" if one["media_condition"] else ""
    return f"{one['value']} {currency} {one['kind']} at {one['source']}{grade}"


def _offered(offers: Sequence[dict[str, Any]]) -> tuple[list[Point], str]:
    """Return what a source asked over time, in the currency that it asked in last."""
    priced = [offer for offer in offers if offer["price"] is not None]
    currency = (priced[-1]["currency"] or "") if priced else ""
    points = [
        Point(one["seen_at"], float(one["price"]), "asking", f"{one['price']} {currency} asked")
        for one in priced
        if (one["currency"] or "") == currency
    ]
    return points, currency


def _facts(told: dict[str, Any]) -> list[tuple[str, str]]:
    names = ("year", "label", "catno", "barcode", "country", "format")
    facts = [(name, str(told[name])) for name in names if told[name]]
    if told["genres"]:
        facts.append(("genres", ", ".join(told["genres"])))
    return facts


@router.get("/nights", dependencies=[Depends(scope("nights"))])
def nights(request: Request, parts: Open) -> Response:
    """Show the last runs, and what is running."""
    runs = [run | _told(run["report"]) for run in parts.catalog.runs.latest(NIGHTS)]
    failures = parts.catalog.items.failures()
    return page(
        request, "nights.html", runs=runs, failures=failures, failed=_still_failed(parts, failures)
    )


def _still_failed(parts: Parts, failures: Mapping[str, int]) -> list[Failed]:
    """Return some of what failed and has not succeeded since, of each reason about as many."""
    of_each = max(1, MOST_FAILED // max(1, len(failures)))
    examples = parts.catalog.items.failure_examples(of_each)
    listed = [
        (one["source"], one["kind"], one["key"], f"{reason}: {one['detail'] or ''}")
        for reason, some in examples.items()
        for one in some
    ]
    return pictured(parts.catalog, listed[:MOST_FAILED])


@router.get("/nights/{run_id}", dependencies=[Depends(scope("nights"))])
def night(request: Request, parts: Open, run_id: str) -> Response:
    """Show the report of one run."""
    run = run_of(parts, run_id)
    of_run = parts.catalog.changes.of
    changes = list(islice(of_run(run["run_id"], CHANGED), MOST_CHANGES))
    listed = [
        (one.source, one.field or "", one.address or "", one.detail or "")
        for one in islice(of_run(run["run_id"], [FAILED]), MOST_CHANGES)
    ]
    whole = json.dumps(run["report"], indent=2, ensure_ascii=False)
    return page(
        request,
        "night.html",
        run=run | _told(run["report"]),
        whole=whole,
        changes=changes,
        failures=pictured(parts.catalog, listed),
        most=MOST_CHANGES,
        items=parts.catalog.items.states(run["run_id"]),
    )


def _told(report: dict[str, Any] | None) -> dict[str, Any]:
    """Return what pages show of a report, whatever kind of run it is of."""
    report = report or {}
    failed = report.get("failed")
    return {
        "error": report.get("error"),
        "refused": "would" in report and "diff" not in report,
        "counts": report.get("diff") or report.get("would") or {},
        "failed": failed if isinstance(failed, dict) else {},
    }


@router.get("/login")
async def login(request: Request, following: Annotated[str, Query(alias="next")] = "/") -> Response:
    """Ask for a key."""
    return page(request, "login.html", following=_inside(following), wrong="")


@router.post("/login")
async def log_in(
    request: Request,
    key: Annotated[str, Form(max_length=MOST_KEY)],
    following: Annotated[str, Form(alias="next", max_length=2000)] = "/",
) -> Response:
    """Open a session by a key."""
    entrance = entrance_of(request)
    address = request.client.host if request.client else ""
    wait_s = entrance.rates.take(f"login {address}", GUESSES_PER_MIN)
    if wait_s:
        raise Problem(429, "too_often", "too many keys were tried; wait", retry_after_s=wait_s)
    found = await entrance.of_key(key.strip())
    if found is None:
        wrong = "That key is wrong or was revoked."
        return page(request, "login.html", 401, following=_inside(following), wrong=wrong)
    answer = RedirectResponse(_inside(following), 303)
    answer.set_cookie(
        COOKIE,
        await entrance.open_session(found),
        max_age=int(SESSION.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/logout")
async def log_out(request: Request) -> Response:
    """End a session."""
    if token := request.cookies.get(COOKIE):
        await entrance_of(request).end_session(token)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


def _inside(path: str) -> str:
    """Return a path of this service; another address is none."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if inside else "/"
