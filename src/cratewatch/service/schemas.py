"""What version 1 of the interface takes and gives, for its OpenAPI document.

Answers are those of `cratewatch identify --json` and its like, which docs/data-format.md describes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

Money = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?(E[+-]?\d+)?$", examples=["32.90"])]
Grade = Literal["M", "NM", "VG+", "VG", "G+", "G", "F", "P"]
Verdict = Literal["sure", "likely", "unsure", "unknown"]
RELEASE_ID = "my-shop:1234"
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAgMAAADXB5lNAAAADFBMVEW0Qw8fGxf///8AAAD81BlCAAAA70lEQVR42s2T"
    "PY7CMBCFvxgjIW3jAqXeo+QOsP0ebXu22Io6R0kPhUskLEzhmdgOhpZ1E83T+5vEgf9xOnl+cRoBWOnMRz8BGADWANuC"
    "sQPo+kkZYuRmSSInoQEYJGoQQKNxAlgFrACubGmW1U3hCQOYwhNcW2LzZNsMV72dZizA9XcB+JiBAWBkTM2EEcFXkmB+"
    "Qu2x2SxMH2IfgMulBuzt21ZAN69k0EbSTz1ctzBd71/E+jzFNiPkKbQZMU8+XanTpwLHJ9v6IhVDERMEiIVnuqfqetRd"
    "zvL15uViVkjsH0AcM3DNQil2QP+XN507wkUwTaFtISIAAAAASUVORK5CYII="
)
"""A file in base64, for examples that can be sent as they are."""


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    reason: str = Field(description="a short word for machines")
    instance: str | None = None
    errors: list[dict[str, str]] = []


class Release(BaseModel):
    """A pressing as a source lists it, with its latest asking price."""

    release_id: str = Field(examples=[RELEASE_ID])
    source: str
    artist: str | None
    title: str
    year: int | None
    label: str | None
    catno: str | None
    barcode: str | None
    country: str | None
    format: str | None
    genres: list[str]
    page_url: str | None
    price: Money | None
    currency: str | None
    in_stock: bool | None
    first_seen: datetime
    last_seen: datetime
    withdrawn_at: datetime | None
    cover_id: str | None


class Match(BaseModel):
    """One artwork that a picture may show, with its releases."""

    cover_id: str
    score: float
    source: str
    path_or_url: str
    releases: list[Release]


class Sleeve(BaseModel):
    """One sleeve of a picture, as far as it is known."""

    quad: list[list[float]] = Field(description="corners in pixels, from the cover's top left on")
    score: float
    upright_px: int
    mirrored: bool
    known: bool | None
    probability: float | None
    verdict: Verdict | None
    matches: list[Match]
    crop: str | None = Field(None, description="the upright sleeve as a data URL, if asked for")


class Answer(BaseModel):
    """What a picture shows; of one that cannot be read, only its name and the error."""

    query: str
    known: bool | None = None
    probability: float | None = None
    verdict: Verdict | None = None
    notes: list[str] = []
    matches: list[Match] = []
    sleeves: list[Sleeve] = []
    error: str | None = None


class Answers(BaseModel):
    """What pictures show, in their order."""

    model: str = Field(description="that looked at them")
    answers: list[Answer]


class Strict(BaseModel):
    """What is sent to the service: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _flag(value: object, info: ValidationInfo) -> object:
    """Refuse what JSON has no true or false for; in forms all is text."""
    if info.mode == "json" and not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value


def _number(value: object, info: ValidationInfo) -> object:
    """Refuse text for a number; in forms all is text."""
    if info.mode == "json" and isinstance(value, (str, bool)):
        raise ValueError("no number")
    return value


Flag = Annotated[bool, BeforeValidator(_flag)]


class Ways(Strict):
    """How pictures are to be looked at."""

    top: Annotated[int, BeforeValidator(_number)] = Field(
        5, ge=1, le=100, description="matches of each"
    )
    sleeves: Literal["auto", "find", "crop"] = Field(
        "auto", description="look for sleeves in a picture, or take it for a crop of one"
    )
    probability: Annotated[float | None, BeforeValidator(_number)] = Field(
        None, ge=0, le=1, description="from which on an answer counts as known"
    )
    crops: Flag = Field(False, description="send each sleeve back, cut out and upright")
    source: str = Field("", max_length=64, description="only releases of this source")
    year: str = Field("", max_length=16, description="only of this year, or span: 1970-1979")
    genre: str = Field("", max_length=100, description="only of this genre")
    format: str = Field("", max_length=100, description="only in this format: LP")
    in_stock: Flag = Field(False, description="only what is in stock")
    withdrawn: Flag = Field(True, description="also what no source lists any more")


class Picture(Strict):
    """A picture as text."""

    name: str = Field("", max_length=255, examples=["crop.jpg"])
    data: str = Field(description="the file in base64", min_length=1)


