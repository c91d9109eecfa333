"""A model on a tiny catalog, from the command to the page that it writes."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml import html
from PIL import Image

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.commands.tables import grid_tables
from cratewatch.embedding.loading import load_model
from cratewatch.embedding.model_folder import save_model
from cratewatch.embedding.shards import EmbeddingShard, write_embeddings
from cratewatch.errors import CratewatchError
from cratewatch.evaluation.grid import GridConfig, evaluate_models
from cratewatch.evaluation.held_out import Pictures, embed_catalog, open_model, unseen_covers
from cratewatch.evaluation.misses import Miss, Scored, worst
from cratewatch.evaluation.protocol.cells import GRID, TABLE_CELLS, Cell, parse_cells
from cratewatch.images.reading import decode
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import cover_key
from cratewatch.settings import Settings, load_settings
from cratewatch.sources.folder.importing import import_folder
from tests.pictures import draw_noise
from tests.tiny import TINY, tiny_net

pytestmark = pytest.mark.heavy

CLEAN = GridConfig(cells=(Cell(0.0, 96),), samples=30)


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings(home=home)


@pytest.fixture
def many(tmp_path: Path, catalog: Catalog, lake: FolderLake) -> list[Cover]:
    """Sixty covers, so that fifty of them are a gallery."""
    folder = tmp_path / "sixty"
    folder.mkdir()
    for number in range(60):
        draw_noise(number).save(folder / f"{number:02d} <b>title.jpg", quality=95)
    import_folder(folder, catalog, lake)
    return catalog.covers.all()


def test_clean_queries_are_found_among_all_covers(
    settings: Settings, many: list[Cover], tiny_model: str
) -> None:
    done: list[tuple[int, int, str]] = []
    ((found, misses),) = evaluate_models(
        settings, [tiny_model], CLEAN, lambda *progress: done.append(progress)
    )
    assert (found.n_covers, found.n_artworks, found.n_unseen) == (60, 60, 60)
    assert (found.hands, found.left_out) == ("painted", ("thousand",))
    fifty, everything = found.rows
    assert (fifty.protocol, fifty.n_gallery, fifty.n_draws) == ("fifty", 50, 1)
    assert (everything.protocol, everything.n_gallery, everything.n_queries) == (
        "everything",
        60,
        30,
    )
    assert everything.chance_at_1 == 1 / 60
    assert everything.recall_at_1.value > 0.9
    assert everything.recall_at_1.successes == 30 - len(misses)
    assert done == [(60, 60, "covers embedded"), (1, 1, "cells")]


def test_the_same_seed_finds_the_same(
    settings: Settings, many: list[Cover], tiny_model: str
) -> None:
    config = replace(CLEAN, cells=(Cell(1.0, 48),))
    ((first, misses),) = evaluate_models(settings, [tiny_model], config)
    ((again, same),) = evaluate_models(settings, [tiny_model], config)
    ((other, _),) = evaluate_models(settings, [tiny_model], replace(config, seed=1))
    assert (first, misses) == (again, same)
    assert first.rows != other.rows
    assert misses, "an untrained model misses hard queries"
    for miss in misses:
        assert miss.answers[0].cover.artwork_id != miss.right.cover.artwork_id
        assert miss.answers[0].score >= miss.right.score
        assert miss.rank >= 1


def test_an_artwork_is_unseen_only_if_training_saw_no_cover_of_it(imported: list[Cover]) -> None:
    scan = replace(imported[1], cover_id="another scan", artwork_id=imported[0].artwork_id)
    covers = [*imported, scan]
    assert unseen_covers(covers, ()) == imported
    assert unseen_covers(covers, {imported[0].artwork_id}) == imported[1:]
    assert unseen_covers(covers, {"another scan"}) == imported[1:], "its artwork's id is our own"
    assert unseen_covers(covers, {cover.cover_id for cover in imported}) == []


def test_another_scan_of_a_cover_is_a_query_that_is_not_in_the_gallery(
    tmp_path: Path, settings: Settings, many: list[Cover], catalog: Catalog, lake: FolderLake
) -> None:
    seen = save_model(lake, tiny_net(), TINY, {}, [many[0].artwork_id])
    assert evaluate_models(settings, [seen], CLEAN)[0].evaluation.scans is None
    folder = tmp_path / "scans"
    folder.mkdir()
    for cover in many[:4]:
        picture = decode(lake.read(cover_key(cover.cover_id)))
        picture.point(lambda level: 0.9 * level).save(folder / f"{cover.cover_id}.png")
    import_folder(folder, catalog, lake)
    ((found, _),) = evaluate_models(settings, [seen], CLEAN)
    assert found.scans is not None
    assert (found.n_covers, found.n_artworks) == (64, 60)
    assert (found.scans.queries, found.scans.covers) == (3, 61), "the fourth was trained on"
    assert found.scans.scores.recall_at_1.successes == 3
    *_, last = grid_tables(asdict(found))
    assert "scans" in last.columns[1]._cells


def test_a_catalog_that_the_model_knows_is_refused(
    settings: Settings, imported: list[Cover], lake: FolderLake
) -> None:
    artworks = [cover.artwork_id for cover in imported]
    name = save_model(lake, tiny_net(), TINY, {}, artworks)
    with pytest.raises(CratewatchError, match=f"no artwork that model {name} never saw"):
        evaluate_models(settings, [name], CLEAN)


def test_vectors_of_the_lake_are_used_and_missing_ones_embedded(
    imported: list[Cover], lake: FolderLake, tiny_model: str
) -> None:
    embedder = load_model(lake, tiny_model)
    stored = np.zeros((2, 128), np.float32)
    stored[0, 3] = stored[1, 5] = 1.0
    known = EmbeddingShard([imported[4].cover_id, "gone"], ["a", "b"], stored)
    write_embeddings(lake, tiny_model, known)
    done: list[tuple[int, int, str]] = []
    gallery = embed_catalog(imported, embedder, lake, lambda *progress: done.append(progress))
    assert gallery.vectors[4].tolist() == stored[0].tolist()
    assert done == [(23, 23, "covers embedded")]
    image = decode(lake.read(cover_key(imported[7].cover_id)), side_px=64)
    assert gallery.vectors[7] == pytest.approx(embedder.embed_covers([image])[0], abs=1e-5)


def test_a_folder_is_evaluated_and_not_adopted(
    lake: FolderLake, tiny_model: str, tmp_path: Path
) -> None:
    folder = tmp_path / "from a colleague"
    shutil.copytree(lake.root / "models" / tiny_model, folder)
    elsewhere = FolderLake(tmp_path / "empty")
    embedder, seen = open_model(elsewhere, str(folder))
    assert (embedder.name, set(seen)) == (tiny_model, {"a-training-artwork"})
    assert not list(elsewhere.keys("models"))


def test_pictures_are_those_of_the_covers(imported: list[Cover], lake: FolderLake) -> None:
    pictures = Pictures(lake, imported)
    assert len(pictures) == len(imported)
    artwork, picture = pictures[5]
    assert artwork == imported[5].artwork_id
    assert picture.shape == (96, 96, 3)


def miss_of(artwork: Cover, score: float) -> Miss:
    return Miss(TABLE_CELLS[0], b"", 1, Scored(artwork, 0.0), (Scored(artwork, score),))


def test_the_worst_misses_are_the_surest_and_one_of_each_artwork(imported: list[Cover]) -> None:
    misses = [miss_of(imported[n % 2], score) for n, score in enumerate((0.1, 0.2, 0.7, 0.6, 0.3))]
    assert [miss.answers[0].score for miss in worst(misses)] == [0.7, 0.6]


def test_cells_are_read_and_bad_ones_named() -> None:
    assert parse_cells("1:128,1:64,2:96") == TABLE_CELLS
    assert parse_cells("0.5:32,0.5:32") == (Cell(0.5, 32),)
    assert parse_cells("grid") == GRID
    assert len(GRID) == 30
    for text in ("1", "a:64", "1:64,", "1:6.5"):
        with pytest.raises(CratewatchError, match="no SEVERITY:SLEEVE_PX"):
            parse_cells(text)
    for text in ("2.5:64", "-1:64", "1:4", "1:4000"):
        with pytest.raises(CratewatchError, match="a severity is 0 to 2"):
            parse_cells(text)


def test_the_command_prints_a_table_and_writes_a_page(
    run: Any, home: Path, many: list[Cover], tiny_model: str, tmp_path: Path
) -> None:
    report = tmp_path / "report"
    answer = run(
        *("evaluate", "--model", tiny_model, "--cells", "1:64,2:32", "--samples", "20"),
        *("--report", str(report), "--home", str(home)),
    )
    assert answer.returncode == 0, answer.stderr
    assert "everything" in answer.stdout
    assert "1:64" in answer.stdout
    assert "too few artworks for thousand" in answer.stdout
    assert f"report: {report / tiny_model}.html" in answer.stderr
    page = html.fromstring((report / f"{tiny_model}.html").read_text())
    assert page.xpath("//h1/text()") == [tiny_model]
    cells = [td.text_content().strip() for td in page.xpath("//table[1]/tr[2]/td")]
    assert cells[:4] == ["fifty", "50", "1", "64 px"]
    assert len(page.xpath("//svg")) == 4, "over severity and size, recall@1 and recall@5"
    misses = page.xpath("//div[@class='miss']")
    assert 0 < len(misses) <= 24
    assert all(source.startswith("data:image/jpeg") for source in page.xpath("//img/@src"))
    assert all(len(miss.xpath(".//figure")) == 6 for miss in misses)
    assert "<b>title" in misses[0].text_content(), "what a release is called is text"
    assert not page.xpath("//b")


def test_the_command_prints_json(
    run: Any, home: Path, many: list[Cover], tiny_model: str, tmp_path: Path
) -> None:
    hands = tmp_path / "hands"
    hands.mkdir()
    cut_out = np.zeros((40, 40, 4), np.uint8)
    cut_out[10:30, 10:30] = 255
    Image.fromarray(cut_out).save(hands / "a.png")
    answer = run(
        *("evaluate", "--model", tiny_model, "--cells", "1:64", "--samples", "5", "--json"),
        *("--hands", str(hands), "--home", str(home)),
    )
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    assert (found["model"], found["hands"]) == (tiny_model, str(hands))
    assert [row["protocol"] for row in found["rows"]] == ["fifty", "everything"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "none"], "model none: not in the lake"),
        (["--model", "MODEL", "--cells", "1"], "--cells: '1' is no SEVERITY:SLEEVE_PX"),
        (["--model", "MODEL", "--hands", "nowhere"], "no .png below nowhere"),
        (["--queries", "run", "--samples", "3"], "leave the other options out"),
        (["--model", "MODEL"], "the catalog has no artwork that model"),
    ],
)
def test_a_mistake_is_one_line(
    run: Any, home: Path, catalog: Catalog, tiny_model: str, arguments: list[str], message: str
) -> None:
    given = [tiny_model if argument == "MODEL" else argument for argument in arguments]
    answer = run("evaluate", *given, "--home", str(home))
    assert answer.returncode == 1
    assert message in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
    assert answer.stdout == ""


def printed(evaluation: dict[str, Any]) -> Iterator[list[list[str]]]:
    for table in grid_tables(evaluation):
        yield [[str(cell) for cell in column.cells] for column in table.columns]


def row(protocol: str, severity: float, sleeve_px: int, recall: float) -> dict[str, Any]:
    share = {"value": recall, "low": recall - 0.01, "high": recall + 0.01}
    return {
        "protocol": protocol,
        "severity": severity,
        "sleeve_px": sleeve_px,
        "recall_at_1": share,
        "recall_at_5": share,
        "mean_average_precision": 0.5,
        "recall_at_p90": 0.25,
        "chance_at_1": 0.02,
    }


def test_few_cells_are_rows_and_many_a_matrix() -> None:
    about = {
        "model": "m",
        "n_unseen": 9,
        "n_covers": 10,
        "hands": "painted",
        "left_out": ["thousand"],
        "scans": None,
    }
    (columns,) = printed({**about, "rows": [row("fifty", 1.0, 64, 0.5)]})
    assert [cells[0] for cells in columns] == [
        "fifty",
        "1:64",
        "50.0 (49.0-51.0)",
        "50.0 (49.0-51.0)",
        "50.0",
        "25.0",
        "2.00",
    ]
    rows = [row("everything", s, px, s / 10) for s in (1.0, 0.0) for px in (64, 128, 32, 96)]
    (columns,) = printed({**about, "rows": rows})
    assert columns[0] == ["0", "1"]
    assert columns[1] == ["0.0/0.0", "10.0/10.0"]
    assert len(columns) == 5
