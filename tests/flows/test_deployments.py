"""prefect.yaml as Prefect reads it, and against the stack that it is deployed to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cratewatch.settings import load_settings
from cratewatch.settings_layers import CONFIG_NAME
from cratewatch.training.config import TrainConfig
from cratewatch.training.fine_tuning import FineTuning
from flows.timetable import Nights
from workers.renewal_report import Renewal
from workers.run_request import RunRequest
from workers.training_job import TrainRequest

ROOT = Path(__file__).parents[2]
FLOWS = {
    "nightly": "refresh-night",
    "weekly": "refresh-night",
    "renewal": "renew-model",
    "footage": "analyse-footage",
    "synthesis": "synthesize-queries",
    "training": "train-model",
    "indexing": "index-gallery",
    "chain": "whole-chain",
    "dump": "import-dump",
}
"""The flow of each deployment."""
WRITTEN = yaml.safe_load((ROOT / "prefect.yaml").read_text())


@pytest.mark.usefixtures("prefect")
def test_prefect_reads_every_key_and_finds_the_flows() -> None:
    from prefect.cli.deploy._models import PrefectYamlModel
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy
    from prefect.flows import load_flow_from_entrypoint

    read = PrefectYamlModel.model_validate(WRITTEN)
    assert {deployment.name for deployment in read.deployments} == FLOWS.keys()
    for model, deployment in zip(read.deployments, WRITTEN["deployments"], strict=True):
        unread = set(deployment) - set(type(model).model_fields)
        assert not unread, unread  # the model ignores what it does not know
        flow: Any = load_flow_from_entrypoint(deployment["entrypoint"])
        assert flow.name == FLOWS[deployment["name"]]
        read_parameters = flow.validate_parameters(deployment["parameters"])
        assert read_parameters.keys() >= deployment["parameters"].keys()
        assert read_parameters["home"] == Path("/var/lib/cratewatch")
        limit = deployment["concurrency_limit"]
        assert limit == {"limit": 1, "collision_strategy": ConcurrencyLimitStrategy.CANCEL_NEW}
        for schedule in deployment.get("schedules", []):
            Nights(schedule["cron"], schedule["timezone"])


def test_sources_pool_and_version_are_those_of_the_stack(tmp_path: Path) -> None:
    compose = yaml.safe_load((ROOT / "infra/compose.yaml").read_text())
    (tmp_path / CONFIG_NAME).write_text((ROOT / "infra" / CONFIG_NAME).read_text())
    settings = load_settings(home=tmp_path)
    for deployment in WRITTEN["deployments"]:
        for source in deployment["parameters"].get("sources", []):
            settings.source(source)
        assert deployment["work_pool"]["name"] in compose["services"]["prefect-worker"]["command"]
    assert f"\nprefect=={WRITTEN['prefect-version']}\n" in (ROOT / "constraints.txt").read_text()


@pytest.mark.usefixtures("prefect")
def test_parameters_become_what_the_flows_take() -> None:
    from flows.renew_model import renew_model
    from flows.synthesize_queries import synthesize_queries
    from flows.train_model import train_model

    (synthesis,) = [one for one in WRITTEN["deployments"] if one["name"] == "synthesis"]
    drawn = synthesize_queries.validate_parameters(synthesis["parameters"])["wanted"]
    assert drawn == RunRequest(4000, split="train")
    trained = train_model.validate_parameters({"home": "/", "wanted": {"config": {"steps": 7}}})
    assert trained["wanted"] == TrainRequest(TrainConfig(steps=7))
    given = {"home": "/", "renewal": {"tuning": {"steps": 7}, "gpu": True}}
    renewed = renew_model.validate_parameters(given)["renewal"]
    assert renewed == Renewal(FineTuning(7), gpu=True)
