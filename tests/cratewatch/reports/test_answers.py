from pathlib import Path
from typing import Any

from PIL import Image

from cratewatch.catalog.records import Cover
from cratewatch.lake.folder import FolderLake
from cratewatch.lake.lake import cover_key
from cratewatch.reports.answers import page as answers_page
from cratewatch.reports.html import web_link


def test_identify_writes_a_page_of_queries_beside_their_matches(
    run: Any, home: Path, served: list[Cover], lake: FolderLake, tmp_path: Path
) -> None:
    (tmp_path / "<b>.jpg").write_text("none")
    page = tmp_path / "out.html"
    paths = [served[0].source_url, str(tmp_path / "<b>.jpg"), served[1].source_url]
    (home / "lake" / cover_key(served[1].cover_id)).unlink()
    said = run("identify", *paths, "--top", "2", "--report", str(page), "--home", str(home))
    assert said.returncode == 1  # of the second
    html = page.read_text()
    assert html.count("<h2>") == len(paths)
    assert html.count("<figcaption>query") == 2
    assert "&lt;b&gt;.jpg" in html
    assert "<b>.jpg" not in html
    assert "not_an_image" in html
    assert Path(served[0].source_url).stem in html
    assert "no picture" in html  # of the cover that the lake has lost
    assert not [part for part in ('src="http', "<script", "<link", "@import") if part in html]


def test_a_page_is_refused_before_anything_is_done(
    run: Any, empty_home: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "crop.jpg"
    Image.new("RGB", (64, 64)).save(picture)
    before = picture.read_bytes()
    for report, said in ((picture, "does not end in .html"), (tmp_path / "no/p.html", "no folder")):
        refused = run("identify", "a.jpg", "--report", str(report), "--home", str(empty_home))
        assert refused.returncode == 1
        assert said in refused.stderr
    assert picture.read_bytes() == before


def test_nothing_but_the_web_is_linked() -> None:
    assert web_link("javascript:alert(1)", "/covers/a.jpg") is None
    assert web_link(None, "https://shop.example/a.jpg") == "https://shop.example/a.jpg"


def test_a_long_page_shows_its_first_queries(
    run: Any, home: Path, served: list[Cover], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(answers_page, "MOST_SHOWN", 1)
    page = tmp_path / "out.html"
    paths = [cover.source_url for cover in served[:3]]
    assert run("identify", *paths, "--report", str(page), "--home", str(home)).returncode == 0
    assert page.read_text().count("<h2>") == 1
    assert "The first 1 are shown" in page.read_text()
