"""What each command prints with --json, as types; `make schemas` writes the schemas of them.

A new command has an entry in OUTPUTS and nothing else to do. All that commands print is imported
here: no command imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from cratewatch.catalog.audit import Export
from cratewatch.catalog.changes import Change
from cratewatch.catalog.keys import Key
from cratewatch.catalog.links import Link
from cratewatch.catalog.records import Cover, ListedRelease
from cratewatch.datasets.run_report import RunReport
from cratewatch.evaluation.grid import GridEvaluation
from cratewatch.evaluation.serving import Evaluation
from cratewatch.footage.analysing import FootageReport
from cratewatch.indexing.agreement import IndexReport
from cratewatch.indexing.comparing import Comparison
from cratewatch.indexing.restoring import Restored
from cratewatch.intent.report import IntentReport
from cratewatch.pricing.estimate import PriceEstimate
from cratewatch.pricing.evaluating import PriceEvaluation
from cratewatch.pricing.history import History
from cratewatch.pricing.model import Facts
from cratewatch.retrieval.verdict import Calibration, Verdict
from cratewatch.sources.folder.importing import ImportReport
from cratewatch.sources.storefront.probe import Probe
from cratewatch.sources.till.importing import SalesReport
from cratewatch.training.quantising import Quantised
from cratewatch.words.indexing import PersonsIndexed
from cratewatch.words.recordings import Gathered
from cratewatch.words.searching import Moment
from flows.footage_report import FootageNight
from flows.price_report import PriceReport
from flows.source_report import SourceReport
from workers.camera_report import CameraReport
from workers.forecast import Forecast
from workers.mailbox import TrainedModel, TrainedWords
from workers.renewal_report import RenewalReport


@dataclass(frozen=True)
class Output:
    """One object that a command prints.

    Attributes:
        kind: A dataclass; its fields are the keys.
        lacks: Fields that are left out where they say nothing; ``Kind.field`` of a kind within.
        adds: Keys that the kind does not have, with their types.
    """

    kind: Any
    lacks: tuple[str, ...] = ()
    adds: Mapping[str, Any] = field(default_factory=dict)


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


@dataclass(frozen=True)
class ReleaseShown(ListedRelease):
    """All that the catalog holds of a release."""

    image_url: str | None
    missing_since: datetime | None


@dataclass(frozen=True)
class OfferShown:
    """An asking price."""

    seen_at: datetime
    price: Decimal | None
    currency: str | None
    in_stock: bool | None


@dataclass(frozen=True)
class ItemShown:
    """A page or image in the ledger."""

    source: str
    kind: str
    key: str
    run_id: str
    state: str
    reason: str | None
    detail: str | None
    attempts: int
    updated_at: datetime


@dataclass(frozen=True)
class EmbeddingShown:
    """A cover's embedding by a model."""

    model: str
    shard: str
    embedded_at: datetime
    indexed_at: datetime | None


@dataclass(frozen=True)
class ShownRelease:
    """All that is known of a release."""

    release: ReleaseShown
    offers: list[OfferShown]
    cover: Cover | None
    same_artwork: list[ListedRelease]
    items: list[ItemShown]


@dataclass(frozen=True)
class ShownCover:
    """All that is known of a cover."""

    cover: Cover
    releases: list[ListedRelease]
    embeddings: list[EmbeddingShown]
    items: list[ItemShown]


@dataclass(frozen=True)
class CatalogCounts:
    """How much the catalog holds."""

    releases: int
    withdrawn: int
    covers: int
    artworks: int
    releases_without_cover: int


@dataclass(frozen=True)
class SourceStatus:
    """How the latest run that read a source as a whole ended."""

    state: str
    last_success: datetime | None
    run_id: str
    started_at: datetime
    error: str | None


@dataclass(frozen=True)
class RunStatus:
    """One of the last runs."""

    run_id: str
    state: str
    started_at: datetime
    noted: dict[str, int]


@dataclass(frozen=True)
class CollectionStatus:
    """A collection of the gallery."""

    rows: int | None
    state: str
    index: str
    build: dict[str, int]
    search: dict[str, int]
    recall_at_10: float | None
    served_until: datetime | None


@dataclass(frozen=True)
class FoundThemselves:
    """Of how many covers how many were found by their own embedding."""

    found: int
    of: int


@dataclass(frozen=True)
class GalleryStatus:
    """How the gallery is."""

    server: str
    serving: str | None
    serving_model: str | None
    collections: dict[str, CollectionStatus]
    found_themselves: FoundThemselves
    lag_s: float


@dataclass(frozen=True)
class GalleryAway:
    """Why the gallery cannot be opened."""

    error: str


@dataclass(frozen=True)
class Status:
    """What catalog, lake and gallery hold and how the last runs ended."""

    home: str
    catalog: CatalogCounts
    items: dict[str, dict[str, int]]
    failures: dict[str, int]
    queries: list[str]
    models: list[str]
    sources: dict[str, SourceStatus]
    last_runs: list[RunStatus]
    last_success: dict[str, datetime]
    gallery: GalleryStatus | GalleryAway


