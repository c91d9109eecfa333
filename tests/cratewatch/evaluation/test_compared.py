"""Models beside one another: the same queries, of artworks that none of them saw."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from lxml import html

from cratewatch.catalog.records import Cover
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.net import EmbeddingNet
from cratewatch.embedding.saved_models import reject_model
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.grid import GridConfig, evaluate_models
from cratewatch.evaluation.paired import compare
from cratewatch.evaluation.protocol.cells import Cell
from cratewatch.lake.folder import FolderLake
from cratewatch.settings import load_settings
from tests.command_line import Answer
from tests.tiny import TINY

pytestmark = pytest.mark.heavy

HARD = GridConfig(cells=(Cell(1.0, 48), Cell(2.0, 48)), samples=60)


@pytest.fixture
def new_model(lake: FolderLake, imported: list[Cover], tiny_model: str) -> str:
    """The name of another untrained model that says it saw the first two covers."""
    torch.manual_seed(1)
    seen = [cover.artwork_id for cover in imported[:2]]
    return save_model(lake, EmbeddingNet(TINY), TINY, {}, seen)


def test_two_models_answer_the_same_queries(
    home: Path, imported: list[Cover], tiny_model: str, new_model: str
) -> None:
    settings = load_settings(home=home)
    (first, _), (other, misses) = evaluate_models(settings, [tiny_model, new_model], HARD)
    assert (first.model, other.model) == (tiny_model, new_model)
    assert first.others == (other,)
    assert (first.n_unseen, other.n_unseen) == (22, 22), "the new one saw two of the 24"
    assert [(row.severity, row.model) for row in first.compared] == [
        (1.0, new_model),
        (2.0, new_model),
    ]
    for row in first.compared:
        recall = row.recall
        assert recall.before.trials == recall.after.trials == 22, "each artwork once"
        assert recall.gained - recall.lost == recall.after.successes - recall.before.successes
        assert recall.low <= recall.difference <= recall.high
    assert any(row.recall.gained + row.recall.lost for row in first.compared)
    seen = {cover.artwork_id for cover in imported[:2]}
    assert misses
    assert not seen & {miss.right.cover.artwork_id for miss in misses}


def test_a_model_beside_itself_is_no_better(
    home: Path, imported: list[Cover], tiny_model: str, lake: FolderLake
) -> None:
    folder = lake.root / "models" / tiny_model
    settings = load_settings(home=home)
    ((first, _), _) = evaluate_models(settings, [tiny_model, str(folder)], HARD)
    same = np.zeros(24, bool)
    assert {row.recall.difference for row in first.compared} == {compare(same, same).difference}


def test_queries_of_one_model_alone_are_of_what_it_did_not_see(
    home: Path, imported: list[Cover], tiny_model: str, new_model: str
) -> None:
    settings = load_settings(home=home)
    ((alone, _),) = evaluate_models(settings, [tiny_model], HARD)
    assert (alone.n_unseen, alone.others, alone.compared) == (24, (), ())


def test_models_that_saw_everything_between_them_are_refused(
    home: Path, imported: list[Cover], lake: FolderLake, tiny_model: str
) -> None:
    torch.manual_seed(1)
    all_of_them = [cover.artwork_id for cover in imported]
    name = save_model(lake, EmbeddingNet(TINY), TINY, {}, all_of_them)
    message = f"no artwork that model {tiny_model} and {name} never saw.*one alone by --model"
    with pytest.raises(CratewatchError, match=message):
        evaluate_models(load_settings(home=home), [tiny_model, name], HARD)


def test_by_default_the_serving_model_is_compared_with_a_newer_one(
    home: Path, served: list[Cover], tiny_model: str, lake: FolderLake
) -> None:
    settings = load_settings(home=home)
    quick = GridConfig(cells=(Cell(0.0, 96),), samples=3)
    ((alone, _),) = evaluate_models(settings, config=quick)
    assert (alone.model, alone.compared) == (tiny_model, ())
    torch.manual_seed(1)
    name = save_model(lake, EmbeddingNet(TINY), TINY, {}, [])
    ((first, _), _) = evaluate_models(settings, config=quick)
    assert (first.model, first.compared[0].model) == (tiny_model, name)
    reject_model(lake, name, {})
    assert len(evaluate_models(settings, config=quick)) == 1, "a renewal found it no better"


def test_the_command_shows_both_and_the_difference(
    run: Callable[..., Answer], home: Path, tiny_model: str, new_model: str, tmp_path: Path
) -> None:
    asked = ("--cells", "1:48", "--samples", "22", "--home", str(home))
    models = ("--model", tiny_model, "--model", new_model)
    answer = run("evaluate", *models, *asked, "--report", str(tmp_path / "report"))
    assert answer.returncode == 0, answer.stderr
    assert "difference" in answer.stdout
    assert "22 artworks that neither saw" in " ".join(answer.stdout.split())
    page = html.fromstring((tmp_path / "report" / f"{tiny_model}.html").read_text())
    rows = page.xpath("//table[@class='compared']//tr")
    assert [cell.text_content().strip() for cell in rows[1].xpath("td")][:3] == ["1", "48 px", "22"]
    assert (tmp_path / "report" / f"{new_model}.html").exists()
    told = json.loads(run("evaluate", *models, *asked, "--json").stdout)
    assert [other["model"] for other in told["others"]] == [new_model]
    (row,) = told["compared"]
    shown = 100 * row["recall"]["difference"]
    assert f"{shown:+.1f} (" in answer.stdout
