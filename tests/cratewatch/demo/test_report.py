"""The demo's page is read as a person reads it."""

import io
import re
from pathlib import Path

from cratewatch.catalog.records import Cover
from cratewatch.datasets.shards import Sample
from cratewatch.demo.asking import Exam
from cratewatch.demo.report import DemoResult, Recall, write_report
from cratewatch.evaluation.serving import Answer
from cratewatch.gallery.gallery import Hit
from cratewatch.images.reading import load
from cratewatch.settings import load_settings


def answer(truth: Cover, *ranked: Cover) -> Answer:
    jpeg = io.BytesIO()
    load(Path(truth.source_url)).save(jpeg, "JPEG")
    label = {
        "cover_id": truth.cover_id,
        "severity": 0.5,
        "occluded_fraction": 0.25,
        "size_px": (40, 44),
        "degradation": {"blur_px": 0.1, "motion_px": 0.0},
    }
    hits = tuple(Hit(c.cover_id, c.artwork_id, 0.9 - 0.05 * n) for n, c in enumerate(ranked))
    return Answer(Sample("000000000", jpeg.getvalue(), label), truth.artwork_id, hits)


def test_hits_come_first_and_misses_say_why(home: Path, imported: list[Cover]) -> None:
    first, second, third = imported[:3]
    answers = [answer(first, first, second), answer(second, second), answer(third, first, third)]
    exam = Exam("after_1", {c.cover_id: c.artwork_id for c in imported}, answers)
    night = dict.fromkeys(
        ("new", "changed", "unchanged", "withdrawn", "covers_fetched", "covers_embedded"), 1
    )
    result = DemoResult(night1=night | {"failed": {}}, night2=night | {"failed": {}})
    result.before = Recall.of(exam.of({first.cover_id}).evaluation())
    result.after = Recall.of(exam.of({first.cover_id, third.cover_id}).evaluation())
    result.newcomers = {"queries": 1, "named": 1}
    result.count(exam.evaluation(), answers)
    assert (result.n_queries, result.n_covers, result.model) == (3, len(imported), "after_1")
    assert (result.before.recall_at_1, result.after.recall_at_1) == (1.0, 0.5)
    assert result.misses == {"look-alike": 1}
    write_report(home / "report.html", load_settings(home=home), result, answers)
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", (home / "report.html").read_text()))
    headings = ("Fine-tuning", "Identified", "2 of 2", "Misses", "1 of 1", "Nights")
    places = [page.rindex(words) for words in headings]
    assert places == sorted(places)
    assert re.search(r"before after_1 24 100.0 % .+ after after_1 24 50.0 % 9.5 to 90.5 %", page)
    assert page.count("Missed:") == 1
    assert "Missed: a look-alike is 0.05 ahead of the right cover." in page
