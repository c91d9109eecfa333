"""What the routes of an application share."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from fastapi import Request

from cratewatch.catalog.catalog import Catalog
from cratewatch.catalog.currencies import CURRENCIES
from cratewatch.lake.lake import Lake
from cratewatch.pricing.model import PriceModel
from cratewatch.pricing.model_file import load_prices
from cratewatch.pricing.pricer import Asked, Pricer
from cratewatch.pricing.rates import Rates, load_rates
from cratewatch.service.limits import Limits
from cratewatch.service.metrics import Metrics
from cratewatch.service.problems import Problem
from cratewatch.service.serving import Serving
from cratewatch.service.word_serving import WordServing
from cratewatch.settings import Settings
from cratewatch.sources.grades import read_grade

ANEW_AFTER_S = 60.0


@dataclass
class Parts:
    """What is open for as long as an application runs.

    Attributes:
        leaving: Set when the service is told to end: who listens to what is running is let go.
    """

    settings: Settings
    catalog: Catalog
    lake: Lake
    serving: Serving
    limits: Limits
    metrics: Metrics
    words: WordServing
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    streams: int = 0
    _rates: tuple[Rates, PriceModel | None] | None = None
    _until: float = 0.0

    def pricer(self, condition: str, currency: str) -> Pricer:
        """Return what prices records.

        Raises:
            Problem: if the condition is no grade, or the currency none.
        """
        grade = read_grade(condition)
        if grade is None:
            raise Problem(
                422, "no_grade", f"condition: {condition!r} is none: M, NM, VG+, VG, G+, G, F, P"
            )
        if self._rates is None or time.monotonic() > self._until:
            self._rates = load_rates(self.settings.rates_path), load_prices(self.lake)
            self._until = time.monotonic() + ANEW_AFTER_S
        rates, model = self._rates
        asked = Asked(grade, self.currency(currency), datetime.now(UTC))
        return Pricer(self.catalog, model, rates, asked, self.settings.sources)

    def currency(self, given: str) -> str:
        """Return the currency that is asked for, or that of the settings.

        Raises:
            Problem: if it is none.
        """
        code = given.strip().upper() or self.settings.currency
        if code not in CURRENCIES:
            raise Problem(422, "no_currency", f"currency: {given!r} is none of ISO 4217")
        return code

    def rates(self) -> Rates:
        """Return the rates of currencies."""
        return load_rates(self.settings.rates_path)


def parts_of(request: Request) -> Parts:
    """Return the application's parts."""
    parts: Parts = request.app.state.parts
    return parts
