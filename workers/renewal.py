"""Renews the serving model: fine-tunes it, measures both, and lets the new one serve if better."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import asdict, dataclass, replace
from typing import Any

from cratewatch.catalog.catalog import Catalog, open_catalog
from cratewatch.catalog.runs import Run
from cratewatch.datasets.runs import find_run
from cratewatch.datasets.shards import read_samples
from cratewatch.datasets.splits import Split
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.saved_models import find_model, reject_model
from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.evaluation.calibration import calibrate_serving
from cratewatch.evaluation.two_models import compare_models
from cratewatch.gallery.gallery import open_gallery
from cratewatch.gallery.names import model_of
from cratewatch.indexing.embedding import embed_missing, refuse_broken
from cratewatch.indexing.stores import Stores
from cratewatch.lake.lake import REPORTS, Lake
from cratewatch.lake.opening import open_lake
from cratewatch.progress import Progress
from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.model_aids import load_calibration
from cratewatch.settings import Settings
from workers.catalog_index import index_catalog
from workers.cluster import ray_cluster
from workers.indexing import embed_by_ray
from workers.query_runs import synthesize
from workers.renewal_report import Renewal, RenewalReport
from workers.run_request import RunRequest, covers_of
from workers.training import train
from workers.training_job import TrainRequest

KIND = "renew-model"
Show = Callable[[str], AbstractContextManager[Progress]]
"""Takes a stage's title; shows the progress that the block tells."""


def renew(settings: Settings, renewal: Renewal, show: Show) -> RenewalReport:
    """Renew the model that serves, from what the catalog has now.

    It is fine-tuned on new queries of the training side. Both models then answer the same new
    queries of artworks that neither was trained on, one of each, among all covers. If the new one
    is better by more than noise, a collection is built for it beside the one that serves, and the
    alias moves. Else everything stays; the new model stays in the lake, and no index takes it
    unless it is named. A renewal that was ended or failed lately is gone on with, and what it had
    done is not done again.

    Raises:
        BusyError: if another process renews the model of this catalog.
        NotFoundError: if nothing serves.
        CratewatchError: if a step fails; what served before serves still.
    """
    with closing(open_catalog(settings.catalog_url)) as catalog, catalog.one_renewal():
        report = _take_up(catalog, _serving_model(settings, catalog.catalog_id))
        steps = _Steps(settings, renewal, show, catalog, open_lake(settings.lake), report)
        try:
            with ray_cluster(settings.ray_address, settings.home / "ray"):
                steps.run()
        except CratewatchError as error:
            failed = replace(steps.report, error=str(error))
            catalog.runs.finish(failed.run_id, "failed", failed.as_json())
            raise
        _publish(catalog, steps.lake, steps.report)
        return steps.report


def _serving_model(settings: Settings, owner: str) -> str:
    with open_gallery(*settings.gallery, owner=owner) as gallery:
        serving = gallery.alias.serving()
    if serving is None:
        raise NotFoundError(
            f"gallery {settings.gallery_uri}: nothing serves yet that could be renewed; run "
            "`cratewatch index` first"
        )
    return model_of(serving)


def _take_up(catalog: Catalog, serving: str) -> RenewalReport:
    """Go on with a renewal, unless another model serves by now than the one that it began with."""
    run = catalog.runs.resume(KIND, failed=True)
    report = RenewalReport.of(run, serving)
    began_with = {report.serving, report.model if report.renewed else report.serving}
    if serving not in began_with:
        report = RenewalReport.of(Run(catalog.runs.start(KIND)), serving)
    catalog.runs.note(report.run_id, **report.as_json())
    return report


