"""Writes the page. It holds pictures of covers, so that it is for its user's eyes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cratewatch.catalog.records import ListedRelease
from cratewatch.errors import ImageError, NotFoundError
from cratewatch.images.reading import decode
from cratewatch.lake.lake import Lake
from cratewatch.reports.html import TILE_PX, caption, cover_url, picture_url, render, web_link
from cratewatch.retrieval.answers import Answer
from cratewatch.retrieval.identification import ReadPicture
from cratewatch.retrieval.matches import Match
from cratewatch.retrieval.verdict import said

MOST_SHOWN = 500
"""Queries on one page, some 40 kB each; browsers bear no more."""


@dataclass
class AnswersPage:
    """Queries beside their matches, gathered as they are answered and then written."""

    lake: Lake
    model: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    answered: int = 0

    def written_behind(
        self, answers: Iterable[tuple[Answer, ReadPicture]], path: Path
    ) -> Iterator[tuple[Answer, ReadPicture]]:
        """Pass answers on, each with what reads its picture, and behind the last one write all."""
        for answer, read in answers:
            self.answered += 1
            if len(self.rows) < MOST_SHOWN:
                self.rows.append(self._row(answer, read))
            yield answer, read
        self._write(path)

    def _write(self, path: Path) -> None:
        page = render(
            "cratewatch.reports.answers",
            "answers.html.jinja",
            model=self.model,
            rows=self.rows,
            answered=self.answered,
        )
        path.write_text(page, encoding="utf-8", errors="replace")

    def _row(self, answer: Answer, read: ReadPicture) -> dict[str, Any]:
        return {
            "name": answer.query,
            "picture": None if answer.error else picture_url(decode(read(), side_px=TILE_PX)),
            "answer": answer,
            "said": said(answer.verdict, answer.probability),
            "matches": [self._match(match) for match in answer.matches],
        }

    def _match(self, match: Match) -> dict[str, Any]:
        first = match.releases[0] if match.releases else None
        return {
            "picture": self._cover(match.cover_id),
            "score": match.score,
            "path_or_url": match.path_or_url,
            "facts": _facts(first) if first else [],
            "link": web_link(first.page_url if first else None, match.path_or_url),
            "more": max(0, len(match.releases) - 1),
            **caption(match.releases),
        }

    def _cover(self, cover_id: str) -> str | None:
        """Return the cover's picture, or None where the lake has lost it."""
        try:
            return cover_url(self.lake, cover_id)
        except (NotFoundError, ImageError):
            return None


def _facts(release: ListedRelease) -> list[str]:
    """Return what a release is known by, a line each, without its title and price."""
    pressing = (release.year, release.label, release.catno)
    lines = (release.artist, " · ".join(str(fact) for fact in pressing if fact), release.format)
    return [line for line in lines if line]
