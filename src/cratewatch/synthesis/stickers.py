"""Price and hype stickers, drawn flat on the sleeve."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.pixels import Colour, Plane, Stencil, blend, blur, dim, soften

StickerShape: TypeAlias = Literal["round", "rectangular", "starburst"]
ASPECTS: dict[StickerShape, float] = {"round": 1.0, "rectangular": 0.58, "starburst": 1.0}
PHRASES: dict[StickerShape, str] = {
    "round": "a round price sticker",
    "rectangular": "a rectangular price sticker",
    "starburst": "a starburst price sticker",
}
PATCH_PX = 144
LIGHT_LIFT = 0.06
CURRENCIES = ("$", "", "EUR ")
HYPE = ("SALE", "NEW", "USED", "180g", "-50%", "REISSUE", "NM", "VG+")
PAPERS: tuple[tuple[Colour, Colour], ...] = (
    ((0.97, 0.97, 0.95), (0.08, 0.08, 0.10)),
    ((0.98, 0.86, 0.18), (0.10, 0.08, 0.08)),
    ((0.86, 0.16, 0.14), (0.98, 0.97, 0.94)),
    ((0.97, 0.54, 0.12), (0.10, 0.08, 0.06)),
    ((0.45, 0.84, 0.36), (0.06, 0.10, 0.06)),
    ((0.10, 0.10, 0.12), (0.94, 0.92, 0.80)),
    ((0.98, 0.62, 0.74), (0.12, 0.08, 0.12)),
)
"""Paper and ink of stickers as shops use them."""


@dataclass(frozen=True)
class Sticker:
    """One sticker; centre and width are shares of the sleeve's side."""

    shape: StickerShape
    centre: tuple[float, float]
    width: float
    angle_deg: float
    text: str
    paper: Colour
    ink: Colour


def draw_sticker(texture: Plane, opaque: Plane, sticker: Sticker) -> None:
    """Stick it onto a sleeve texture (S, S, 3) in place and mark its pixels in opaque (S, S)."""
    face, shape = _patch(sticker)
    outline = sticker_outline(sticker) * texture.shape[0]
    low = np.floor(outline.min(axis=0) - 3).astype(int).clip(0)
    high = np.minimum(np.ceil(outline.max(axis=0) + 3).astype(int), texture.shape[0])
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    to_window = _placement(sticker, outline - low)
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    laid = cv2.warpAffine(face, to_window, size, borderMode=cv2.BORDER_REPLICATE)
    coverage = np.asarray(cv2.warpAffine(shape, to_window, size), dtype=np.float32)
    shadow = blur(np.roll(coverage, (1, 1), axis=(0, 1)), 1.2)
    dim(texture[window], np.float32(1.0) - np.float32(0.35) * shadow)
    blend(texture[window], np.asarray(laid, dtype=np.float32), coverage)
    np.maximum(opaque[window], coverage, out=opaque[window])


def sample_stickers(rng: np.random.Generator) -> tuple[Sticker, ...]:
    """Sample one sticker or two."""
    return tuple(_sample_sticker(rng) for _ in range(1 + int(rng.random() < 0.3)))


