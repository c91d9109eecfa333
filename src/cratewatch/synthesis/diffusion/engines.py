"""The engines that there are, and how one is opened."""

from __future__ import annotations

from cratewatch.errors import SettingsError
from cratewatch.synthesis.diffusion.config import DiffusionConfig, GligenConfig, InpaintConfig
from cratewatch.synthesis.painting import PaintEngine

ENGINES = ("gligen", "inpaint")


def make_engine(name: str, model: str, config: DiffusionConfig) -> PaintEngine:
    """Load a model and return the engine that paints with it.

    Args:
        name: One of ENGINES.
        model: A folder in diffusers' format, or a hub id.
        config: A GligenConfig for "gligen", an InpaintConfig for "inpaint".

    Raises:
        SettingsError: if there is no such engine, or the config is another one's.
        NotFoundError: if there is no such model.
        CratewatchError: if the model does not fit the engine, its files are damaged, or the device
            does not have the precision.
    """
    if name not in ENGINES:
        raise SettingsError(f"engine {name!r}: choose {' or '.join(ENGINES)}")
    # Imported here: diffusers takes seconds, and commands read the configs only.
    from cratewatch.synthesis.diffusion.placement import place

    placement = place(config)
    if name == "gligen" and isinstance(config, GligenConfig):
        from cratewatch.synthesis.diffusion.gligen import GligenEngine
        from cratewatch.synthesis.diffusion.model import load_gligen

        return GligenEngine(load_gligen(model, placement), config)
    if name == "inpaint" and isinstance(config, InpaintConfig):
        from cratewatch.synthesis.diffusion.inpaint import InpaintEngine, load_inpaint

        return InpaintEngine(load_inpaint(model, placement), config)
    raise SettingsError(f"engine {name!r} does not take a {type(config).__name__}")
