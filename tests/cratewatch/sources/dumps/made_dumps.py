"""Dumps of our own making, in the shapes of the services'."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import tarfile
from pathlib import Path
from typing import Any


def release(number: int, title: str = "", label: str = "Svek", more: str = "") -> str:
    """Return a release of Discogs' dump."""
    return (
        f'<release id="{number}" status="Accepted"><images><image type="primary" uri="" uri150="" '
        'width="600" height="600"/></images><artists><artist><id>1</id><name>The Persuader (2)'
        "</name><anv/><join>,</join><role/><tracks/></artist><artist><id>2</id><name>Ray</name>"
        f"<anv/><join/><role/><tracks/></artist></artists><title>{title or f'Title {number}'}"
        f'</title><labels><label name="Other" catno="none" id="9"/><label name="{label}" '
        f'catno="SK{number}" id="5"/></labels><extraartists/><formats><format name="Vinyl" qty="2" '
        'text=""><descriptions><description>LP</description></descriptions></format></formats>'
        "<genres><genre>Electronic</genre></genres><styles><style>Techno</style></styles>"
        "<country>Sweden</country><released>1999-03-00</released><notes>Good &#246;ld</notes>"
        "<tracklist><track><title>A</title></track></tracklist><identifiers><identifier "
        'type="Barcode" description="Text" value="7 961220 922684 &gt;"/><identifier '
        f'type="Matrix" value="X"/></identifiers>{more}</release>\n'
    )


def discogs(*releases: str, outer: bool = True) -> bytes:
    """Return the text of a dump of releases."""
    text = "".join(releases)
    return (f"<releases>\n{text}</releases>\n" if outer else text).encode()


def gzipped(path: Path, text: bytes) -> Path:
    path.write_bytes(gzip.compress(text))
    return path


def musicbrainz(path: Path, *releases: dict[str, Any]) -> Path:
    """Write releases of MusicBrainz as its dumps have them, a tar file with others beside them."""
    lines = "".join(json.dumps(release) + "\n" for release in releases).encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in (("COPYING", b"CC0"), ("mbdump/release", lines), ("README", b"x")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    path.write_bytes(lzma.compress(buffer.getvalue()))
    return path


def mbid(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-{number:012x}"


def mb_release(number: int, title: str = "", label: str = "Svek") -> dict[str, Any]:
    """Return a release as a line of MusicBrainz' dump holds it."""
    return {
        "id": mbid(number),
        "title": title or f"Title {number}",
        "barcode": "7961220922684",
        "date": "1999-03",
        "country": "SE",
        "artist-credit": [{"name": "The Persuader", "joinphrase": ""}],
        "label-info": [
            {"catalog-number": f"SK{number}", "label": {"id": mbid(5), "name": label}},
        ],
        "media": [{"format": '12" Vinyl'}],
        "cover-art-archive": {"front": number % 2 == 1},
        "relations": [],
    }
