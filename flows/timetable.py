"""When a night is due: the cron expression of a schedule, and what counts as missed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from cratewatch.errors import CratewatchError

LastSuccess = Callable[[str], datetime | None]


@dataclass(frozen=True)
class Nights:
    """The times at which a refresh or a renewal is due.

    Attributes:
        cron: Minute, hour, day of month, month and day of week.
        timezone: IANA name; the expression counts in it.
        option: Of the command, which gave the expression.

    Raises:
        CratewatchError: if either is not valid, or the expression never comes true.
    """

    cron: str
    timezone: str
    option: str = "--cron"

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:  # OSError: a folder of zones
            raise CratewatchError(
                f"--timezone: {self.timezone!r} is unknown; give a name such as Europe/Berlin"
            ) from error
        try:
            self.after(datetime.now(UTC))
        except (CronSimError, StopIteration) as error:
            raise CratewatchError(
                f"{self.option}: {self.cron!r} is never due ({str(error) or 'no such day'}); give "
                "minute, hour, day of month, month and day of week, such as '0 3 * * *'"
            ) from error

    def after(self, moment: datetime) -> datetime:
        """Return the first night after a moment."""
        if len(self.cron.split()) != 5:  # a sixth field would count seconds
            raise CronSimError("Wrong number of fields")
        return next(CronSim(self.cron, moment.astimezone(ZoneInfo(self.timezone))))


def missed(
    sources: Iterable[str], nights: Nights, now: datetime, last_success: LastSuccess
) -> list[str]:
    """Return the sources that a night has come for since a good run of theirs began.

    A source without a good run counts: its first night was missed.
    """
    return [
        source
        for source in sources
        if (last := last_success(source)) is None or nights.after(last) <= now
    ]


def due(sources: Iterable[str], night: datetime, last_success: LastSuccess) -> list[str]:
    """Return the sources of which no good run has begun since the night was due.

    A run that comes late finds fewer, or none where another has made the night up.
    """
    return [source for source in sources if (last := last_success(source)) is None or last < night]
