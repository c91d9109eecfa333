"""What each command prints with --json, as types; `make schemas` writes the schemas of them.

A new command has an entry in OUTPUTS and nothing else to do. All that commands print is imported
here: no command imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cratewatch.catalog.audit import Export
from cratewatch.catalog.changes import Change
from cratewatch.catalog.keys import Key
from cratewatch.catalog.links import Link
from cratewatch.catalog.records import ListedRelease
from cratewatch.commands.shown_pictures import AnswerShown, BadPicture, PictureSearched
from cratewatch.commands.shown_stores import (
    BackupShown,
    FailuresOfReason,
    ShownCover,
    ShownRelease,
    Status,
)
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
from cratewatch.retrieval.verdict import Calibration
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
