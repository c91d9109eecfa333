"""Who is told of a night, and of what: begin and end, failures, refusals, recoveries, lateness."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from cratewatch.catalog.catalog import open_catalog
from cratewatch.catalog.runs import refresh_kind
from cratewatch.errors import CratewatchError
from cratewatch.monitoring.health import is_late
from cratewatch.monitoring.notification import Event, body, ping, send, subject
from cratewatch.monitoring.status import source_status
from cratewatch.notify import EventKind
from cratewatch.settings import Settings
from flows.log import log
from flows.price_report import PriceReport
from flows.source_report import SourceReport, in_short
from flows.timetable import Nights


class NightNews:
    """Tells of one night of some sources; what cannot be sent is a line in the log."""

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[str],
        kind_of: Callable[[str], str] = refresh_kind,
    ) -> None:
        """Args: kind_of: The kind of a source's runs."""
        self._settings = settings
        self._sources = sources
        self._kind_of = kind_of
        self._were_bad: set[str] = set()

    def begin(self) -> None:
        """Tell the dead man's switch, and remember which sources a good night would recover."""
        self._were_bad = bad_sources(self._settings, self._sources, self._kind_of)
        _log_error(ping(self._settings.notify, "start"))

    def end(self, reports: Iterable[SourceReport | PriceReport]) -> None:
        """Tell how the sources' refresh ended."""
        events = [event for report in reports if (event := self._of(report))]
        bad = [event for event in events if event.kind != "recovered"]
        if bad:
            _log_error(ping(self._settings.notify, "fail", _text(self._settings, bad)))
        else:
            self.nothing_to_do()
        tell(self._settings, events)

    def fail(self, error: Exception) -> None:
        """Tell that the night as a whole failed; a refresh that has reports tells by these."""
        reports: list[SourceReport | PriceReport] | None = getattr(error, "reports", None)
        if reports:
            self.end(reports)
            return
        event = Event(", ".join(self._sources), "failed", in_short(error), str(error))
        _log_error(ping(self._settings.notify, "fail", _text(self._settings, [event])))
        tell(self._settings, [event])

    def nothing_to_do(self) -> None:
        """Tell the dead man's switch alone: all is well."""
        _log_error(ping(self._settings.notify, "success"))

    def _of(self, report: SourceReport | PriceReport) -> Event | None:
        if report.error is None:
            helped = isinstance(report, PriceReport) and report.joined  # the other process tells
            is_well = report.source in self._were_bad and not helped
            return Event(report.source, "recovered") if is_well else None
        detail = f"{report.error}\n{report.listed_by} lists what changed and what failed"
        kind: EventKind = "refused" if report.refused else "failed"
        return Event(report.source, kind, report.reason or "", detail)


def bad_sources(
    settings: Settings, sources: Iterable[str], kind_of: Callable[[str], str]
) -> set[str]:
    """Return the sources whose latest run of a kind failed or was killed."""
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        latest = {source: catalog.runs.latest(1, kind_of(source)) for source in sources}
    return {source for source, runs in latest.items() if runs and runs[0]["state"] != "done"}


def tell(settings: Settings, events: Sequence[Event]) -> None:
    """Send those of the events that are wanted, in one message."""
    wanted = [event for event in events if event.kind in settings.notify.events]
    if not wanted:
        return
    good = all(event.kind == "recovered" for event in wanted)
    title, text = subject(wanted), body(wanted, str(settings.home))
    for delivery in send(settings.notify, title, text, good=good):
        _log_error(f"{delivery.to}: {delivery.error}" if delivery.error else None)


async def watch_for_late(settings: Settings, sources: Sequence[str], nights: Nights) -> None:
    """Tell, some hours after each night was due, which sources it has not come to an end for."""
    grace = timedelta(hours=settings.notify.late_after_h)
    while True:
        night = nights.after(datetime.now(UTC))
        await asyncio.sleep((night + grace - datetime.now(UTC)).total_seconds())
        await asyncio.to_thread(tell_late, settings, sources, night)


def tell_late(settings: Settings, sources: Iterable[str], night: datetime) -> None:
    """Tell which sources a night has not come to an end for, if any."""
    try:
        late = late_sources(settings, sources, night)
    except CratewatchError as error:  # the catalog is away; the next night is looked after again
        log(f"whether a night is late cannot be told: {error}")
        return
    why = f"the night of {night:%Y-%m-%d %H:%M %Z} has not ended"
    if late:
        log(f"{', '.join(late)}: late, {why}")
    tell(settings, [Event(source, "late", why) for source in late])


def late_sources(settings: Settings, sources: Iterable[str], night: datetime) -> list[str]:
    """Return the sources of which no run that began since a night has ended, well or badly."""
    with contextlib.closing(open_catalog(settings.catalog_url)) as catalog:
        return [name for name in sources if is_late(source_status(catalog, name), night)]


def _text(settings: Settings, events: Sequence[Event]) -> str:
    return f"{subject(events)}\n\n{body(events, str(settings.home))}"


def _log_error(error: str | None) -> None:
    if error:
        log(f"notify: not sent to {error}")
