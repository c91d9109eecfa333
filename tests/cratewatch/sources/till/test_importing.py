from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.records import Release
from cratewatch.errors import CratewatchError
from cratewatch.sources.till.importing import import_sales
from cratewatch.sources.till.settings import Till

HEADER = "date,receipt,title,sku,barcode,price,currency,media_condition\n"
LINES = (
    "2026-01-02,1,Nefertiti,N-1,,9.50,EUR,VG+\n"
    "2026-01-02,1,Sorcerer,,0 74646 64218 5,8.00,EUR,used\n"
    "2026-01-03,2,Nefertiti,N-1,,-9.50,EUR,VG+\n"
)


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_sales_are_kept_once_however_often_they_are_given(tmp_path: Path, catalog: Catalog) -> None:
    january = written(tmp_path, "january.csv", HEADER + LINES)
    report = import_sales([january], catalog, "till", Till())
    assert (report.lines, report.new, report.known, report.returns) == (3, 3, 0, 1)
    assert report.refusals() == ""
    longer = written(tmp_path, "longer.csv", HEADER + LINES + "2026-02-01,3,ESP,,,7,EUR,\n")
    again = import_sales([january, longer], catalog, "till", Till())
    assert (again.lines, again.new, again.known) == (7, 1, 6)
    sold = {(o.title, o.quantity, o.price, o.condition) for o in catalog.observations.all()}
    assert ("Nefertiti", -1, Decimal("9.50"), "VG+") in sold
    assert len(sold) == 4


def test_a_line_is_linked_by_sku_or_barcode(tmp_path: Path, catalog: Catalog) -> None:
    run_id = catalog.runs.start("refresh")
    nefertiti = Release(source="shop", native_id="N-1", title="Nefertiti")
    sorcerer = replace(nefertiti, native_id="7", title="Sorcerer", barcode="074646642185")
    catalog.stage(run_id, [nefertiti, sorcerer])
    catalog.apply_crawl(run_id, "shop", complete=True)
    report = import_sales([written(tmp_path, "a.csv", HEADER + LINES)], catalog, "till", Till())
    assert report.linked == 3
    linked = {(o.release_id, o.media_condition) for o in catalog.observations.all()}
    assert linked == {("shop:N-1", "VG+"), ("shop:7", None)}


def test_what_is_refused_is_told_and_the_rest_is_in(tmp_path: Path, catalog: Catalog) -> None:
    bad = LINES + "2026-01-04,4,ESP,,,x,EUR,\n2026-01-04,4,Gift,,,0,EUR,\n"
    report = import_sales([written(tmp_path, "a.csv", HEADER + bad)], catalog, "till", Till())
    assert (report.new, report.refused) == (3, {"bad_price": 1, "zero_price": 1})
    assert "line 5: 'x' is no price" in report.refusals()
    assert "1 lines were refused" in report.refusals()


def test_nothing_is_imported_if_one_of_the_files_is_none(tmp_path: Path, catalog: Catalog) -> None:
    good, bad = written(tmp_path, "a.csv", HEADER + LINES), written(tmp_path, "b.csv", "x,y\n1,2\n")
    with pytest.raises(CratewatchError, match="no row names a date"):
        import_sales([good, bad], catalog, "till", Till())
    assert not list(catalog.observations.all())
