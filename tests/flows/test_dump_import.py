"""Imports of dumps by the command line: catalog, covers, report."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.musicbrainz_replay import Faults, MusicBrainzReplay, mbid_of, read_rows
from tests.command_line import run_here
from tests.cratewatch.sources.dumps.made_dumps import (
    discogs,
    gzipped,
    mb_release,
    musicbrainz,
    release,
)
from tests.pictures import draw_noise

pytestmark = pytest.mark.heavy


def write_settings(home: Path, **source: Any) -> None:
    home.mkdir(exist_ok=True)
    lines = [f"{name} = {json.dumps(value)}" for name, value in source.items()]
    text = "\n".join(['[sources.month]\nspider = "dump"', *lines])
    (home / "cratewatch.toml").write_text(text + "\n")


def test_a_dump_brings_releases_and_then_only_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    write_settings(home, service="discogs", labels=["Svek"], formats=["vinyl"])
    dump = gzipped(tmp_path / "a.gz", discogs(release(1), release(2, label="X"), release(3)))
    command = ("import-dump", "month", str(dump), "--home", str(home), "--json")
    answer = run_here(monkeypatch, *command)
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report["diff"]["new"] == 2
    assert report["dump"]["files"][0]["records"] == 3
    again = json.loads(run_here(monkeypatch, *command).stdout)
    assert (again["diff"]["unchanged"], again["dump"]["files"][0]["parsed"]) == (2, 0)


def test_a_dump_that_is_cut_off_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    write_settings(home, service="discogs")
    text = discogs(*map(release, (1, 2, 3)))
    dump = gzipped(tmp_path / "a.gz", text[: len(text) - 100])
    answer = run_here(monkeypatch, "import-dump", "month", str(dump), "--home", str(home), "--json")
    assert answer.returncode == 1
    assert json.loads(answer.stdout)["diff"]["new"] == 2
    (line,) = [line for line in answer.stderr.splitlines() if line.startswith("cratewatch: ")]
    assert line.startswith(f"cratewatch: {dump}: cut off at byte {len(text) - 100:,} of the text: ")


def test_a_source_that_is_crawled_takes_no_dump(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "cratewatch.toml").write_text(
        '[sources.shop]\nspider = "storefront"\nurl = "http://127.0.0.1:1"\n'
    )
    answer = run_here(monkeypatch, "import-dump", "shop", "x.gz", "--home", str(home))
    assert answer.returncode == 1
    assert "source 'shop' is crawled" in answer.stderr


def test_covers_come_from_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "covers"
    (folder / "titled").mkdir(parents=True)
    lines = ["file,discogs_release_id,artist,title,release_date,genre"]
    for n in range(4):
        draw_noise(n).save(folder / f"titled/{n:03d}.jpg")
        lines.append(f"titled/{n:03d}.jpg,,Artist {n},Title {n},2001-01-22,jazz")
    (folder / "covers.csv").write_text("\n".join(lines))
    rows = read_rows(folder)
    releases = [mb_release(1) | {"id": mbid_of(row)} for row in rows]
    dump = musicbrainz(tmp_path / "release.tar.xz", *releases)
    home = tmp_path / "home"
    faults = Faults(no_front_every=0, merged_every=0)
    with MusicBrainzReplay(folder, rows, faults) as replay:
        write_settings(
            home, service="musicbrainz", archive_url=replay.archive_url, rate_per_s=100.0
        )
        command = ("import-dump", "month", str(dump), "--home", str(home), "--json")
        first = run_here(monkeypatch, *command, "--no-covers")
        assert "covers" not in json.loads(first.stdout)
        answer = run_here(monkeypatch, "refresh", "month", "--home", str(home), "--json")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report["covers"]["items"] == 4
    assert "crawl" not in report
