"""One cover from one specification."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from cratewatch.demo.artwork import (
    drawings,
    figures,
    geometry,
    materials,
    montage,
    people,
    scenery,
    treatments,
)
from cratewatch.demo.artwork.canvas import SIDE_PX, Pixels, chance, pick, resized
from cratewatch.demo.artwork.layouts import LAYOUTS, SERIES_LAYOUTS, Layout
from cratewatch.demo.artwork.lettering import Face, mix_face, mix_text_face
from cratewatch.demo.artwork.noise import grained
from cratewatch.demo.artwork.palette import Palette, mix_palette
from cratewatch.demo.artwork.sleeve import Sleeve, Words

Picture = Callable[[np.random.Generator, Palette], Pixels]
Montage = Callable[[Pixels, Pixels, np.random.Generator], Pixels]
Treatment = Callable[[Pixels, np.random.Generator, Palette], Pixels]

_PHOTOGRAPHS: tuple[Picture, ...] = (
    people.portrait, people.portrait, people.portrait, people.portrait, people.portrait,
    people.faces_in_a_row, people.faces_in_a_row, figures.stage, figures.stage, figures.crowd,
    figures.dancers, scenery.mountains, scenery.mountains, scenery.sea, scenery.sea, scenery.clouds,
    scenery.skyline, scenery.skyline, scenery.street, scenery.forest, scenery.night_sky,
    scenery.arches, materials.marble, materials.wood, materials.cloth, materials.lights,
    materials.peeling, materials.fluid, materials.flower, materials.flower, materials.still_life,
    materials.still_life, materials.piano, materials.record, materials.record, materials.eye,
)  # fmt: skip
_GRAPHICS: tuple[Picture, ...] = (
    geometry.tiles, geometry.swiss, geometry.swiss, geometry.colour_blocks, geometry.op_art,
    geometry.sunburst, geometry.stained_glass, geometry.arcs, geometry.contour_map,
    geometry.ridge_plot, geometry.halftone_dots, geometry.circles, drawings.scribbles,
    drawings.brushwork, drawings.line_faces, drawings.line_faces, drawings.mandala,
    drawings.ink_blot, drawings.psychedelia, drawings.spirograph, drawings.beasts,
    drawings.beasts,
)  # fmt: skip
_MONTAGES: tuple[Montage, ...] = (
    montage.double_exposure, montage.seen_through, montage.blinds, montage.contact_sheet,
    montage.torn_paper, montage.torn_paper, montage.etched,
)  # fmt: skip
_PHOTO_TREATMENTS: tuple[Treatment, ...] = (
    treatments.as_is, treatments.as_is, treatments.as_is, treatments.as_is, treatments.as_is,
    treatments.black_and_white, treatments.black_and_white, treatments.duotone, treatments.duotone,
    treatments.posterised, treatments.xeroxed, treatments.halftoned, treatments.solarised,
    treatments.hand_coloured, treatments.misprinted, treatments.glitched, treatments.mirrored,
    treatments.four_prints, treatments.vignetted,
)  # fmt: skip
_GRAPHIC_TREATMENTS: tuple[Treatment, ...] = (
    *(treatments.as_is,) * 8, treatments.misprinted, treatments.glitched, treatments.mirrored,
    treatments.black_and_white, treatments.vignetted,
)  # fmt: skip


@dataclass(frozen=True)
class CoverSpec:
    """What a cover shows; equal specifications give equal pixels.

    Equal, that is, with one version of OpenCV and Pillow: their built-in fonts change.

    Attributes:
        artwork: Key of the artwork: the seed of everything that is drawn by chance.
        artist: In ASCII, as the built-in fonts know little more; so are title and label.
        series: Name of the series whose design the cover shares, or nothing.
        number: Volume in that series.
    """

    artwork: str
    artist: str
    title: str
    label: str
    series: str = ""
    number: int = 0


@dataclass(frozen=True)
class _Design:
    """Everything about a cover that does not depend on its picture and words."""

    palette: Palette
    display: Face
    text: Face
    layout: Layout
    picture: Picture
    montage: Montage | None
    companion: Picture
    treatment: Treatment
    artist_first: bool


def draw_cover(spec: CoverSpec) -> Image.Image:
    """Return the cover, RGB, 600 x 600.

    The covers of a series share one design; a cover outside any series has its own.
    """
    rng = _chance_of(spec.artwork)
    style = (
        _chance_of(f"series {spec.series}") if spec.series else _chance_of(f"{spec.artwork} design")
    )
    design = _mix_design(style, in_series=bool(spec.series))
    if spec.series and chance(style, 0.5):
        design = replace(design, palette=mix_palette(rng))
    picture = design.treatment(_draw_picture(design, rng), rng, design.palette)
    names = (spec.artist, spec.title) if design.artist_first else (spec.title, spec.artist)
    number = f"{spec.number}" if spec.series else ""
    sleeve = Sleeve(
        picture=picture,
        words=Words(*names, label=spec.label, number=number),
        palette=design.palette,
        display=design.display,
        text=design.text,
        style=style,
        rng=rng,
    )
    return Image.fromarray(grained(rng, design.layout(sleeve), 2.5))


def _mix_design(style: np.random.Generator, in_series: bool) -> _Design:
    photograph = chance(style, 0.65)
    return _Design(
        palette=mix_palette(style),
        display=mix_face(style),
        text=mix_text_face(style),
        layout=pick(style, SERIES_LAYOUTS if in_series else LAYOUTS),
        picture=pick(style, _PHOTOGRAPHS if photograph else _GRAPHICS),
        montage=pick(style, _MONTAGES) if chance(style, 0.22) else None,
        companion=pick(style, _PHOTOGRAPHS + _GRAPHICS),
        treatment=pick(style, _PHOTO_TREATMENTS if photograph else _GRAPHIC_TREATMENTS),
        artist_first=chance(style, 0.6),
    )


def _draw_picture(design: _Design, rng: np.random.Generator) -> Pixels:
    picture = design.picture(rng, design.palette)
    if design.montage is None:
        return picture
    companion = resized(design.companion(rng, design.palette), SIDE_PX, SIDE_PX)
    return design.montage(resized(picture, SIDE_PX, SIDE_PX), companion, rng)


def _chance_of(key: str) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))
