"""What a collection carries about itself: owner, state, index, when it served, its facts' age."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from cratewatch.gallery import connection
from cratewatch.gallery.connection import Connection
from cratewatch.gallery.indexes import FLAT, TunedIndex

STATE, INDEX, SERVED_UNTIL = "cratewatch_state", "cratewatch_index", "cratewatch_served_until"
FACTS_OF, OWNER = "cratewatch_facts_of", "cratewatch_owner"
BUILDING, READY = "building", "ready"


@dataclass(frozen=True)
class Described:
    """What Milvus knows of a collection.

    Attributes:
        metric: "" while it has no index.
        building: Whether it was begun beside another and did not pass its check yet.
        served_until: When the alias left it; None if it never served, or serves.
        facts_of: When its facts were last those of the catalog; None if that is not known.
    """

    dim: int
    metric: str
    building: bool
    index: TunedIndex
    served_until: datetime | None
    facts_of: datetime | None

    @classmethod
    def of(cls, dim: int, metric: str, properties: Mapping[str, str]) -> Described:
        """Read the properties that note() and its callers wrote."""
        return cls(
            dim=dim,
            metric=metric,
            building=properties.get(STATE) == BUILDING,
            index=_tuned(properties.get(INDEX)),
            served_until=_time(properties.get(SERVED_UNTIL)),
            facts_of=_time(properties.get(FACTS_OF)),
        )


def fresh() -> dict[str, str]:
    """Return the properties of a collection that is begun now, but for its owner."""
    return {STATE: BUILDING, FACTS_OF: datetime.now(UTC).isoformat()}


def index_as_text(index: TunedIndex) -> str:
    """Return the index as a collection's property keeps it."""
    return json.dumps(asdict(index))


def note(milvus: Connection, collection: str, properties: Mapping[str, str]) -> None:
    """Write properties; the others stay."""
    milvus.client.alter_collection_properties(
        milvus.names.full(collection), dict(properties), timeout=connection.CALL_TIMEOUT_S
    )


def dates_of(properties: Mapping[str, str]) -> list[datetime]:
    """Return when something was noted of a collection, as far as that is kept."""
    kept = (_time(properties.get(name)) for name in (SERVED_UNTIL, FACTS_OF))
    return [date for date in kept if date is not None]


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _tuned(text: str | None) -> TunedIndex:
    """Return what was kept; until a new collection is tuned, that is nothing."""
    return TunedIndex.of(json.loads(text)) if text else FLAT
