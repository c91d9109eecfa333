"""Draws staged footage, picture by picture, and says what each shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from cratewatch.synthesis.degradation import Degradation
from cratewatch.synthesis.pixels import Corners, Plane, Rgb, stream, value_noise
from cratewatch.synthesis.sleeve import project_corners
from cratewatch.synthesis.staging.camera import film
from cratewatch.synthesis.staging.cast import OPAQUE, Figure
from cratewatch.synthesis.staging.script import Bin, Role, Script, pose_at
from cratewatch.synthesis.whole_pictures.drawing import HAND_EDGE, hold_by
from cratewatch.synthesis.whole_pictures.faces import dress_face
from cratewatch.synthesis.whole_pictures.layers import Canvas, Layer, lay
from cratewatch.synthesis.whole_pictures.placing import Placed, side_of
from cratewatch.synthesis.whole_pictures.stock import FACE_PX, Stock

LEAST_SEEN = 0.25
"""Share of a sleeve's face below which it counts as not seen: edge on, or all but put away."""
HELD = 1000
"""Numbers of held sleeves on the canvas begin here, those on the wall at 1."""
Xyxy = tuple[float, float, float, float]


@dataclass(frozen=True)
class StagedSleeve:
    """A sleeve in a picture.

    Attributes:
        cover: Its number in the stock; None while its back is seen.
        corners: (4, 2) in pixels, clockwise from the cover's own top left.
        visible: Share of its face that the picture shows, less the more it is turned away.
        person: Who has it; None on the wall.
        passage: Which passage of the script it is in; None on the wall.
    """

    cover: int | None
    corners: Corners
    visible: float
    person: int | None
    passage: int | None


@dataclass(frozen=True)
class StagedFrame:
    """A picture of staged footage, (H, W, 3) uint8 RGB, with all that it shows."""

    seconds: float
    image: Rgb
    sleeves: tuple[StagedSleeve, ...]
    boxes_xyxy: dict[int, Xyxy]


@dataclass(frozen=True)
class Scenery:
    """What a script is played with.

    Attributes:
        stock: Its covers are those that the script numbers.
        backdrop: (H, W, 3) uint8 RGB, of the size of the picture.
        camera: What it does to each picture; of its crop and size nothing.
    """

    stock: Stock
    figures: Sequence[Figure]
    backdrop: Rgb
    camera: Degradation


def draw_staged(script: Script, scenery: Scenery, fps: float) -> Iterator[StagedFrame]:
    """Yield the pictures of a script, in order; the same arguments give the same pictures."""
    stage = _Stage(script, scenery)
    noise = stream(script.seed, "film")
    for number in range(round(script.seconds * fps)):
        yield stage.draw(number / fps, noise)


@dataclass(frozen=True)
class _Held:
    """A held sleeve at a moment; cover is None while its back is seen."""

    side_px: float
    corners: Corners
    cover: int | None
    person: int


class _Stage:
    """What stays the same from picture to picture."""

    def __init__(self, script: Script, scenery: Scenery) -> None:
        self._script = script
        self._camera = scenery.camera
        rng = stream(script.seed, "stage")
        self._figures = [
            scenery.figures[role.figure].scaled(role.height_px) for role in script.roles
        ]
        stock = scenery.stock
        self._faces = [dress_face(stock.covers[one.cover], FACE_PX, rng) for one in script.passages]
        self._backs = [_back(rng) for _ in script.passages]
        self._hands = [
            [hold_by(stock, rng) for _ in range(int(rng.choice(3, p=(0.1, 0.45, 0.45))))]
            for _ in script.passages
        ]
        self._bins = [_front(one, rng) for one in script.bins]
        self._behind, self._hung = self._backdrop(scenery, rng)

    def _backdrop(
        self, scenery: Scenery, rng: np.random.Generator
    ) -> tuple[Canvas, list[tuple[int, Corners]]]:
        """Return the wall with its covers, which never change."""
        canvas = Canvas.of(scenery.backdrop.astype(np.float32))
        hung = []
        for number, one in enumerate(self._script.wall, start=1):
            corners = _corners(one.turn_deg, one.side_px) + np.array([one.x_px, one.y_px])
            face = dress_face(scenery.stock.covers[one.cover], round(one.side_px), rng)
            lay(canvas, Layer(face), Placed(corners, 0.0, 0.0, 0), number)
            hung.append((one.cover, corners))
        return canvas, hung

    def draw(self, seconds: float, noise: np.random.Generator) -> StagedFrame:
        canvas = Canvas(self._behind.colour.copy(), self._behind.owner.copy())
        boxes: dict[int, Xyxy] = {}
        for number, role in enumerate(self._script.roles):
            box = _lay_person(canvas, self._figures[number].at(seconds), role, seconds)
            if box is not None:
                boxes[number] = box
        held = self._lay_held(canvas, seconds)
        for one, front in zip(self._script.bins, self._bins, strict=True):
            _lay_front(canvas, one, front)
        sleeves = [self._seen(canvas, number, one) for number, one in held.items()]
        wall = [
            StagedSleeve(cover, corners, _visible(canvas, number, corners), None, None)
            for number, (cover, corners) in enumerate(self._hung, start=1)
        ]
        image = film(canvas.colour, self._camera, noise)
        return StagedFrame(seconds, image, (*sleeves, *wall), boxes)

    def _lay_held(self, canvas: Canvas, seconds: float) -> dict[int, _Held]:
        """Lay what is held; return it by the number of its passage."""
        held = {}
        for number, passage in enumerate(self._script.passages):
            pose = pose_at(passage, self._script.roles, seconds, self._script.seed)
            if pose is None:
                continue
            yaw, back = _facing(pose.turn_deg[0])
            corners = _corners((yaw, *pose.turn_deg[1:]), pose.side_px) + pose.middle
            self._lay_sleeve(canvas, number, corners, back=back)
            person = passage.holder_at(seconds)
            held[number] = _Held(pose.side_px, corners, None if back else passage.cover, person)
        return held

    def _lay_sleeve(self, canvas: Canvas, number: int, corners: Corners, *, back: bool) -> None:
        placed = Placed(corners, 0.0, 0.0, 0)
        hands = self._hands[number]
        for colour, whole, _ in hands:
            lay(canvas, Layer(colour, whole, HAND_EDGE), placed)
        face = (self._backs if back else self._faces)[number]
        lay(canvas, Layer(_fitting(face, side_of(corners))), placed, HELD + number)
        for colour, _, front in hands:
            lay(canvas, Layer(colour, front, HAND_EDGE), placed)

    def _seen(self, canvas: Canvas, number: int, held: _Held) -> StagedSleeve:
        shown = int(np.count_nonzero(canvas.owner == HELD + number))
        visible = min(1.0, shown / max(held.side_px**2, 1.0))
        return StagedSleeve(held.cover, held.corners, visible, held.person, number)


