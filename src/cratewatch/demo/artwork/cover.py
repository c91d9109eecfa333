"""One cover from one specification."""

from collections.abc import Callable
from dataclasses import dataclass

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
from cratewatch.demo.artwork.canvas import Pixels, resized
from cratewatch.demo.artwork.chance import Chance, Desk
from cratewatch.demo.artwork.layouts import LAYOUTS, SERIES_LAYOUTS, Layout
from cratewatch.demo.artwork.lettering import Face, mix_face, mix_text_face
from cratewatch.demo.artwork.palette import Palette
from cratewatch.demo.artwork.sleeve import Sleeve, Words

Picture = Callable[[Desk], Pixels]
Montage = Callable[[Pixels, Pixels, Chance], Pixels]
Treatment = Callable[[Pixels, Desk], Pixels]

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
    geometry.ridge_plot, geometry.circles, drawings.scribbles,
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
    chance = Chance.of(spec.artwork)
    style = Chance.of(f"series {spec.series}" if spec.series else f"{spec.artwork} design")
    design = _mix_design(style, in_series=bool(spec.series))
    own_inks = bool(spec.series) and style.likely(0.5)
    palette = chance.mix_palette() if own_inks else design.palette
    desk = Desk(chance.rng, palette)
    names = (spec.artist, spec.title) if design.artist_first else (spec.title, spec.artist)
    sleeve = Sleeve(
        picture=design.treatment(_draw_picture(design, desk), desk),
        words=Words(*names, label=spec.label, number=f"{spec.number}" if spec.series else ""),
        display=design.display,
        text=design.text,
        style=Desk(style.rng, palette),
        chance=chance,
    )
    return Image.fromarray(chance.grained(design.layout(sleeve), 2.5))


def _mix_design(style: Chance, in_series: bool) -> _Design:
    photograph = style.likely(0.65)
    return _Design(
        palette=style.mix_palette(),
        display=mix_face(style),
        text=mix_text_face(style),
        layout=style.pick(SERIES_LAYOUTS if in_series else LAYOUTS),
        picture=style.pick(_PHOTOGRAPHS if photograph else _GRAPHICS),
        montage=style.pick(_MONTAGES) if style.likely(0.22) else None,
        companion=style.pick(_PHOTOGRAPHS + _GRAPHICS),
        treatment=style.pick(_PHOTO_TREATMENTS if photograph else _GRAPHIC_TREATMENTS),
        artist_first=style.likely(0.6),
    )


def _draw_picture(design: _Design, desk: Desk) -> Pixels:
    picture = design.picture(desk)
    if design.montage is None:
        return picture
    return design.montage(resized(picture), resized(design.companion(desk)), desk)
