"""What the service takes, at most: looked at before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds of one request, and of what waits.

    Attributes:
        body_bytes: Of a whole body.
        file_bytes: Of one picture.
        files: Pictures of a request.
        pixels: Of one picture, as its head says.
        body_s: Until a body has arrived.
        answer_s: Until there is an answer.
        waiting: Pictures that wait to be looked at, of all requests.
        streams: Listeners to what is running.
    """

    body_bytes: int = 64 * MIB
    file_bytes: int = 32 * MIB
    files: int = 32
    pixels: int = 50_000_000
    body_s: float = 30.0
    answer_s: float = 60.0
    waiting: int = 256
    streams: int = 32
