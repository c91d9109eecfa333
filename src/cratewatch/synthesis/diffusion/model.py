"""The parts of a GLIGEN model, loaded from a folder in diffusers' format or from the hub."""

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import diffusers
import transformers
from diffusers import AutoencoderKL, DiffusionPipeline, UNet2DConditionModel
from safetensors import SafetensorError
from transformers import CLIPTextModel, CLIPTokenizer

from cratewatch.errors import CratewatchError, NotFoundError
from cratewatch.folders import users_path
from cratewatch.synthesis.diffusion.placement import Placement

# They warn of what is asked for here: no accelerate, and casting all of a network.
logging.getLogger("diffusers").setLevel(logging.ERROR)
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()

PIPELINE = "StableDiffusionGLIGENPipeline"
COMMIT = re.compile(r"[0-9a-f]{40}")
CHANNELS = 9
"""What the network sees: 4 of noisy latents, 4 of the picture's, 1 mask."""

Part = TypeVar("Part")


@dataclass(frozen=True)
class GligenModel:
    """A model's parts; scheduler is any of diffusers', its own by the folder's index."""

    unet: UNet2DConditionModel
    vae: AutoencoderKL
    text_encoder: CLIPTextModel
    tokenizer: CLIPTokenizer
    scheduler: Any

    def to(self, placement: Placement) -> "GligenModel":
        """Move the networks, in place, and return the model."""
        for network in (self.unet, self.vae, self.text_encoder):
            network.to(device=placement.device, dtype=placement.dtype)
        return self


def locate(model: str) -> Path:
    """Return the folder of a model; a hub id is downloaded, or taken from the hub's cache.

    Args:
        model: A local folder in diffusers' format, or a hub id with the commit that is meant, such
            as "owner/name@3f0c…": what a name alone stands for may be changed by its owner.

    Raises:
        NotFoundError: if it is neither, or the hub does not give it.
        CratewatchError: if a hub id names no commit.
    """
    folder = users_path(model)
    if not folder.is_dir():
        if folder.is_absolute() or model.startswith((".", "~")) or model.count("/") != 1:
            raise NotFoundError(f"{model}: there is no such model folder")
        name, _, revision = model.partition("@")
        if not COMMIT.fullmatch(revision):
            raise CratewatchError(
                f"{model}: which commit of it? What a name on the hub stands for may change; give "
                f"{name}@ and the 40 digits of a commit"
            )
        folder = _download(name, revision)
    if not (folder / "model_index.json").is_file():
        raise CratewatchError(
            f"{folder}: no model in diffusers' format, since model_index.json is missing"
        )
    return folder


def load_gligen(model: str, placement: Placement) -> GligenModel:
    """Load a GLIGEN model that inpaints by boxes and phrases.

    Raises:
        NotFoundError: if there is no such folder and the hub does not have it either.
        CratewatchError: if the model is another one, or files are missing or damaged.
    """
    folder = locate(model)
    _check_unet(folder)
    parts = GligenModel(
        unet=_load_unet(folder),
        vae=load_part(folder / "vae", AutoencoderKL.from_pretrained),
        text_encoder=load_part(folder / "text_encoder", CLIPTextModel.from_pretrained),
        tokenizer=load_tokenizer(folder),
        scheduler=_load_scheduler(folder),
    )
    return parts.to(placement)


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """Load the tokenizer of a model folder.

    Raises:
        CratewatchError: if its files are missing or damaged.
    """
    files = folder / "tokenizer"
    _check_tokenizer(files)
    return load_part(files, CLIPTokenizer.from_pretrained)


def check_parts(folder: Path) -> None:
    """Check that every part that a model's index names is there.

    Raises:
        CratewatchError: if one is missing.
    """
    for name, source in _read_json(folder / "model_index.json").items():
        if not isinstance(source, list) or source[0] is None:
            continue
        if name.startswith("tokenizer"):
            _check_tokenizer(folder / name)
        elif not (folder / name).is_dir():
            raise CratewatchError(f"{folder / name}: is missing, fetch the model again")


def load_part(folder: Path, load: Callable[..., Part], **options: object) -> Part:
    """Call a loader of diffusers or transformers; what it cannot read becomes one line."""
    try:
        return load(str(folder), local_files_only=True, **options)
    except (OSError, ValueError, SafetensorError) as error:
        reason = str(error).strip().split("\n")[0]
        raise CratewatchError(
            f"{folder}: cannot be loaded, fetch the model again: {reason}"
        ) from error


def _check_tokenizer(files: Path) -> None:
    """Raise unless there is a vocabulary: transformers would make up one of 3 tokens."""
    has_pair = (files / "vocab.json").is_file() and (files / "merges.txt").is_file()
    if not has_pair and not any(
        (files / name).is_file() for name in ("tokenizer.json", "spiece.model")
    ):
        raise CratewatchError(
            f"{files}: the tokenizer is missing; it needs vocab.json and merges.txt, or "
            "tokenizer.json"
        )


def _download(model: str, revision: str) -> Path:
    """Fetch weights as safetensors only: to unpickle a file is to run what it says."""
    try:
        return Path(DiffusionPipeline.download(model, revision=revision, use_safetensors=True))
    except (OSError, ValueError) as error:
        # diffusers itself only tells that there is a cause, in a stack trace
        reason = str(error.__cause__ or error).strip().split("\n")[0]
        raise NotFoundError(
            f"{model}: no such folder here, and the hub did not give it; name a model folder, or "
            f"make the hub reachable: {reason}"
        ) from error


def _check_unet(folder: Path) -> None:
    config = _read_json(folder / "unet" / "config.json")
    if config.get("attention_type") != "gated":
        raise CratewatchError(
            f"{folder}: no GLIGEN by boxes and phrases, since its UNet has no gated attention; "
            "choose a GLIGEN inpainting model, or engine inpaint for this one"
        )
    if config.get("in_channels") != CHANNELS:
        raise CratewatchError(
            f"{folder}: this GLIGEN cannot inpaint, since its UNet has "
            f"{config.get('in_channels')} input channels instead of {CHANNELS}; choose a GLIGEN "
            "inpainting model"
        )


def _load_unet(folder: Path) -> UNet2DConditionModel:
    unet, found = load_part(
        folder / "unet", UNet2DConditionModel.from_pretrained, output_loading_info=True
    )
    if found["missing_keys"]:  # they would stay random
        raise CratewatchError(
            f"{folder / 'unet'}: {len(found['missing_keys'])} weights are missing, such as "
            f"{found['missing_keys'][0]}; fetch the model again"
        )
    return unet


def _load_scheduler(folder: Path) -> Any:
    name = _read_json(folder / "model_index.json").get("scheduler", [None, None])[1]
    scheduler = getattr(diffusers, str(name), None)
    if scheduler is None:
        raise CratewatchError(f"{folder / 'model_index.json'}: diffusers has no scheduler {name!r}")
    return load_part(folder / "scheduler", scheduler.from_pretrained)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise CratewatchError(f"{path}: cannot be read, fetch the model again: {error}") from error
