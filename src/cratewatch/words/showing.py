"""Makes the pictures of what was found: persons, frames, and a video of the moments around them.

Persons on them are unknown unless they are not to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import cv2

from cratewatch.errors import CratewatchError
from cratewatch.finding.quads import Rgb
from cratewatch.footage.detecting import Detector
from cratewatch.footage.frames import Frame
from cratewatch.footage.hiding import hide_person
from cratewatch.footage.persons import Box
from cratewatch.footage.sources import Source
from cratewatch.footage.thinning import chosen_every
from cratewatch.footage.video import read_frame
from cratewatch.footage.video_writing import VideoWriter
from cratewatch.words.searching import Moment

AROUND_S = 2.0
"""Before a moment and after it that the video shows."""
COLOUR = (255, 140, 0)


def shown_crop(pixels: Rgb, *, hides: bool) -> Rgb:
    """Return the picture of a person as it may be shown."""
    canvas = pixels.copy()
    if hides:
        height, width = canvas.shape[:2]
        hide_person(canvas, (0, 0, width, height))
    return canvas


def shown_frame(frame: Frame, found: Sequence[Box], detector: Detector | None) -> Rgb:
    """Return a frame as it may be shown, with those who were found in boxes.

    Args:
        detector: Tells who is to be unknown on it; None hides nobody.
    """
    canvas = frame.pixels.copy()
    if detector:
        seen = [one.box_xyxy for one in detector.detect([frame.pixels])[0]]
        for box in (*seen, *found):
            hide_person(canvas, box)
    for x1, y1, x2, y2 in found:
        corners = (int(x1), int(y1)), (int(x2), int(y2))
        cv2.rectangle(canvas, *corners, COLOUR, 2, cv2.LINE_AA)
    return canvas


def show_moments(
    source: Source, moments: Sequence[Moment], detector: Detector | None, video: Path | None
) -> Iterator[tuple[Moment, Rgb]]:
    """Yield each moment's frame as it may be shown, in the order of the video.

    Args:
        source: The footage that the moments are of, opened anew.
        detector: Tells who is to be unknown; None hides nobody.
        video: Is written: what lies around the moments, at the times of the footage.
    """
    if not moments:
        return
    last_s = max(moment.t for moment in moments) + AROUND_S
    thin = chosen_every(source.rate_fps)
    size = source.width_px, source.height_px
    with ExitStack() as stack:
        writer = None
        if video:
            rate = source.rate_fps / thin
            writer = stack.enter_context(VideoWriter(video, *size, rate))
        for frame in source.frames():
            if frame.seconds > last_s:
                return
            here = [moment for moment in moments if moment.frame == frame.number]
            near = frame.number % thin == 0 and _is_near(frame, moments)
            if not here and not (writer and near):
                continue
            canvas = shown_frame(frame, [moment.box for moment in here], detector)
            if writer:
                writer.write(Frame(frame.number, frame.seconds, canvas))
            yield from ((moment, canvas) for moment in here)


def _is_near(frame: Frame, moments: Sequence[Moment]) -> bool:
    return any(abs(moment.t - frame.seconds) <= AROUND_S for moment in moments)


def frame_of(moment: Moment) -> Frame | None:
    """Return the frame of a moment, from its recording; None if that is not there any more."""
    path = Path(moment.recording)
    if not path.is_file():
        return None
    try:
        return read_frame(path, moment.t)
    except CratewatchError:
        return None
