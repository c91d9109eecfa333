"""Prices that a run has seen, kept apart until it is clear that the run went well."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cratewatch.catalog.database import ROWS_AT_ONCE, Database
from cratewatch.catalog.observations import Observation
from cratewatch.catalog.schema_of_runs import StagedObservationRow
from cratewatch.catalog.statements import upsert

FIELDS = ("release_id", "media_condition", "sleeve_condition", "condition", "url")
"""Of an observation, that may be empty."""


@dataclass(frozen=True)
class Yield:
    """What a run's prices came to.

    Attributes:
        prices: How many there are.
        filled: The share of them that say something, by field.
    """

    prices: int
    filled: dict[str, float] = field(default_factory=dict)


class StagedPrices:
    """What runs have seen and not published."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def count(self, run_id: str) -> int:
        """Return how many prices a run has staged."""
        of_run = StagedObservationRow.run_id == run_id
        query = select(func.count()).select_from(StagedObservationRow).where(of_run)
        with self._db.transaction() as session:
            return session.scalar(query) or 0

    def of(self, run_id: str) -> Iterator[Observation]:
        """Yield what a run has staged, by id, read in pages."""
        last = ""
        of_run = StagedObservationRow.run_id == run_id
        while True:
            query = (
                select(StagedObservationRow)
                .where(of_run, StagedObservationRow.observation_id > last)
                .order_by(StagedObservationRow.observation_id)
                .limit(ROWS_AT_ONCE)
            )
            with self._db.transaction() as session:
                rows = session.scalars(query).all()
            if not rows:
                return
            yield from (_from_json(row.data) for row in rows)
            last = rows[-1].observation_id

    def sum_up(self, run_id: str) -> Yield:
        """Return what a run's prices come to."""
        filled: Counter[str] = Counter()
        prices = 0
        for observation in self.of(run_id):
            prices += 1
            filled.update(name for name in FIELDS if getattr(observation, name))
        shares = {name: round(filled[name] / prices, 4) for name in FIELDS} if prices else {}
        return Yield(prices, shares)


def stage_prices(session: Session, run_id: str, observations: Iterable[Observation]) -> None:
    """Keep prices for a run, each once, in the caller's transaction."""
    by_id = {o.observation_id: o for o in observations}
    rows = [
        {"run_id": run_id, "observation_id": id_, "data": _to_json(o)} for id_, o in by_id.items()
    ]
    if rows:
        upsert(session, StagedObservationRow, rows)


def _to_json(observation: Observation) -> str:
    return json.dumps(asdict(observation), default=str, ensure_ascii=False)


def _from_json(text: str) -> Observation:
    said = json.loads(text)
    values = {f.name: said[f.name] for f in fields(Observation)}
    moment = datetime.fromisoformat(said["observed_at"])
    return Observation(**(values | {"price": Decimal(said["price"]), "observed_at": moment}))
