"""prefect.yaml as Prefect reads it, and against the stack that it is deployed to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cratewatch.settings import CONFIG_NAME, load_settings
from flows.timetable import Nights

ROOT = Path(__file__).parents[2]
WRITTEN = yaml.safe_load((ROOT / "prefect.yaml").read_text())


@pytest.mark.usefixtures("prefect")
def test_prefect_reads_every_key_and_finds_the_flows() -> None:
    from prefect.cli.deploy._models import PrefectYamlModel
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy
    from prefect.flows import load_flow_from_entrypoint

    read = PrefectYamlModel.model_validate(WRITTEN)
    assert [deployment.name for deployment in read.deployments] == ["nightly", "weekly"]
    for model, deployment in zip(read.deployments, WRITTEN["deployments"], strict=True):
        unread = set(deployment) - set(type(model).model_fields)
        assert not unread, unread  # the model ignores what it does not know
        flow: Any = load_flow_from_entrypoint(deployment["entrypoint"])
        assert flow.name == "refresh-night"
        assert flow.validate_parameters(deployment["parameters"]) == {
            "home": Path("/var/lib/cratewatch"),
            "sources": deployment["parameters"]["sources"],
        }
        limit = deployment["concurrency_limit"]
        assert limit == {"limit": 1, "collision_strategy": ConcurrencyLimitStrategy.CANCEL_NEW}
        for schedule in deployment["schedules"]:
            Nights(schedule["cron"], schedule["timezone"])


def test_sources_pool_and_version_are_those_of_the_stack(tmp_path: Path) -> None:
    compose = yaml.safe_load((ROOT / "infra/compose.yaml").read_text())
    (tmp_path / CONFIG_NAME).write_text((ROOT / "infra" / CONFIG_NAME).read_text())
    settings = load_settings(home=tmp_path)
    for deployment in WRITTEN["deployments"]:
        for source in deployment["parameters"]["sources"]:
            settings.source(source)
        assert deployment["work_pool"]["name"] in compose["services"]["prefect-worker"]["command"]
    assert f"\nprefect=={WRITTEN['prefect-version']}\n" in (ROOT / "constraints.txt").read_text()