@dataclass(frozen=True)
class FailedItem:
    """An item that failed and has not succeeded since."""

    source: str
    kind: str
    key: str
    detail: str | None
    attempts: int
    failed_at: datetime


@dataclass(frozen=True)
class FailuresOfReason:
    """How many items failed for a reason, and some of them."""

    count: int
    examples: list[FailedItem]


@dataclass(frozen=True)
class BackupShown:
    """A backup of the gallery that was written."""

    backup: str
    collection: str
    model: str
    rows: int
    shards: int


@dataclass(frozen=True)
class AddressShown:
    """Where messages about nights go, and with --test what became of one."""

    to: str
    sent: bool
    error: str | None


@dataclass(frozen=True)
class KeyMade:
    """A key of the service, which is shown this once."""

    name: str
    key: str


@dataclass(frozen=True)
class ExportedModel:
    """A model that was written as ONNX."""

    model: str
    file: str
    bytes: int


@dataclass
class PersonsIndexedShown(PersonsIndexed):
    """What became of recordings that were named, and of the index."""

    gathered: list[Gathered] = field(default_factory=list)


@dataclass(frozen=True)
class WordsShown:
    """The answer to a prompt.

    Attributes:
        searched: A video, or index.
        by: What answered: colour, colour and attributes, or a model's name.
        answered: The pieces of the prompt that it answered.
        not_answered: The others.
        nothing: Why nobody fits; "" if somebody does.
        nearest: Similarity of the nearest; null if nobody is there.
        people: Persons in the video; null of the index.
        frames_per_s: How fast the video was looked at; null of the index.
        facets: Of those who were near, how many fit each term.
        results: Best first.
    """

    prompt: str
    searched: str
    by: str
    answered: list[str]
    not_answered: list[str]
    nothing: str
    nearest: float | None
    people: int | None
    frames_per_s: float | None
    facets: dict[str, int]
    results: list[Moment]


_CHANGE = Output(Change, adds={"applied": bool})
_REFRESH = Output(
    SourceReport,
    lacks=("crawl", "dump", "diff", "would", "covers", "yielded", "published"),
    adds={"listed_by": str},
)
_UNTIL_DONE = ("train_queries", "test_queries", "model", "recall", "renewed", "collection")
_NOT_ALWAYS = (
    *("SourceStatus.run_id", "SourceStatus.started_at", "SourceStatus.error"),
    *("GalleryStatus.found_themselves", "GalleryStatus.lag_s"),
)

OUTPUTS: dict[str, tuple[Output, ...]] = {
    "analyse-footage": (Output(FootageNight),),
    "audit": (Output(Export),),
    "backup-gallery": (Output(BackupShown),),
    "calibrate": (Output(Calibration),),
    "changes": (_CHANGE,),
    "evaluate": (Output(GridEvaluation), Output(Evaluation)),
    "evaluate-prices": (Output(PriceEvaluation),),
    "export-model": (Output(ExportedModel),),
    "find": (Output(PictureSearched, lacks=("FoundShown.crop",)), Output(BadPicture)),
    "footage": (Output(FootageReport), Output(CameraReport)),
    "identify": (Output(AnswerShown, lacks=("sleeves",)), Output(BadPicture)),
    "import": (Output(ImportReport),),
    "import-dump": (_REFRESH,),
    "import-sales": (Output(SalesReport),),
    "index-footage": (Output(PersonsIndexedShown),),
    "index": (Output(IndexReport), Output(Comparison)),
    "intent": (Output(IntentReport),),
    "keys": (Output(Key), Output(KeyMade)),
    "links": (Output(Link),),
    "notify": (Output(AddressShown, lacks=("sent", "error")),),
    "price": (Output(PriceEstimate), Output(BadPicture)),
    "prices": (Output(History),),
    "probe": (Output(Probe),),
    "quantize": (Output(Quantised),),
    "refresh": (_REFRESH, _CHANGE),
    "refresh-prices": (Output(PriceReport, lacks=("crawl", "yielded", "published")),),
    "releases": (Output(ListedRelease),),
    "renew": (Output(RenewalReport, lacks=(*_UNTIL_DONE, "calibration", "error")),),
    "restore-gallery": (Output(Restored),),
    "retry": (_REFRESH,),
    "search-footage": (Output(WordsShown, lacks=("Moment.crop_key",)),),
    "show": (Output(ShownRelease), Output(ShownCover)),
    "status": (Output(Status, lacks=_NOT_ALWAYS), Output(dict[str, FailuresOfReason])),
    "synthesize": (Output(RunReport, lacks=("rejected", "dropped")), Output(Forecast)),
    "train": (Output(TrainedModel),),
    "train-words": (Output(TrainedWords),),
    "train-prices": (Output(Facts, adds={"file": str}),),
}
"""By command: what one line of its output may be."""
