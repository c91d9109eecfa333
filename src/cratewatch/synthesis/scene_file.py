"""Scenes that a user gives, as lines of JSON: what to paint where on the canvas."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeAlias

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.synthesis.scene import PhraseBox, Scene, SceneConfig, sample_scene

PHRASE_CHARACTERS = 200
MAX_BOXES = 30
"""As many as GLIGEN's models were trained to tell apart."""
LEAST_TURN = 0.01
"""Least area, as a share of the canvas, of two neighbouring sides' parallelogram."""

Share: TypeAlias = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Xyxy: TypeAlias = tuple[Share, Share, Share, Share]
Point: TypeAlias = tuple[Share, Share]
Quad: TypeAlias = tuple[Point, Point, Point, Point]


def _with_area(box: Xyxy) -> Xyxy:
    x0, y0, x1, y1 = box
    if x0 >= x1 or y0 >= y1:
        raise ValueError(f"{list(box)} is empty or reversed: give left, top, right, bottom")
    return box


def _clockwise(corners: Quad) -> Quad:
    sides = np.roll(corners, -1, axis=0) - np.asarray(corners)
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    if (turns < LEAST_TURN).any():
        raise ValueError(
            "no sleeve has such corners: give top left, top right, bottom right, bottom left"
        )
    return corners


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class GivenBox(_Strict):
    """What to paint, and in which box x0, y0, x1, y1, 0..1 of the canvas."""

    phrase: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=PHRASE_CHARACTERS),
    ]
    xyxy: Annotated[Xyxy, AfterValidator(_with_area)]


class GivenScene(_Strict):
    """One line of a scene file; what it leaves open is sampled by its seed.

    Attributes:
        cover_id: The cover to draw, if not any.
        corners: Of the sleeve, clockwise from the top left, 0..1 of the canvas.
    """

    seed: Annotated[int, Field(ge=0, lt=2**64)]
    boxes: Annotated[tuple[GivenBox, ...], Field(max_length=MAX_BOXES)]
    severity: Share | None = None
    corners: Annotated[Quad, AfterValidator(_clockwise)] | None = None
    cover_id: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None

    def scene(self, seed: int, config: SceneConfig) -> Scene:
        """Return the scene with what is not given as the seed says, its own or an attempt's."""
        if self.severity is not None:
            config = replace(config, severity_range=(self.severity, self.severity))
        sampled = sample_scene(seed, config)
        return replace(
            sampled,
            corners=self.corners or sampled.corners,
            hands=(),
            stickers=(),
            boxes=tuple(PhraseBox(box.phrase, box.xyxy) for box in self.boxes),
        )


def read_scenes(path: Path) -> list[GivenScene]:
    """Read a scene file; empty lines do not count.

    Raises:
        NotFoundError: if there is no such file, or no scene in it.
        CratewatchError: if a line is no scene; the message names the line and what is wrong.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"scenes: no such file: {path}; check the path") from error
    except OSError as error:
        raise CratewatchError(f"{path}: {error.strerror}; check the path") from error
    scenes = list(_scenes(content, path))
    if not scenes:
        raise NotFoundError(f"{path}: no scenes; give one JSON object a line")
    return scenes


def _scenes(content: bytes, path: Path) -> Iterator[GivenScene]:
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            try:
                yield GivenScene.model_validate_json(line)
            except ValidationError as error:
                raise CratewatchError(f"{path}, line {number}{_first_problem(error)}") from error


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        known = GivenBox if place.startswith("boxes") else GivenScene
        return f", {place}: unknown key; the keys are {', '.join(known.model_fields)}"
    message = problem["msg"].removeprefix("Value error, ").replace(" at line 1 ", " at ")
    return f", {place}: {message}" if place else f": {message}; give one JSON object a line"
