"""The schemas that ship: of every command, as the types are now, and what commands really print.

tests.command_line holds the output of every command that a test runs against them as well.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import typer
from jsonschema import Draft202012Validator

from cratewatch.catalog.records import Cover, Diff
from cratewatch.commands.app import app_for
from cratewatch.commands.output_types import OUTPUTS
from cratewatch.commands.schema import SCHEMAS
from cratewatch.commands.schema_making import schema_text
from cratewatch.datasets.run_report import RunReport
from cratewatch.evaluation.paired import compare
from cratewatch.indexing.agreement import IndexReport
from cratewatch.indexing.comparing import Comparison
from flows.source_report import SourceReport
from scrapers.launch import CrawlReport
from tests.command_line import Answer
from tests.output_schemas import check_output, validator_of
from workers.forecast import Forecast
from workers.mailbox import TrainedModel
from workers.renewal_report import RenewalReport

pytestmark = pytest.mark.heavy


def commands_with_json() -> Iterator[str]:
    for name, command in typer.main.get_command(app_for([])).commands.items():  # type: ignore[attr-defined]
        if any("--json" in parameter.opts for parameter in command.params):
            yield name


def test_every_command_that_prints_json_has_a_schema() -> None:
    assert sorted(OUTPUTS) == sorted(commands_with_json()), "see commands/output_types.py"
    files = sorted(file.stem for file in SCHEMAS.glob("*.json"))
    assert files == sorted(OUTPUTS), "run `make schemas`"


@pytest.mark.parametrize("command", sorted(OUTPUTS))
def test_the_schema_that_ships_is_that_of_the_types(command: str) -> None:
    shipped = (SCHEMAS / f"{command}.json").read_text()
    assert shipped == schema_text(command), "run `make schemas`"
    Draft202012Validator.check_schema(json.loads(shipped))


def test_docstrings_describe_the_properties() -> None:
    (found,) = json.loads(schema_text("calibrate"))["anyOf"]
    assert found["description"] == "When a best match is believed."
    assert found["properties"]["threshold"] == {
        "description": "The least score that is.",
        "type": "number",
    }
    assert found["properties"]["search"]["$ref"] == "#/$defs/SearchConfig"


def test_what_may_be_missing_is_not_required() -> None:
    (found,) = json.loads(schema_text("retry"))["anyOf"]
    assert "listed_by" in found["required"]
    assert not {"crawl", "diff", "would", "covers"} & set(found["required"])
    assert found["properties"]["error"]["type"] == ["string", "null"]


def test_what_commands_print_is_what_the_schemas_say(
    run: Callable[..., Answer], home: Path, served: list[Cover], tmp_path: Path
) -> None:
    """run() checks each answer."""
    lost = str(tmp_path / "lost.jpg")
    calls = [
        ("identify", served[0].source_url, lost),
        ("releases",),
        ("show", served[0].cover_id),
        ("show", f"import:{served[0].source_url}"),
        ("status",),
        ("status", "--failures"),
        ("evaluate", "--cells", "1:64", "--samples", "5"),
        ("import", str(Path(served[0].source_url).parent)),
    ]
    for call in calls:
        answer = run(*call, "--json", "--home", str(home))
        assert answer.stdout, (call, answer.stderr)


def test_reports_of_what_takes_long() -> None:
    crawl = CrawlReport(complete=True, items=1, requests=2, retries=0, seconds=0.5)
    diff = Diff(new=1, changed=0, unchanged=0, withdrawn=0)
    index = IndexReport("m", 1, 1, {"c": "truncated"}, "covers_m", 0.99)
    recall = compare(np.array([True, False]), np.array([True, True]))
    reports = [
        ("refresh", SourceReport("shop", "run").as_json()),
        ("retry", SourceReport("shop", "run", crawl=crawl, diff=diff, index=index).as_json()),
        ("renew", RenewalReport("run", "m").as_json()),
        ("renew", RenewalReport("run", "m", model="n", recall=recall, renewed=True).as_json()),
        ("synthesize", RunReport("run", "queries/run", 9, 1, 0.5, 0.2, {}).as_json()),
        ("synthesize", RunReport("run", "f", 9, 1, 0.5, 0.2, {}, {"dull": 1}, 0).as_json()),
        ("synthesize", asdict(Forecast(9, 1, 2, 30.0, 0.1, 0.09, 0.11, 0.0, 10, {"dull": 0.1}, 4))),
        ("train", asdict(TrainedModel("m", 4, 9, 0.1, None, 3.0))),
        ("index", asdict(index)),
        ("index", asdict(Comparison("covers_m"))),
    ]
    for command, report in reports:
        check_output((command, "--json"), json.dumps(report))


def test_another_key_is_noticed() -> None:
    line = {"model": "m", "file": "m.onnx", "bytes": 3}
    check_output(("export-model", "--json"), json.dumps(line))
    with pytest.raises(AssertionError, match="make schemas"):
        check_output(("export-model", "--json"), json.dumps({**line, "more": 1}))
    assert list(validator_of("export-model").iter_errors({"model": "m"}))


def test_the_command_prints_a_schema_or_the_list(run: Callable[..., Answer]) -> None:
    assert run("schema").stdout.split() == sorted(OUTPUTS)
    assert run("schema", "identify").stdout == schema_text("identify")
    answer = run("schema", "identfy")
    assert answer.returncode == 1
    assert "perhaps `identify` is meant" in answer.stderr
    assert "there are analyse-footage, audit, " in run("schema", "x").stderr
