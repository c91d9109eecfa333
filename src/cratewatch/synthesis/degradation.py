"""What a CCTV camera does to a picture, as far as a severity says."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from cratewatch.synthesis.pixels import Plane, Rgb

FLOOR_PX = 32
"""No query has a shorter side than this, unless the picture itself has."""
BEST_PX = 224
GREY_SHARE = (0.15, 0.5)
"""Share of grey pictures at severity 0 and 1: night mode comes with the bad cameras."""


@dataclass(frozen=True)
class Degradation:
    """One camera's faults; lengths in pixels are pixels of the final picture.

    Attributes:
        crop_jitter: Shares cut off at the left, top, right and bottom.
        grey: Whether the camera is in night mode.
        gamma: Above 1 darkens.
        blur_px: Sigma of the lens' blur.
        motion_px: Length of the smear.
        motion_deg: Direction of the smear.
        resolution_px: Short side of the picture.
        noise: Sigma of the sensor's noise, of 255.
        jpeg_quality: 1 to 100.
    """

    crop_jitter: tuple[float, float, float, float]
    grey: bool
    gamma: float
    blur_px: float
    motion_px: float
    motion_deg: float
    resolution_px: int
    noise: float
    jpeg_quality: int


@dataclass(frozen=True)
class Framing:
    """What a picture keeps after the crop, x0, y0, x1, y1, and the size that it is shrunk to."""

    kept_xyxy: tuple[int, int, int, int]
    size_px: tuple[int, int]

    def moved(self, box: tuple[float, ...]) -> tuple[float, float, float, float]:
        """Return a box of the whole picture in pixels of the small one, cut off at its border."""
        x0, y0, x1, y1 = self.kept_xyxy
        width, height = self.size_px
        across, down = width / (x1 - x0), height / (y1 - y0)
        return (
            min(max((box[0] - x0) * across, 0.0), float(width)),
            min(max((box[1] - y0) * down, 0.0), float(height)),
            min(max((box[2] - x0) * across, 0.0), float(width)),
            min(max((box[3] - y0) * down, 0.0), float(height)),
        )


def sample_degradation(rng: np.random.Generator, severity: float) -> Degradation:
    """Sample faults; from one state of rng each of them grows with severity (0 to 1)."""
    u = rng.random(10)
    side = BEST_PX * (FLOOR_PX / BEST_PX) ** severity * (1.0 + 0.25 * float(u[0]))
    return Degradation(
        crop_jitter=_jitter(u[1:5], severity),
        grey=bool(u[5] < GREY_SHARE[0] + severity * (GREY_SHARE[1] - GREY_SHARE[0])),
        gamma=float(np.exp((2.0 * u[6] - 1.0) * 0.5 * severity)),
        blur_px=float((0.25 + 0.35 * u[7]) * severity),
        motion_px=float(max(0.0, 3.0 * u[8] - 1.2) * severity),
        motion_deg=float(180.0 * u[9]),
        resolution_px=max(FLOOR_PX, round(side)),
        noise=float(1.0 + (3.5 + 4.0 * rng.random()) * severity),
        jpeg_quality=round(94 - (36 + 18 * rng.random()) * severity),
    )


def encode_degraded(image: Rgb, degradation: Degradation, rng: np.random.Generator) -> bytes:
    """Degrade a picture (H, W, 3) uint8 RGB and return the camera's JPEG.

    Raises:
        ValueError: if OpenCV cannot encode the picture.
    """
    framing = frame_picture(image.shape[1], image.shape[0], degradation)
    seen = _smear(_shrink(image, framing), degradation)
    if degradation.grey:
        grey = cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY)
        seen = np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), dtype=np.uint8)
    exposure = np.linspace(0.0, 1.0, 256) ** degradation.gamma * 255.0
    noisy = _noise(seen.shape[:2], degradation, rng)
    noisy += cv2.LUT(seen, exposure.astype(np.float32))
    pixels = np.rint(np.clip(noisy, 0.0, 255.0, out=noisy)).astype(np.uint8)
    return _encode(pixels, degradation.jpeg_quality)


def frame_picture(width: int, height: int, degradation: Degradation) -> Framing:
    """Return what the camera makes of a picture of that size; it never enlarges."""
    left, top, right, bottom = degradation.crop_jitter
    x0, y0 = min(int(left * width), width - 1), min(int(top * height), height - 1)
    x1, y1 = max(x0 + 1, round((1.0 - right) * width)), max(y0 + 1, round((1.0 - bottom) * height))
    factor = min(1.0, degradation.resolution_px / min(x1 - x0, y1 - y0))
    size = (max(1, round((x1 - x0) * factor)), max(1, round((y1 - y0) * factor)))
    return Framing((x0, y0, x1, y1), size)


def _jitter(u: npt.NDArray[np.float64], severity: float) -> tuple[float, float, float, float]:
    left, top, right, bottom = (0.05 + (2.0 * u - 1.0) * (0.03 + 0.06 * severity)).clip(0.0)
    return float(left), float(top), float(right), float(bottom)


def _shrink(image: Rgb, framing: Framing) -> Rgb:
    x0, y0, x1, y1 = framing.kept_xyxy
    small = cv2.resize(image[y0:y1, x0:x1], framing.size_px, interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def _smear(image: Rgb, degradation: Degradation) -> Rgb:
    if degradation.motion_px > 0.3:
        image = np.asarray(cv2.filter2D(image, -1, _motion_kernel(degradation)), dtype=np.uint8)
    if degradation.blur_px > 0.2:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), degradation.blur_px), dtype=np.uint8)
    return image


def _motion_kernel(degradation: Degradation) -> Plane:
    """Return a line through the centre, spread over the pixels that it passes."""
    half = int(np.ceil(degradation.motion_px / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), dtype=np.float32)
    angle = np.radians(degradation.motion_deg)
    steps = np.linspace(-0.5, 0.5, 17) * degradation.motion_px
    x, y = half + steps * np.cos(angle), half + steps * np.sin(angle)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        weight = (1 - np.abs(x - x0 - dx)) * (1 - np.abs(y - y0 - dy))
        np.add.at(kernel, (y0 + dy, x0 + dx), weight.astype(np.float32))
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _noise(shape: tuple[int, int], degradation: Degradation, rng: np.random.Generator) -> Plane:
    """Return (h, w, 3) noise of brightness and, in colour, half as much noise of hue."""
    brightness = rng.standard_normal(shape, dtype=np.float32)
    hue = 0.0 if degradation.grey else 0.5 * degradation.noise
    noise = np.zeros((*shape, 3), dtype=np.float32)
    if hue:
        rng.standard_normal(dtype=np.float32, out=noise)
        noise *= np.float32(hue)
    brightness *= np.float32(degradation.noise)
    for channel in range(3):
        noise[..., channel] += brightness
    return noise


def _encode(pixels: Rgb, quality: int) -> bytes:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    done, buffer = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of {pixels.shape} cannot be encoded as JPEG")
    return bytes(buffer)
