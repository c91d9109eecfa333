from html.parser import HTMLParser
from pathlib import Path

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Cover
from cratewatch.lake.folder import FolderLake
from cratewatch.reports.intent.page import unbought, unseen, write_page
from tests.cratewatch.intent.made_days import at, held, sold
from tests.cratewatch.intent.test_telling import tell


class Page(HTMLParser):
    """Gathers what a page shows and what it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.fetched: list[str] = []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.shown.append(" ".join(data.split()))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "script", "link", "iframe"):
            self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_shows_what_the_report_tells(
    tmp_path: Path, catalog: Catalog, imported: list[Cover], lake: FolderLake
) -> None:
    liked, left, other = imported[:3]
    handlings = [held(liked, at(day, 10)) for day in range(1, 21)]
    handlings += [held(left, at(day, 10)) for day in range(1, 21)]
    handlings += [held(liked, at(day, 10, month=10)) for day in range(5, 11)]
    sales = [sold(liked, at(day, 11)) for day in range(1, 21)] + [sold(other, at(1, 11))]
    report = tell(catalog, handlings, sales)
    assert [a.artwork_id for a in unbought(report.albums)] == [left.artwork_id]
    assert [a.artwork_id for a in unseen(report.albums)] == [other.artwork_id]
    (lake.root / "covers" / other.cover_id[:2] / f"{other.cover_id}.jpg").unlink()
    write_page(report, lake, tmp_path / "intent.html")
    page = Page((tmp_path / "intent.html").read_text("utf-8"))
    told = " ".join(" ".join(page.shown).split())
    assert "Often looked at, never bought Those in bold" in told
    assert "1 of 1" in told
    assert "2026-10-02 to 2026-10-31: 6 handlers on 6 days of footage" in told
    assert "10 40 400 40 20 50 % 35 to 65" in told, "the hour"
    assert len(page.fetched) == 4
    assert all(url.startswith("data:image/jpeg;base64,") for url in page.fetched)


def test_a_page_of_little(tmp_path: Path, catalog: Catalog, lake: FolderLake) -> None:
    write_page(tell(catalog, [held(None, at(2))]), lake, tmp_path / "intent.html")
    told = " ".join(Page((tmp_path / "intent.html").read_text("utf-8")).shown)
    assert "no sales are known" in told
    assert "never bought" not in told
