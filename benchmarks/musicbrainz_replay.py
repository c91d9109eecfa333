"""A folder of covers, served in the shapes of MusicBrainz and the Cover Art Archive.

For development without a network: paths, paging, redirects, headers and error bodies are those
of the recorded answers; ids are made up, the same ones every time. Run it by hand with
``python -m benchmarks.musicbrainz_replay COVERS_FOLDER`` and crawl the URLs that it prints.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import threading
import time
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from PIL import Image

NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
LABEL_NAME = "Replay Records"
LABEL_MBID = str(uuid.uuid5(NAMESPACE, "label"))
MAX_LIMIT = 100
DEFAULT_LIMIT = 25
USAGE = "For usage, please see: https://musicbrainz.org/development/mmd"
RATE_MESSAGE = (
    "Your requests are exceeding the allowable rate limit. Please see "
    "http://wiki.musicbrainz.org/XMLWebService for more information."
)
FRONT_NAMES = ("front", "front-250", "front-500", "front-1200")
FORMATS = ('12" Vinyl', "Vinyl", "CD", "Digital Media")
COUNTRIES = ("DE", "GB", "US", "XW", "JP")


@dataclass(frozen=True)
class ReplayRow:
    """A line of covers.csv."""

    file: str
    artist: str
    title: str
    release_date: str
    genre: str


@dataclass(frozen=True)
class Faults:
    """How the services misbehave, every so many releases; 0 is never.

    Attributes:
        no_front_every: The release has no front image, and says so.
        merged_every: The archive knows the release under another id and redirects to it.
        old_listing_every: The listing is of the old kind: string ids, small and large only.
        no_1200_every: The listing has no thumbnail of 1,200 px.
        gone_1200_every: The listing has one, but it is gone.
        pages_cut_to: A browse page holds at most so many releases, as after 500 tracks.
        rate_per_s: Requests beyond it get 503, until fewer come.
    """

    no_front_every: int = 40
    merged_every: int = 300
    old_listing_every: int = 3
    no_1200_every: int = 5
    gone_1200_every: int = 0
    pages_cut_to: int = MAX_LIMIT
    rate_per_s: float = 0.0


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    location: str = ""
    retry_after_s: int | None = None


def read_rows(covers_folder: Path, prefix: str = "titled/") -> list[ReplayRow]:
    """Return the lines of the folder's covers.csv whose file is below prefix."""
    with (covers_folder / "covers.csv").open(encoding="utf-8", newline="") as file:
        return [
            ReplayRow(
                line["file"], line["artist"], line["title"], line["release_date"], line["genre"]
            )
            for line in csv.DictReader(file)
            if line["file"].startswith(prefix)
        ]


def mbid_of(row: ReplayRow) -> str:
    return str(uuid.uuid5(NAMESPACE, row.file))


