"""Rows of persons: their fields in Milvus, and filters on them. Values are data, never code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cratewatch.embedding.arrays import Embeddings
from cratewatch.gallery.milvus import DataType, MilvusClient

ID_LENGTH = 128
MAX_TEXT_BYTES = 1024
MAX_TERMS, MAX_TERM_BYTES = 64, 64
NEVER = 0
"""Time of what nobody knows when it was filmed."""


@dataclass(frozen=True)
class PersonRow:
    """A person as one picture of a track shows him.

    Attributes:
        row_id: Of the picture: what its recording is told by, a colon, and its own name.
        footage: Key of the recording.
        camera: Its name.
        track_id: His number there.
        seconds: Into the recording.
        frame: Number of the frame.
        filmed_at: When that was, aware; None if nobody knows.
        box_xyxy: In pixels of the frame.
        terms: What is said of him; facets.
        caption: The same in words.
        crop_key: Of his picture in the lake.
        recording: Where it was when it was indexed.
        expires_at: When he is forgotten, aware.
    """

    row_id: str
    footage: str
    camera: str
    track_id: int
    seconds: float
    frame: int
    filmed_at: datetime | None
    box_xyxy: tuple[float, float, float, float]
    terms: tuple[str, ...]
    caption: str
    crop_key: str
    recording: str
    expires_at: datetime


@dataclass(frozen=True)
class PersonHit:
    """A person near a query; the cosine is higher for who is more similar."""

    row: PersonRow
    cosine: float


@dataclass(frozen=True)
class PersonsWanted:
    """What can be an answer.

    Attributes:
        now: Whoever expired before is none.
        camera: "" for any.
        since: First moment, aware.
        until: The moment after the last.
        facets: Terms, of which each must be said of him.
    """

    now: datetime
    camera: str = ""
    since: datetime | None = None
    until: datetime | None = None
    facets: tuple[str, ...] = ()


TEXTS = ("footage", "camera", "caption", "crop_key", "recording", "box")
NUMBERS = ("track_id", "frame", "filmed_ms", "expires_s")
FIELDS = ("row_id", *TEXTS, *NUMBERS, "seconds", "terms")


def make_person_schema(client: MilvusClient, dim: int) -> Any:
    """Return the schema of a new collection of persons."""
    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("row_id", DataType.VARCHAR, is_primary=True, max_length=ID_LENGTH)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=dim)
    for name in TEXTS:
        schema.add_field(name, DataType.VARCHAR, max_length=MAX_TEXT_BYTES)
    for name in NUMBERS:
        schema.add_field(name, DataType.INT64)
    schema.add_field("seconds", DataType.DOUBLE)
    schema.add_field(
        "terms",
        DataType.ARRAY,
        element_type=DataType.VARCHAR,
        max_capacity=MAX_TERMS,
        max_length=MAX_TERM_BYTES,
    )
    return schema


def person_fields(row: PersonRow, embedding: Embeddings) -> dict[str, Any]:
    """Return the fields of a row, cut to what they hold."""
    return {
        "row_id": row.row_id,
        "embedding": embedding,
        "footage": row.footage,
        "camera": _cut(row.camera),
        "caption": _cut(row.caption),
        "crop_key": row.crop_key,
        "recording": _cut(row.recording),
        "box": json.dumps([round(side, 1) for side in row.box_xyxy]),
        "track_id": row.track_id,
        "frame": row.frame,
        "filmed_ms": round(row.filmed_at.timestamp() * 1000) if row.filmed_at else NEVER,
        "expires_s": int(row.expires_at.timestamp()),
        "seconds": row.seconds,
        "terms": list(row.terms[:MAX_TERMS]),
    }


def person_of(fields: dict[str, Any], zone: Any) -> PersonRow:
    """Return the row that fields tell, its times in a zone."""
    filmed = int(fields["filmed_ms"])
    x1, y1, x2, y2 = json.loads(fields["box"])
    return PersonRow(
        row_id=str(fields["row_id"]),
        footage=str(fields["footage"]),
        camera=str(fields["camera"]),
        track_id=int(fields["track_id"]),
        seconds=float(fields["seconds"]),
        frame=int(fields["frame"]),
        filmed_at=datetime.fromtimestamp(filmed / 1000, zone) if filmed != NEVER else None,
        box_xyxy=(x1, y1, x2, y2),
        terms=tuple(fields["terms"]),
        caption=str(fields["caption"]),
        crop_key=str(fields["crop_key"]),
        recording=str(fields["recording"]),
        expires_at=datetime.fromtimestamp(int(fields["expires_s"]), zone),
    )


def person_filter(wanted: PersonsWanted) -> str:
    """Return Milvus' expression for who can be an answer."""
    terms = [f"expires_s > {int(wanted.now.timestamp())}"]
    if wanted.camera:
        terms.append(f"camera == {quoted(wanted.camera)}")
    if wanted.since:
        terms.append(f"filmed_ms >= {round(wanted.since.timestamp() * 1000)}")
    if wanted.until:
        terms.append(f"filmed_ms < {round(wanted.until.timestamp() * 1000)}")
    if wanted.until and not wanted.since:
        terms.append(f"filmed_ms != {NEVER}")
    terms += [f"array_contains(terms, {quoted(facet)})" for facet in wanted.facets]
    return " and ".join(terms)


def any_of(field: str, values: Sequence[str]) -> str:
    """Return Milvus' expression for a text field that is one of these."""
    return f"{field} in [{', '.join(map(quoted, values))}]"


def ids_of(told_by: str) -> str:
    """Return Milvus' expression for rows whose ids begin so, before a colon."""
    after = chr(ord(":") + 1)
    return f"row_id >= {quoted(f'{told_by}:')} and row_id < {quoted(f'{told_by}{after}')}"


def quoted(text: str) -> str:
    """Return a text as a literal of Milvus' expressions."""
    return json.dumps(_cut(text), ensure_ascii=False)


def _cut(text: str) -> str:
    return text.encode(errors="replace")[:MAX_TEXT_BYTES].decode(errors="ignore")
