"""What an intent report holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cratewatch.intent.shares import Share


@dataclass(frozen=True)
class PeriodIntent:
    """What was handled and bought in some days.

    Attributes:
        first: Day of the shop; last likewise, included.
        watched_days: Of them, those on which footage shows any handling.
        handlings: Sleeves that people held, whether named or not.
        handled: Of these, how many are of albums of the catalog: the sum of their probabilities.
        uncertain: Share of handled that rests on identities which are not sure.
        seconds: That albums were held for, by probability.
        handlers: People with an album, each counted once for an album, by probability.
        bought: Pieces that were sold and not brought back; None if no sales are known.
        returned: Pieces that were brought back.
        unlinked: Pieces of which no album is known; they are not in bought.
        unwatched: Of bought, those of days without footage.
        bought_unseen: Of bought, those that nobody was seen with before, by probability.
        conversion: Share of handlers that bought.
    """

    first: date
    last: date
    watched_days: int
    handlings: int
    handled: float
    uncertain: float
    seconds: float
    handlers: float
    bought: int | None
    returned: int
    unlinked: int
    unwatched: int
    bought_unseen: float
    conversion: Share | None


@dataclass(frozen=True)
class AlbumIntent:
    """What was handled and bought of one album.

    Attributes:
        artwork_id: Stands for the album.
        cover_id: Of the artwork.
        release_id: One of its releases, that is listed if any is.
        price: What it is sold for on the market, else asked for; None if nobody knows.
        handled: As of a period; uncertain, seconds, handlers, bought, returned, bought_unseen and
            conversion likewise.
        handlers_before: In the period before.
        bought_before: Likewise; None if no sales are known.
        change: Handlers a watched day against the period before, as a share: 0.5 is half more;
            None where there were none.
        changed: Whether that is more than noise.
        never_bought: Whether it is often looked at and was never bought.
    """

    artwork_id: str
    cover_id: str | None
    release_id: str | None
    artist: str | None
    title: str | None
    price: Decimal | None
    handled: float
    uncertain: float
    seconds: float
    handlers: float
    bought: int | None
    returned: int
    bought_unseen: float
    conversion: Share | None
    handlers_before: float
    bought_before: int | None
    change: float | None
    changed: bool
    never_bought: bool


@dataclass(frozen=True)
class GroupIntent:
    """Handlers of one price band, hour or camera.

    Attributes:
        name: Of the group.
        handled: As of a period; seconds, handlers and conversion likewise.
        bought: How many of the handlers bought, by probability.
    """

    name: str
    handled: float
    seconds: float
    handlers: float
    bought: float
    conversion: Share | None


@dataclass(frozen=True)
class IntentReport:
    """What was handled against what was sold.

    Attributes:
        timezone: In which days and hours are told.
        currency: Of prices.
        tills: Whose sales are counted.
        period: The days that were asked for.
        before: As many days directly before; None if no footage shows them.
        handlers_changed: Whether handlers a watched day differ from before by more than noise;
            conversion_changed likewise.
        albums: Those with most handlers first.
        by_price: Bands of the market price.
        by_hour: Of the day at which they were first held.
        by_camera: That saw them.
        notes: What the figures lack, a line each.
    """

    timezone: str
    currency: str
    tills: tuple[str, ...]
    period: PeriodIntent
    before: PeriodIntent | None
    handlers_changed: bool
    conversion_changed: bool
    albums: tuple[AlbumIntent, ...]
    by_price: tuple[GroupIntent, ...]
    by_hour: tuple[GroupIntent, ...]
    by_camera: tuple[GroupIntent, ...]
    notes: tuple[str, ...]
