"""Fills templates."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from cratewatch.service.problems import Problem

PLACES = (
    ("/", "Identify"),
    ("/catalog", "Catalog"),
    ("/nights", "Nights"),
    ("/footage", "Footage"),
    ("/words", "Words"),
    ("/intent", "Intent"),
)
TITLES = {
    401: "A key is needed",
    403: "The key does not open this",
    404: "There is no such page",
    429: "That was too often",
    503: "Not now",
}


def _moment(value: datetime | str | None) -> str:
    if value is None:
        return "\u2013"
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{at:%Y-%m-%d %H:%M}"


def _money(value: Decimal | str | None, currency: str | None) -> str:
    return "" if value is None else f"{Decimal(value):.2f} {currency or ''}".strip()


def _percent(value: float | None) -> str:
    return "\u2013" if value is None else f"{value:.0%}"


def _clock(seconds: float) -> str:
    """Say a time of a video: 1:02:03, or 2:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _path(value: str) -> str:
    return quote(value, safe=":")


_environment = Environment(
    loader=PackageLoader("cratewatch.service.pages", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "moment": _moment,
    "money": _money,
    "percent": _percent,
    "clock": _clock,
    "path": _path,
    "query": urlencode,
}


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Return a page; an unknown name in its template is an error."""
    told = {
        "places": PLACES,
        "here": request.url.path,
        "signed_in": bool(request.cookies.get("cratewatch")),
    }
    text = _environment.get_template(template).render(told | values)
    return HTMLResponse(text.encode(errors="replace"), status)


def as_page(request: Request, problem: Problem) -> Response | None:
    """Return a problem as people see it; None where a program asked."""
    path = request.url.path
    if path.startswith(("/v1/", "/static/")) or "text/html" not in request.headers.get(
        "accept", ""
    ):
        return None
    if problem.status_code == 401 and request.method == "GET":
        return RedirectResponse(f"/login?{urlencode({'next': path})}", 303)
    title = TITLES.get(problem.status_code, "That did not work")
    shown = page(
        request, "problem.html", problem.status_code, title=title, detail=str(problem.detail)
    )
    if "Retry-After" in (problem.headers or {}):
        shown.headers["Retry-After"] = (problem.headers or {})["Retry-After"]
    return shown