@dataclass
class _Steps:
    """One renewal on its way; each step is noted once it is done, and then not done again."""

    settings: Settings
    renewal: Renewal
    show: Show
    catalog: Catalog
    lake: Lake
    report: RenewalReport

    def run(self) -> None:
        """Go through all steps."""
        self.draw()
        self.train()
        self.measure()
        if self.report.renewed:
            self.switch()

    def draw(self) -> None:
        """Draw queries of what the catalog has now."""
        wanted = self.renewal
        if self.report.train_queries is None:
            self._note(train_queries=self._drawn("train", wanted.train_samples))
        if self.report.test_queries is None:
            covers = covers_of(self.settings.catalog_url, "test")
            self._note(test_queries=self._drawn("test", min(wanted.test_samples, len(covers))))

    def _drawn(self, split: Split, samples: int) -> str:
        """Draw a run that is this renewal's own; return its name.

        A catalog that changed since an earlier attempt gets another run.
        """
        covers = sorted(covers_of(self.settings.catalog_url, split).values())
        drawn_from = hashlib.sha256("\n".join(covers).encode()).hexdigest()[:8]
        name = f"{self.report.run_id}-{split}-{drawn_from}"
        request = RunRequest(samples, self._seed, split, name=name)
        with self.show(f"queries, {split}") as advance:
            return synthesize(self.settings, request, advance).run

    @property
    def _seed(self) -> int:
        """Of this renewal: the day on which it began."""
        return int(self.report.run_id[:8])

    def train(self) -> None:
        """Fine-tune the model that serves."""
        if self.report.model is not None:
            return
        serving, wanted = self.report.serving, self.renewal
        config = replace(wanted.tuning, seed=self._seed).config(
            find_model(self.lake, serving).config(), serving
        )
        request = TrainRequest(config, self.report.train_queries or "", wanted.workers, wanted.gpu)
        with self.show("train") as advance:
            self._note(model=train(self.settings, request, advance).name)

    def measure(self) -> None:
        """Ask both models the same queries, and decide."""
        serving, model = self.report.serving, self.report.model or ""
        if self.report.renewed is not None:
            return
        for name in (serving, model):
            self._embed(name)
        before, after = (
            load_model(self.lake, m, self.settings.inference) for m in (serving, model)
        )
        queries = find_run(self.lake, self.report.test_queries or "", "test")
        covers = self.catalog.covers.all()
        found = compare_models(self.lake, before, after, covers, read_samples(queries))
        if not found.better and model != serving:
            reject_model(self.lake, model, asdict(found))
        self._note(recall=found, renewed=found.better)

    def _embed(self, model: str) -> None:
        """Embed what the model has not embedded yet; an index then finds that in the lake."""
        settings = self.settings
        embed = embed_by_ray(
            settings.ray_address, settings.home / "ray", self.lake, settings.inference
        )
        with (
            open_gallery(*settings.gallery, owner=self.catalog.catalog_id) as gallery,
            self.show(f"embed, {model}") as advance,
        ):
            stores = Stores(self.catalog, self.lake, gallery)
            made = embed_missing(stores, model, embed, advance)
            refuse_broken(stores, model, made)

    def switch(self) -> None:
        """Build a collection for the new model, move the alias, and calibrate it if the old was."""
        model = self.report.model or ""
        if self.report.collection is None:
            with self.show("index") as advance:
                indexed = index_catalog(self.settings, model, on_progress=advance)
            self._note(collection=indexed.collection)
        if self.report.calibration is None and load_calibration(self.lake, self.report.serving):
            self._note(calibration=self._calibrated())

    def _calibrated(self) -> str:
        """Calibrate on the queries that were measured on; say "done", or why it cannot be."""
        try:
            calibrate_serving(self.settings, SearchConfig(), self.report.test_queries or "")
        except CratewatchError as error:  # it serves all the same, and says of no sleeve "unknown"
            return str(error)
        return "done"

    def _note(self, **parts: Any) -> None:
        self.report = replace(self.report, **parts)
        self.catalog.runs.note(self.report.run_id, **self.report.as_json())


def _publish(catalog: Catalog, lake: Lake, report: RenewalReport) -> None:
    """Keep the report in lake and catalog."""
    text = json.dumps(report.as_json(), indent=2, sort_keys=True)
    lake.write(f"{REPORTS}/{report.run_id}.json", text.encode())
    catalog.runs.finish(report.run_id, "done", report.as_json())