class Pictures(Ways):
    """Pictures, and how they are to be looked at."""

    pictures: list[Picture] = Field(min_length=1)


class Telling(Strict):
    """In what prices are told."""

    condition: str = Field("VG+", max_length=40, description="Goldmine grade, or in words")
    currency: str = Field("", max_length=8, description="ISO 4217; that of the settings")


class ToPrice(Telling):
    """What is to be priced: releases, or pictures."""

    release_ids: list[Annotated[str, Field(min_length=1, max_length=1024)]] = Field(
        [], max_length=100, examples=[[RELEASE_ID]]
    )
    pictures: list[Picture] = []


class PricePoint(BaseModel):
    """One price that was seen."""

    source: str
    kind: str
    release_id: str | None
    title: str
    media_condition: str | None
    sleeve_condition: str | None
    price: Money
    currency: str
    quantity: int
    observed_at: datetime
    url: str | None
    value: Money
    outlier: bool


class Estimate(BaseModel):
    """What one record is worth; of one that cannot be told, its name and the error."""

    query: str
    release_id: str | None = None
    title: str | None = None
    condition: str | None = None
    currency: str | None = None
    low: Money | None = None
    median: Money | None = None
    high: Money | None = None
    n: int | None = None
    way: str | None = None
    how: str | None = None
    comparables: list[PricePoint] = []
    error: str | None = None


class Estimates(BaseModel):
    """What records are worth, in the order in which they were asked about."""

    prices: list[Estimate]


class Releases(BaseModel):
    """A page of releases."""

    releases: list[Release]
    offset: int
    more: bool


class WholeRelease(BaseModel):
    """All that is known of a release, as `cratewatch show --json` prints it."""

    release: dict[str, Any]
    offers: list[dict[str, Any]]
    cover: dict[str, Any] | None
    same_artwork: list[Release]
    items: list[dict[str, Any]]


class History(BaseModel):
    """What a release was sold and asked for, as `cratewatch prices --json` prints it."""

    model_config = ConfigDict(extra="allow")

    release_id: str
    currency: str
    sold: int
    asking: int
    observations: list[PricePoint]


class Run(BaseModel):
    """A run of the catalog."""

    run_id: str
    kind: str
    state: Literal["running", "done", "failed"]
    started_at: datetime
    finished_at: datetime | None
    report: dict[str, Any] | None


class Runs(BaseModel):
    """Runs, the newest first."""

    runs: list[Run]


class Handling(BaseModel):
    """One person with one sleeve, as footage showed it."""

    model_config = ConfigDict(extra="allow")

    footage_run: str
    number: int
    camera: str
    started_at: datetime
    seconds: float
    release_ids: list[str]
    probability: float | None
    known: bool


class Recording(BaseModel):
    """A recording that was analysed and whose files are still there."""

    footage_run: str = Field(description="what handlings call it")
    name: str
    camera: str | None
    filmed_at: datetime | None = Field(description="when its first frame was taken")
    seconds: float
    persons: int
    handlings: int
    known: int = Field(description="handlings with a name that is believed")
    video: str | None = Field(description="where its video is, in which nobody is known")


class Recordings(BaseModel):
    """Recordings, the newest first."""

    recordings: list[Recording]


class HandledThen(BaseModel):
    """A handling in the time of its recording."""

    number: int
    person: int
    started_s: float = Field(description="seconds since the first frame")
    ended_s: float
    cover_id: str | None
    release_ids: list[str]
    title: str
    probability: float | None
    known: bool
    picture: str | None = Field(description="where its best picture is, until it expires")


class WholeRecording(Recording):
    """What a recording shows when; events as docs/footage.md describes events.jsonl."""

    handled: list[HandledThen]
    events: list[dict[str, Any]]


class PersonFound(BaseModel):
    """A person who fits a description, and when."""

    rank: int
    score: float = Field(description="what ranks")
    similarity: float = Field(description="what `least` compares")
    t: float = Field(description="seconds into the recording")
    frame: int
    track_id: int = Field(description="the person's number in that recording")
    box: list[float]
    caption: str
    by: str
    camera: str
    at: datetime | None = Field(description="time of day, if anybody knows it")
    footage: str
    picture: str = Field(description="where the person's picture is, made unknown")
    video: str | None = Field(description="where the recording plays from that moment on")
    page: str | None = Field(description="the same as a page")
    note: str


class WordsFound(BaseModel):
    """Persons who fit a description, best first."""

    prompt: str
    by: str = Field(description="`colour`, `colour and attributes`, or a model's name")
    answered: list[str] = Field(description="the pieces of the prompt that it answered")
    not_answered: list[str]
    nothing: str = Field(description="why nobody fits; empty if somebody does")
    facets: dict[str, int] = Field(description="of those who were near, how many fit each term")
    results: list[PersonFound]


class HandlingsPage(BaseModel):
    """Handlings, the newest first."""

    handlings: list[Handling]