def sticker_outline(sticker: Sticker) -> npt.NDArray[np.float64]:
    """Return the (4, 2) corners of the sticker's own rectangle in sleeve coordinates 0..1."""
    half_w = sticker.width / 2
    half_h = half_w * ASPECTS[sticker.shape]
    angle = np.radians(sticker.angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rectangle = np.array(
        [[-half_w, -half_h], [half_w, -half_h], [half_w, half_h], [-half_w, half_h]]
    )
    return np.asarray(rectangle @ turn.T + np.asarray(sticker.centre), dtype=np.float64)


def _placement(sticker: Sticker, outline: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the (2, 3) map of the patch onto an outline in pixels."""
    height = PATCH_PX * ASPECTS[sticker.shape]
    corners = np.array([[0, 0], [PATCH_PX, 0], [PATCH_PX, height]], dtype=np.float32)
    return np.asarray(
        cv2.getAffineTransform(corners, outline[:3].astype(np.float32)), dtype=np.float64
    )


def _patch(sticker: Sticker) -> tuple[Plane, Plane]:
    """Return the sticker's face (h, PATCH_PX, 3) and shape, smoothed for the size to come."""
    height = round(PATCH_PX * ASPECTS[sticker.shape])
    # The texture is about 256 px, so a patch shrinks by half or more; blur first or it aliases.
    smoothing = 0.18 / sticker.width
    shape = np.zeros((height, PATCH_PX), dtype=np.uint8)
    cv2.fillPoly(shape, [_contour(sticker.shape, height)], 255)
    face = np.empty((height, PATCH_PX, 3), dtype=np.float32)
    face[:] = sticker.paper
    face += np.linspace(LIGHT_LIFT, -LIGHT_LIFT, height, dtype=np.float32)[:, None, None]
    blend(face, sticker.ink, soften(_print(sticker, height), smoothing))
    return np.asarray(np.clip(face, 0.0, 1.0), dtype=np.float32), soften(shape, smoothing)


def _contour(shape: StickerShape, height: int) -> npt.NDArray[np.int32]:
    centre = np.array([PATCH_PX / 2, height / 2])
    if shape == "rectangular":
        inset = 3
        right, bottom = PATCH_PX - inset, height - inset
        return np.array(
            [[inset, inset], [right, inset], [right, bottom], [inset, bottom]], np.int32
        )
    spikes = 16 if shape == "starburst" else 32
    turn = np.linspace(0.0, 2.0 * np.pi, 2 * spikes, endpoint=False)
    inner = 0.8 if shape == "starburst" else 1.0
    radius = (PATCH_PX / 2 - 3) * np.where(np.arange(2 * spikes) % 2, inner, 1.0)
    points = centre + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return np.asarray(np.rint(points), dtype=np.int32)


def _print(sticker: Sticker, height: int) -> Stencil:
    """Return where ink lies: the text across the middle, a ring or a rule around it."""
    ink = np.zeros((height, PATCH_PX), dtype=np.uint8)
    font, room = cv2.FONT_HERSHEY_DUPLEX, 0.74 * PATCH_PX
    (width, tall), _ = cv2.getTextSize(sticker.text, font, 1.0, 2)
    scale = min(room / width, 0.5 * height / tall)
    origin = (
        round((PATCH_PX - width * scale) / 2),
        round((height + tall * scale) / 2),
    )
    thickness = max(2, round(3.2 * scale))
    cv2.putText(ink, sticker.text, origin, font, scale, 255, thickness, cv2.LINE_AA)
    middle = (PATCH_PX // 2, height // 2)
    if sticker.shape == "round":
        cv2.circle(ink, middle, round(PATCH_PX * 0.44), 255, 2, cv2.LINE_AA)
    elif sticker.shape == "rectangular":
        cv2.line(ink, (16, height - 15), (PATCH_PX - 16, height - 15), 205, 3, cv2.LINE_AA)
        cv2.line(ink, (16, 14), (PATCH_PX - 40, 14), 205, 4, cv2.LINE_AA)
    return ink


def _sample_sticker(rng: np.random.Generator) -> Sticker:
    shapes: tuple[StickerShape, ...] = ("round", "rectangular", "starburst")
    shape = shapes[int(rng.choice(3, p=[0.35, 0.45, 0.2]))]
    low, high = {"round": (0.10, 0.20), "rectangular": (0.14, 0.26), "starburst": (0.16, 0.28)}[
        shape
    ]
    width = float(rng.uniform(low, high))
    paper, ink = PAPERS[int(rng.integers(len(PAPERS)))]
    x, y = rng.beta(0.6, 0.6, 2) * (0.94 - width) + 0.03 + width / 2
    return Sticker(
        shape=shape,
        centre=(float(x), float(y)),
        width=width,
        angle_deg=float(rng.normal(0.0, 5.0)),
        text=_sample_text(rng),
        paper=paper,
        ink=ink,
    )


def _sample_text(rng: np.random.Generator) -> str:
    if rng.random() < 0.2:
        return HYPE[int(rng.integers(len(HYPE)))]
    price = int(rng.integers(1, 60)) + float(rng.choice([0.0, 0.5, 0.95, 0.99]))
    return f"{CURRENCIES[int(rng.integers(len(CURRENCIES)))]}{price:.2f}"
