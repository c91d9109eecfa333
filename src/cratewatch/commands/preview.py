"""`identify --preview`: the picture with its sleeves outlined and named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cratewatch.errors import CratewatchError

if TYPE_CHECKING:
    from PIL import Image

    from cratewatch.retrieval.answers import Answer, SleeveAnswer
    from cratewatch.retrieval.identification import ReadPicture

LONG_PX = 1600
"""Longer side of what is drawn, at most."""
KNOWN, UNKNOWN = (40, 200, 90), (240, 170, 30)


def require_preview(path: Path, images: Sequence[str]) -> None:
    """Raise CratewatchError unless one picture is asked about and the file can be a PNG."""
    if len(images) != 1 or images[0] == "-" or Path(images[0]).is_dir():
        raise CratewatchError(f"--preview {path}: it draws one picture; name one image file")
    if path.suffix.lower() != ".png":
        raise CratewatchError(f"--preview {path}: it is written as PNG; name it .png")
    if not path.parent.is_dir():
        raise CratewatchError(f"--preview {path}: no such folder; make it, or name another")


def previewed(
    answers: Iterable[tuple[Answer, ReadPicture]], path: Path
) -> Iterator[tuple[Answer, ReadPicture]]:
    """Pass answers on; draw the first one that has no error."""
    drawn = False
    for answer, read in answers:
        if not drawn and answer.error is None:
            drawn = True
            draw(answer, read()).save(path, "PNG")
        yield answer, read


def draw(answer: Answer, data: bytes) -> Image.Image:
    """Return the picture with each sleeve's corners, and what it is taken for."""
    from PIL import ImageDraw

    from cratewatch.images.reading import decode, shown_size

    image = decode(data, side_px=LONG_PX)
    factor = max(image.size) / max(shown_size(data))
    pen = ImageDraw.Draw(image)
    width = max(2, max(image.size) // 300)
    size = max(12, max(image.size) // 50)
    for sleeve in answer.sleeves or ():
        corners = [(x * factor, y * factor) for x, y in sleeve.quad]
        colour = KNOWN if sleeve.known else UNKNOWN
        pen.line([*corners, corners[0]], fill=colour, width=width, joint="curve")
        x, y = min(corners, key=lambda corner: corner[1])
        place = (max(0.0, min(x, image.width - 12.0 * size)), max(0.0, y - 1.5 * size))
        box = pen.textbbox(place, _name(sleeve), font_size=size)
        pen.rectangle(box, fill=(0, 0, 0))
        pen.text(place, _name(sleeve), fill=colour, font_size=size)
    return image


def _name(sleeve: SleeveAnswer) -> str:
    """Return the best match in a few words, if it is believed."""
    if not sleeve.known:
        return "not in the catalog" if sleeve.belief.known is False else "a sleeve"
    match = sleeve.matches[0]
    release = next(iter(match.releases), None)
    named = " - ".join(filter(None, (release.artist, release.title))) if release else ""
    return f"{(named or Path(match.path_or_url).name)[:40]} {sleeve.belief.probability:.0%}"