def _facing(yaw_deg: float) -> tuple[float, bool]:
    """Return how far the side that is seen is turned, and whether it is the back."""
    turned = (yaw_deg + 180) % 360 - 180
    if abs(turned) <= 90:
        return turned, False
    return turned - 180 if turned > 0 else turned + 180, True


def _corners(turn_deg: tuple[float, float, float], side_px: float) -> Corners:
    """Return the corners about 0 of a sleeve of that side; one that is turned is narrower."""
    turned = project_corners(*turn_deg)
    edges = np.linalg.norm(np.roll(turned, -1, axis=0) - turned, axis=1)
    # project_corners() makes the longer side of the box 1, a sleeve keeps its height when it turns.
    return np.asarray(turned * (side_px / float(edges.max())), dtype=np.float64)


def _fitting(face: Plane, side_px: float) -> Plane:
    """Return a face at about the size at which it is seen, so that it does not alias."""
    size = max(4, round(1.25 * side_px))
    if size >= face.shape[0]:
        return face
    return np.asarray(cv2.resize(face, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def _lay_person(canvas: Canvas, picture: Rgb, role: Role, seconds: float) -> Xyxy | None:
    """Lay a figure and return the box about what the picture shows of it."""
    x = role.x_at(seconds)
    if x is None:
        return None
    tall, wide = picture.shape[:2]
    high, broad = canvas.colour.shape[:2]
    left, top = round(x - wide / 2), role.top_px
    rows = slice(max(0, top), min(high, top + tall))
    columns = slice(max(0, left), min(broad, left + wide))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return None
    part = picture[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    solid = part[..., 3] >= OPAQUE
    if solid.mean() < 0.05:
        return None
    cover = part[..., 3:].astype(np.float32) / np.float32(255)
    under = canvas.colour[rows, columns]
    under += cover * (part[..., :3].astype(np.float32) - under)
    canvas.owner[rows, columns][solid] = 0
    down, across = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    return (
        float(columns.start + across[0]),
        float(rows.start + down[0]),
        float(columns.start + across[-1] + 1),
        float(rows.start + down[-1] + 1),
    )


def _visible(canvas: Canvas, number: int, corners: Corners) -> float:
    area = max(side_of(corners) ** 2, 1.0)
    return min(1.0, int(np.count_nonzero(canvas.owner == number)) / area)


def _front(one: Bin, rng: np.random.Generator) -> Plane:
    """Return the front of a crate: boards."""
    x0, y0, x1, y1 = one.xyxy
    tall, wide = max(2, round(y1 - y0)), max(2, round(x1 - x0))
    grain = 1.0 + 0.12 * value_noise(rng, (tall, wide), (3, 24))
    wood = np.asarray((150.0, 112.0, 74.0), np.float32) * np.float32(rng.uniform(0.5, 1.2))
    front = grain[..., None].astype(np.float32) * wood
    for board in range(1, 3):
        front[board * tall // 3 : board * tall // 3 + 2] *= np.float32(0.5)
    front[:2] *= np.float32(1.25)
    return np.asarray(np.clip(front, 0, 255), np.float32)


def _lay_front(canvas: Canvas, one: Bin, front: Plane) -> None:
    left, top = round(one.xyxy[0]), round(one.xyxy[1])
    tall, wide = front.shape[:2]
    high, broad = canvas.colour.shape[:2]
    rows = slice(max(0, top), min(high, top + tall))
    columns = slice(max(0, left), min(broad, left + wide))
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    part = front[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    canvas.colour[rows, columns] = part
    canvas.owner[rows, columns] = 0


def _back(rng: np.random.Generator) -> Plane:
    """Return the back of a sleeve: paper with the titles on it."""
    face = np.empty((FACE_PX, FACE_PX, 3), np.float32)
    face[:] = rng.uniform(90, 245, 3)
    ink = rng.uniform(0, 90, 3).astype(np.float32)
    for top in range(12, FACE_PX - 14, int(rng.integers(7, 12))):
        wide = int(rng.integers(FACE_PX // 4, FACE_PX - 24))
        row = face[top : top + 3, 12 : 12 + wide]
        row[:, rng.random(wide) < 0.7] = ink
    return face
