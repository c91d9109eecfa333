"""The page that searches for persons by words."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from cratewatch.errors import CatalogAwayError, CratewatchError, UnavailableError
from cratewatch.service.pages.rendering import page
from cratewatch.service.parts import Parts, parts_of
from cratewatch.service.problems import Problem
from cratewatch.service.words import MOST_PROMPT, Asked, Visitor, find_persons, told_of
from cratewatch.words.ranking import Cut

SHOWN = 24

router = APIRouter(include_in_schema=False)


@router.get("/words")
def words(
    request: Request,
    parts: Annotated[Parts, Depends(parts_of)],
    key: Visitor,
    asked: Annotated[Asked, Depends()],
    prompt: Annotated[str, Query(max_length=MOST_PROMPT)] = "",
) -> Response:
    """Show who fits a prompt; a mistake in it is said on the page."""
    wrong, found, results = "", None, []
    if prompt.strip():
        try:
            found = find_persons(parts, key, prompt, asked, Cut(top=SHOWN))
            results = [told_of(parts, moment) for moment in found.moments]
        except (UnavailableError, CatalogAwayError, Problem):
            raise
        except CratewatchError as error:
            wrong = str(error).removeprefix("--prompt: ")
    return page(
        request,
        "words.html",
        prompt=prompt,
        asked=asked,
        cameras=sorted(parts.catalog.handlings.counts()),
        wrong=wrong,
        found=found,
        results=results,
        plays=next((one["video"] for one in results if one["video"]), None),
        facets=_facets(prompt, asked, found.facets if found else {}),
    )


def _facets(prompt: str, asked: Asked, counted: dict[str, int]) -> list[dict[str, Any]]:
    """Return facets with what a search with it, or without it, asks for."""
    narrowed = {"prompt": prompt, "camera": asked.camera, "from": asked.since, "to": asked.until}
    base = [(name, value) for name, value in narrowed.items() if value]
    facets = []
    for term in dict.fromkeys((*asked.facets, *counted)):
        chosen = term in asked.facets
        others = [one for one in asked.facets if one != term] + ([] if chosen else [term])
        facets.append(
            {
                "term": term.replace(":", " ").replace("_", " "),
                "count": counted.get(term, 0),
                "chosen": chosen,
                "query": [*base, *(("facet", one) for one in others)],
            }
        )
    return facets
