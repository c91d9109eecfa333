"""Import of a generated dump in Discogs' shape, twice, with lxml's iterparse beside it.

    .venv/bin/python benchmarks/dump_import.py --releases 50000
    .venv/bin/python benchmarks/dump_import.py --releases 1000000

Each row is a process of its own. Seconds are those that the process computed: a rate per second of
one core, whatever else the machine does; wall seconds stand beside them. A second import without
changes is followed by one in which one release of a hundred has another title. docs/operations.md
holds the output.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from lxml import etree
from rich.console import Console
from rich.table import Table

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.records import Release
from cratewatch.catalog.runs import refresh_kind
from cratewatch.sources.dumps.blocks import read_blocks
from cratewatch.sources.dumps.discogs_reading import DiscogsReleases
from cratewatch.sources.dumps.discogs_xml import release_of
from cratewatch.sources.dumps.importing import import_dump
from cratewatch.sources.dumps.reports import FileRead
from cratewatch.sources.dumps.selection import Selection
from cratewatch.sources.dumps.settings import DumpSource

WORDS = (
    *("night", "river", "blue", "sun", "city", "love", "dance", "moon"),
    *("fire", "stone", "rain", "gold", "deep", "soul", "wild", "echo"),
)
GENRES = ("Electronic", "Jazz", "Rock", "Funk / Soul", "Hip Hop", "Reggae", "Classical")
COUNTRIES = ("UK", "US", "Germany", "France", "Sweden", "Japan", "Italy", "Netherlands")
SOURCE = "generated"
MOST_ITERPARSED = 100_000  # releases: its rate does not depend on how many there are


def main() -> None:
    options = _options()
    home: Path = options.home.absolute()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    n = options.releases
    dump, part = home / "dump.xml.gz", home / "part.xml.gz"
    write_dump(dump, n, options.level)
    write_dump(part, min(n, MOST_ITERPARSED), options.level)
    rows = [
        _row("first import", n, "import", dump, home),
        _row("second import, no changes", n, "import", dump, home),
        _row("parsed and compared, nothing written", n, "compare", dump, home),
        _row("lxml.iterparse, parsed only", min(n, MOST_ITERPARSED), "iterparse", part, home),
    ]
    if n <= MOST_ITERPARSED:
        write_dump(part, n, options.level, changed_every=100)
        rows.append(_row("third import, 1 % changed", n, "import", part, home))
    _show(rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--releases", type=int, default=50_000)
    parser.add_argument("--level", type=int, default=6, help="of gzip")
    parser.add_argument("--home", type=Path, default=Path("build/dump-import"))
    return parser.parse_args()


def write_dump(path: Path, releases: int, level: int, changed_every: int = 0) -> None:
    """Write a dump; a release is about as long as those of a real month, 3 to 5 kB."""
    with gzip.open(path, "wb", compresslevel=level) as file:
        file.write(b"<releases>\n")
        for number in range(1, releases + 1):
            is_changed = bool(changed_every) and number % changed_every == 0
            file.write(_release(number, is_changed).encode())
        file.write(b"</releases>\n")


def _release(number: int, is_changed: bool) -> str:
    chance = random.Random(number)

    def say(n: int) -> str:
        return " ".join(chance.choices(WORDS, k=n)).title()

    artist, label = chance.randrange(1, 200_000), chance.randrange(1, 50_000)
    tracks = "".join(
        f"<track><position>{side}{place}</position><title>{say(3)}</title>"
        f"<duration>{chance.randrange(2, 9)}:{chance.randrange(10, 60)}</duration></track>"
        for side in "AB"
        for place in range(1, chance.randrange(2, 8))
    )
    extra = "".join(
        f"<artist><id>{chance.randrange(1, 10**6)}</id><name>{say(2)}</name><anv/><join/>"
        "<role>Producer, Written-By</role><tracks/></artist>"
        for _ in range(chance.randrange(6))
    )
    companies = "".join(
        f"<company><id>{chance.randrange(1, 10**6)}</id><name>{say(3)}</name><catno/>"
        "<entity_type>23</entity_type><entity_type_name>Recorded At</entity_type_name>"
        "<resource_url>https://api.discogs.com/labels/1</resource_url></company>"
        for _ in range(chance.randrange(5))
    )
    videos = "".join(
        f'<video src="https://www.youtube.com/watch?v={chance.randbytes(6).hex()}" duration="296" '
        f'embed="true"><title>{say(5)}</title><description>{say(12)}</description></video>'
        for _ in range(chance.randrange(5))
    )
    code = f"50{chance.randrange(10**10):010}0"
    again = " (Remastered)" if is_changed else ""
    return (
        f'<release id="{number}" status="Accepted"><images><image type="primary" uri="" uri150="" '
        f'width="600" height="600"/></images><artists><artist><id>{artist}</id><name>Artist '
        f"{artist}</name><anv/><join/><role/><tracks/></artist></artists><title>{say(3)} &amp; "
        f'&#214;{say(1)}{again}</title><labels><label name="Label {label}" catno="LP '
        f'{number % 9999}" id="{label}"/></labels><extraartists>{extra}</extraartists><formats>'
        f'<format name="{chance.choice(("Vinyl", "CD", "Cassette"))}" qty="{chance.choice("1112")}"'
        ' text=""><descriptions><description>LP</description><description>Album</description>'
        f"</descriptions></format></formats><genres><genre>{chance.choice(GENRES)}</genre></genres>"
        f"<styles><style>{say(2)}</style></styles><country>{chance.choice(COUNTRIES)}</country>"
        f"<released>{chance.randrange(1955, 2026)}-03-00</released><notes>{say(40)}</notes>"
        f"<data_quality>Needs Vote</data_quality><tracklist>{tracks}</tracklist><identifiers>"
        f'<identifier type="Barcode" description="Scanned" value="{code}"/><identifier '
        f'type="Matrix / Runout" value="{say(2)}"/></identifiers><videos>{videos}</videos>'
        f"<companies>{companies}</companies></release>\n"
    )


def _row(what: str, n: int, job: str, dump: Path, home: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--measure", job, str(dump), str(home)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {"what": what, "n": n} | json.loads(done.stdout.splitlines()[-1])


def _measure(job: str, dump: Path, home: Path) -> None:
    """Do one job and print what it took, and the peak of its memory half way and at the end."""
    jobs = {"iterparse": _iterparse, "compare": _compare, "import": _import}
    peaks: list[int] = []
    start, wall = time.process_time(), time.perf_counter()
    jobs[job](dump, home, lambda: peaks.append(_peak_mib()))
    took = {"cpu_s": time.process_time() - start, "wall_s": time.perf_counter() - wall}
    print(json.dumps(took | {"half_mib": peaks[len(peaks) // 2], "peak_mib": _peak_mib()}))


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _iterparse(dump: Path, home: Path, breathe: Callable[[], None]) -> None:
    """Read the same fields in the way of most importers."""
    del home
    wanted = Selection()
    with gzip.open(dump) as file:
        for n, (_, element) in enumerate(etree.iterparse(file, tag="release")):
            release_of(element, SOURCE, wanted)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
            if n % 10_000 == 0:
                breathe()


def _compare(dump: Path, home: Path, breathe: Callable[[], None]) -> None:
    with closing(open_catalog(f"sqlite:///{home / 'empty.db'}")) as catalog:
        reading = DiscogsReleases(catalog.dumps, SOURCE, Selection())
        for found in reading.read(read_blocks(dump), FileRead(str(dump), "release")):
            if found is None:
                reading.changed_blocks()
                breathe()
            elif isinstance(found, Release):
                found.content_hash()


def _import(dump: Path, home: Path, breathe: Callable[[], None]) -> None:
    source = DumpSource(spider="dump", service="discogs")
    with closing(open_catalog(f"sqlite:///{home / 'catalog.db'}")) as catalog:
        run_id = catalog.runs.start(refresh_kind(SOURCE))
        import_dump([dump], SOURCE, source, catalog, run_id, on_progress=lambda *_: breathe())
        catalog.runs.finish(run_id, "done", {})


def _show(rows: list[dict[str, Any]]) -> None:
    table = Table("what", "releases", "cpu s", "wall s", "per cpu s", "half MiB", "peak MiB")
    for row in rows:
        figures = (f"{row[name]:.1f}" for name in ("cpu_s", "wall_s"))
        rate = f"{row['n'] / row['cpu_s']:.0f}"
        table.add_row(
            row["what"], str(row["n"]), *figures, rate, str(row["half_mib"]), str(row["peak_mib"])
        )
    Console(width=110).print(table)
    first, second = rows[0]["cpu_s"], rows[1]["cpu_s"]
    print(f"the second import is {first / second:.1f} times as fast as the first")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        _measure(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
