"""What all tables have in common: their base, the types of their columns, their revision."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

SCHEMA_REVISION = "0010"  # the newest of migrations/versions


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC; SQLite itself forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware time; SQLite forgets the zone."""
        del dialect
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


class DecimalText(TypeDecorator[Decimal]):
    """An exact amount of money; SQLite's own numbers are binary floats."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Store the number as it is written, without rounding."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return the number that was stored."""
        del dialect
        return None if value is None else Decimal(value)


class Table(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s"})
    type_annotation_map = {datetime: UtcDateTime, Decimal: DecimalText}  # noqa: RUF012
