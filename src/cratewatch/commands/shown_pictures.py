"""What commands print of pictures with --json, as types."""

from __future__ import annotations

from dataclasses import dataclass

from cratewatch.catalog.records import ListedRelease
from cratewatch.retrieval.verdict import Verdict


@dataclass(frozen=True)
class MatchShown:
    """One artwork that a picture may show, with its releases."""

    cover_id: str
    score: float
    source: str
    path_or_url: str
    releases: list[ListedRelease]


@dataclass(frozen=True)
class SleeveShown:
    """One sleeve of a picture, its corners in pixels, as far as it is known."""

    quad: list[list[float]]
    score: float
    upright_px: int
    mirrored: bool
    known: bool | None
    probability: float | None
    verdict: Verdict | None
    matches: list[MatchShown]


@dataclass(frozen=True)
class FoundShown:
    """One sleeve of a picture, its corners in pixels, and the file of its upright crop."""

    quad: list[list[float]]
    score: float
    upright_px: int
    crop: str


@dataclass(frozen=True)
class PictureSearched:
    """The sleeves that were found in a picture."""

    query: str
    sleeves: list[FoundShown]


@dataclass(frozen=True)
class AnswerShown:
    """What a picture shows, as far as it is known."""

    query: str
    known: bool | None
    probability: float | None
    verdict: Verdict | None
    notes: list[str]
    matches: list[MatchShown]
    sleeves: list[SleeveShown]


@dataclass(frozen=True)
class BadPicture:
    """A picture that cannot be read, and why."""

    query: str
    error: str
