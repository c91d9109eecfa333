"""What happens in footage, one line of events.jsonl each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cratewatch.footage.persons import Box


class EventKind(StrEnum):
    """What can happen."""

    TRACK_STARTED = "track_started"
    TRACK_LOST = "track_lost"
    TRACK_RECOVERED = "track_recovered"
    TRACK_ENDED = "track_ended"
    ID_SWITCH_MITIGATED = "id_switch_mitigated"
    SLEEVE_PICKED_UP = "sleeve_picked_up"
    SLEEVE_IDENTIFIED = "sleeve_identified"
    SLEEVE_PUT_BACK = "sleeve_put_back"


@dataclass(frozen=True)
class Event:
    """Something that happened in a frame.

    Attributes:
        seconds: Since the first frame.
        frame: Its number.
        kind: What happened.
        track_id: Whose track.
        box_xyxy: Where the person is, or was seen last.
        conf: Of that detection.
        more: What only this kind of event has; plain values, as JSON has them.
    """

    seconds: float
    frame: int
    kind: EventKind
    track_id: int
    box_xyxy: Box
    conf: float
    more: Mapping[str, Any] = field(default_factory=dict)

    def as_line(self) -> dict[str, Any]:
        """Return it in the published shape."""
        return {
            "t": round(self.seconds, 3),
            "event": str(self.kind),
            "frame": self.frame,
            "track_id": self.track_id,
            "bbox": [round(value, 1) for value in self.box_xyxy],
            "conf": round(self.conf, 3),
            **self.more,
        }
