"""Makes persons unknown on pictures that are kept."""

from __future__ import annotations

import cv2
import numpy as np

from cratewatch.finding.quads import Rgb
from cratewatch.footage.following import Followed
from cratewatch.footage.persons import Box, TrackState

BLOCKS = 12
"""Of a person from head to foot: he stays a person, and is nobody."""
HEAD_BLOCKS = 2
"""Of a head, the upper `HEAD_SHARE` of a person."""
HEAD_SHARE = 0.22
MARGIN = 0.08
"""By what share of itself a box is grown: detectors cut off heads and hands."""
EXPECTED_S = 1.0
"""So long a person who is not detected is hidden where he is expected to be."""


class PersonHider:
    """Pixelates whole persons, their heads more coarsely."""

    def __init__(self) -> None:
        self._seen_s: dict[int, float] = {}

    def hide(self, canvas: Rgb, seconds: float, followed: Followed) -> None:
        """Pixelate, in place, whatever may be a person in a frame."""
        boxes = [one.box_xyxy for one in followed.detections]
        for person in followed.persons:
            if person.state != TrackState.LOST:
                self._seen_s[person.track_id] = seconds
            elif seconds - self._seen_s.get(person.track_id, seconds) <= EXPECTED_S:
                boxes.append(person.box_xyxy)
        there = {person.track_id for person in followed.persons}
        self._seen_s = {who: at for who, at in self._seen_s.items() if who in there}
        for box in boxes:
            hide_person(canvas, box)


def hide_person(canvas: Rgb, box: Box) -> None:
    """Pixelate a person, in place."""
    x1, y1, x2, y2 = box
    side, up = (x2 - x1) * MARGIN, (y2 - y1) * MARGIN
    block = max(4, round((y2 - y1) / BLOCKS))
    _pixelate(canvas, (x1 - side, y1 - up, x2 + side, y2 + up), block)
    head = y1 + (y2 - y1) * HEAD_SHARE
    coarse = max(block, round((head - y1 + up) / HEAD_BLOCKS))
    _pixelate(canvas, (x1 - side, y1 - up, x2 + side, head), coarse)


def _pixelate(canvas: Rgb, box: Box, block_px: int) -> None:
    height, width = canvas.shape[:2]
    x1, y1 = max(0, int(box[0])), max(0, int(box[1]))
    x2, y2 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    if x2 <= x1 or y2 <= y1:
        return
    part = canvas[y1:y2, x1:x2]
    blocks = max(1, round((x2 - x1) / block_px)), max(1, round((y2 - y1) / block_px))
    small = cv2.resize(part, blocks, interpolation=cv2.INTER_AREA)
    part[:] = cv2.resize(small, (x2 - x1, y2 - y1), interpolation=cv2.INTER_NEAREST)
