"""A contact sheet: many queries at one glance."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw

from cratewatch.synthesis.masks import decode_mask, outline_mask
from cratewatch.synthesis.query import Query

COLUMNS = 8
TILE_PX = 192
CAPTION_PX = 14
BOX_COLOURS = ((255, 220, 40), (60, 220, 255), (255, 110, 200), (130, 255, 110))


def contact_sheet(queries: Sequence[Query]) -> Image.Image:
    """Return the queries side by side, enlarged, with severity and occluded share below each.

    Boxes and the outlines of masks are drawn into them.

    Raises:
        ValueError: if there is no query to show.
    """
    if not queries:
        raise ValueError("a contact sheet needs at least one query")
    columns = min(COLUMNS, len(queries))
    rows = -(-len(queries) // columns)
    sheet = Image.new("RGB", (columns * TILE_PX, rows * (TILE_PX + CAPTION_PX)), (24, 24, 24))
    for i, query in enumerate(queries):
        place = (i % columns * TILE_PX, i // columns * (TILE_PX + CAPTION_PX))
        sheet.paste(_tile(query), place)
    return sheet


def _tile(query: Query) -> Image.Image:
    with Image.open(BytesIO(query.jpeg)) as picture:
        factor = (TILE_PX - 2) / max(picture.size)
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        enlarged = picture.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    _outline(enlarged, query, factor)
    tile = Image.new("RGB", (TILE_PX, TILE_PX + CAPTION_PX), (24, 24, 24))
    tile.paste(enlarged, ((TILE_PX - size[0]) // 2, (TILE_PX - size[1]) // 2))
    ImageDraw.Draw(tile).text((3, TILE_PX + 1), _caption(query), fill=(225, 225, 225))
    return tile


def _outline(picture: Image.Image, query: Query, factor: float) -> None:
    pen = ImageDraw.Draw(picture)
    drawn = query.label["boxes"]
    assert isinstance(drawn, list)
    for i, box in enumerate(drawn):
        corners = [value * factor for value in box["xyxy"]]
        colour = BOX_COLOURS[i % len(BOX_COLOURS)]
        pen.rectangle(corners, outline=colour)
        for contour in outline_mask(decode_mask(box["mask"])):
            pen.line([tuple((point + 0.5) * factor) for point in contour], fill=colour)


def _caption(query: Query) -> str:
    severity, hidden = query.label["severity"], query.label["occluded_fraction"]
    return f"severity {severity:.2f}  occluded {100 * float(str(hidden)):.0f} %"
