"""What a renewal is asked for, and what it came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from cratewatch.catalog.runs import Run
from cratewatch.evaluation.paired import PairedRecall
from cratewatch.training.fine_tuning import FineTuning


@dataclass(frozen=True)
class Renewal:
    """How the serving model is renewed.

    Attributes:
        train_samples: Queries to train on, of the training side's covers.
        test_samples: Queries to measure on: one of each held-out artwork, at most so many.
        workers: Data-parallel, see TrainRequest.
        gpu: Whether each has a GPU; None takes GPUs where the cluster has any.
    """

    tuning: FineTuning = field(default_factory=FineTuning)
    train_samples: int = 4000
    test_samples: int = 2000
    workers: int = 0
    gpu: bool | None = None


@dataclass(frozen=True)
class RenewalReport:
    """What became of a renewal; what has not come about yet is None.

    Attributes:
        serving: The model that served when it began.
        train_queries: The run that it drew to train on, test_queries the one to measure on.
        model: The one that it trained.
        recall: Of both models on the same queries of held-out artworks.
        renewed: Whether the new model is better by more than noise and serves now; else all
            stays as it was.
        collection: That serves, if it is a new one.
        calibration: What became of the new model's: "done", or why there is none.
        error: What it failed by.
    """

    run_id: str
    serving: str
    train_queries: str | None = None
    test_queries: str | None = None
    model: str | None = None
    recall: PairedRecall | None = None
    renewed: bool | None = None
    collection: str | None = None
    calibration: str | None = None
    error: str | None = None

    @classmethod
    def of(cls, run: Run, serving: str) -> RenewalReport:
        """Return what a run has to report at its start: what it did before it was ended."""
        known = {"serving": serving, **run.report, "error": None}
        if known.get("recall"):
            known["recall"] = PairedRecall.from_json(known["recall"])
        return cls(**{**known, "run_id": run.run_id})

    def as_json(self) -> dict[str, Any]:
        """Return it JSON-ready, without what did not come about."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    def __str__(self) -> str:
        """Say it in one line for a log."""
        if self.error:
            return f"renewal of {self.serving}: failed, {self.error}"
        if self.recall is None:
            return f"renewal of {self.serving}: not measured yet"
        found = self.recall
        decision = (
            f"{self.model} serves now" if self.renewed else f"kept, {self.model} is no better"
        )
        return (
            f"renewal of {self.serving}: {decision}; recall@1 {found.before.value:.1%} before, "
            f"{found.after.value:.1%} after, difference {found.difference:+.1%} "
            f"({found.low:+.1%} to {found.high:+.1%}) on {found.after.trials} queries"
        )