class MusicBrainzReplay:
    """Both services, open between ``with`` and its end on one free port of 127.0.0.1.

    Attributes:
        url: For the setting ``url`` of a musicbrainz source; label is LABEL_MBID.
        archive_url: For its setting ``archive_url``.
        requests: (time, path) of each request so far, in the order of arrival.
    """

    url: str
    archive_url: str

    def __init__(
        self, covers_folder: Path, rows: Sequence[ReplayRow], faults: Faults | None = None
    ) -> None:
        self._covers_folder = covers_folder
        self._rows = list(rows)
        self._faults = faults or Faults()
        self._by_mbid = {mbid_of(row): i for i, row in enumerate(self._rows)}
        self._by_merged_mbid = {_merged_mbid(mbid): mbid for mbid in self._by_mbid}
        self._lock = threading.Lock()
        self.requests: list[tuple[float, str]] = []
        self._recent: deque[float] = deque()

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.archive_url = f"{self.url}/archive"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @cached_property
    def mbids(self) -> list[str]:
        return list(self._by_mbid)

    def has_front(self, mbid: str) -> bool:
        return not _hits(self._by_mbid[mbid], self._faults.no_front_every)

    def answer(self, target: str) -> Answer:
        """Answer a request for a path with its query."""
        if self._too_fast(target):
            return _error(503, RATE_MESSAGE, retry_after_s=1)
        parts = urlsplit(target)
        match parts.path.strip("/").split("/"):
            case ["ws", "2", "release"]:
                return self._browse(parse_qs(parts.query))
            case ["archive", "release", mbid, *name]:
                return self._archive(mbid, name[0] if name else "")
            case ["storage", mbid, name] if mbid in self._by_mbid:
                return self._stored(mbid, name)
        return _error(404, "Not Found")

    def _archive(self, mbid: str, name: str) -> Answer:
        if not name:
            return self._listing_redirect(mbid)
        if name in FRONT_NAMES:
            return self._front_redirect(mbid, name)
        return _redirect(f"/storage/{mbid}/{name}")

    def _too_fast(self, target: str) -> bool:
        with self._lock:
            now = time.monotonic()
            self.requests.append((now, target))
            self._recent.append(now)
            while self._recent[0] < now - 1.0:
                self._recent.popleft()
            return 0 < self._faults.rate_per_s < len(self._recent)

    def _browse(self, query: dict[str, list[str]]) -> Answer:
        entities = {"label", "artist", "release-group", "track_artist"} & query.keys()
        if len(entities) != 1:
            return _error(400, "release is not a valid parameter unless in a browse request.")
        if query.get("label") != [LABEL_MBID]:
            return _error(404, "Not Found")
        limit = min(int(query.get("limit", [str(DEFAULT_LIMIT)])[0]), MAX_LIMIT)
        offset = int(query.get("offset", ["0"])[0])
        page = self.mbids[offset : offset + min(limit, self._faults.pages_cut_to)]
        return _json(
            {
                "release-count": len(self._rows),
                "release-offset": offset,
                "releases": [self._release(mbid, query.get("inc", [""])[0]) for mbid in page],
            }
        )

    def _release(self, mbid: str, included: str) -> dict[str, Any]:
        i = self._by_mbid[mbid]
        row = self._rows[i]
        front = self.has_front(mbid)
        artist = {"id": _id("artist", row.artist), "name": row.artist, "sort-name": row.artist}
        return {
            "id": mbid,
            "title": row.title.strip('"'),
            "status": "Official",
            "quality": "normal",
            "disambiguation": "",
            "packaging": None,
            "asin": None,
            "date": row.release_date,
            "country": COUNTRIES[i % len(COUNTRIES)],
            "barcode": None if i % 4 == 0 else f"{4_000_000_000_000 + i}",
            "cover-art-archive": {
                "artwork": front,
                "count": int(front),
                "front": front,
                "back": False,
                "darkened": False,
            },
            "artist-credit": [{"name": row.artist, "joinphrase": "", "artist": artist}],
            "label-info": [
                {
                    "catalog-number": None if i % 7 == 0 else f"RR {i:04d}",
                    "label": {"id": LABEL_MBID, "name": LABEL_NAME, "label-code": None},
                }
            ],
            "media": [{"format": FORMATS[i % len(FORMATS)], "position": 1, "track-count": 10}],
            "release-group": {
                "id": _id("release-group", row.file),
                "title": row.title,
                "primary-type": "Album",
            },
            **({"genres": [{"name": row.genre, "count": 1}]} if "genres" in included else {}),
        }

    def _listing_redirect(self, mbid: str) -> Answer:
        if not _is_mbid(mbid):
            return _error(400, "invalid MBID specified")
        if mbid in self._by_merged_mbid:
            return _redirect(f"/storage/{self._by_merged_mbid[mbid]}/index.json")
        if mbid not in self._by_mbid or not self.has_front(mbid):
            return _error(404, f"No cover art found for release {mbid}")
        if _hits(self._by_mbid[mbid], self._faults.merged_every):
            return _redirect(f"/archive/release/{_merged_mbid(mbid)}")
        return _redirect(f"/storage/{mbid}/index.json")

    def _front_redirect(self, mbid: str, name: str) -> Answer:
        if mbid not in self._by_mbid or not self.has_front(mbid):
            return _error(404, f"No cover art found for release {mbid}")
        size = name.removeprefix("front")
        return _redirect(f"/storage/{mbid}/{_image_id(mbid)}{size}.jpg")

    def _listing(self, mbid: str) -> dict[str, Any]:
        i = self._by_mbid[mbid]
        stem = f"{self.archive_url}/release/{mbid}/{_image_id(mbid)}"
        old = _hits(i, self._faults.old_listing_every)
        thumbnails = {"small": f"{stem}-250.jpg", "large": f"{stem}-500.jpg"}
        if not old:
            thumbnails |= {"250": thumbnails["small"], "500": thumbnails["large"]}
            if not _hits(i, self._faults.no_1200_every):
                thumbnails["1200"] = f"{stem}-1200.jpg"
        return {
            "images": [
                {
                    "approved": True,
                    "back": False,
                    "comment": "",
                    "edit": 1_000_000 + i,
                    "front": True,
                    "id": str(_image_id(mbid)) if old else _image_id(mbid),
                    "image": f"{stem}.jpg",
                    "thumbnails": thumbnails,
                    "types": ["Front"],
                }
            ],
            "release": f"https://musicbrainz.org/release/{mbid}",
        }

    def _stored(self, mbid: str, name: str) -> Answer:
        if name == "index.json":
            return _json(self._listing(mbid))
        i = self._by_mbid[mbid]
        if name.endswith("-1200.jpg") and _hits(i, self._faults.gone_1200_every):
            return _error(404, "Not Found")
        path = self._covers_folder / self._rows[i].file
        data = path.read_bytes()
        if name.endswith("-250.jpg"):
            data = _thumbnail(data, 250)
        return Answer(200, data, "image/jpeg")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    # Headers and body go out as one segment: with Nagle's algorithm each answer took 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True
    timeout = 5  # an idle connection ends, so that the server can

    def do_GET(self) -> None:
        answer = self.server.replay.answer(self.path)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.location:
            self.send_header("Location", self.server.replay.url + answer.location)
        if answer.retry_after_s is not None:
            self.send_header("Retry-After", str(answer.retry_after_s))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ARG002
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, replay: MusicBrainzReplay) -> None:
        self.replay = replay
        super().__init__(("127.0.0.1", 0), _Handler)


def _hits(index: int, every: int) -> bool:
    return every > 0 and index % every == every - 1


def _id(kind: str, name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


def _merged_mbid(mbid: str) -> str:
    return _id("merged", mbid)


def _image_id(mbid: str) -> int:
    return 10_000_000_000 + uuid.UUID(mbid).int % 10_000_000_000


def _is_mbid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _thumbnail(data: bytes, side_px: int) -> bytes:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGB")
        small.thumbnail((side_px, side_px))
    small.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _json(body: dict[str, Any], status: int = 200) -> Answer:
    return Answer(status, json.dumps(body, ensure_ascii=False).encode())


def _error(status: int, message: str, retry_after_s: int | None = None) -> Answer:
    body = json.dumps({"error": message, "help": USAGE}).encode()
    return Answer(status, body, retry_after_s=retry_after_s)


def _redirect(path: str) -> Answer:
    return Answer(307, b"", location=path)


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve covers like MusicBrainz does.")
    parser.add_argument("covers_folder", type=Path)
    folder = parser.parse_args().covers_folder
    with MusicBrainzReplay(folder, read_rows(folder)) as replay:
        print(f"url = {replay.url!r}\narchive_url = {replay.archive_url!r}")
        print(f"label = {LABEL_MBID!r}\nEnter ends it.")
        input()


if __name__ == "__main__":
    main()
