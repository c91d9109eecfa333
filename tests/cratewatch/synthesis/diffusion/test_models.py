"""Models that are missing, damaged or of another kind, and settings out of range."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from cratewatch.errors import CratewatchError, NotFoundError, SettingsError
from cratewatch.synthesis.diffusion.config import GligenConfig, InpaintConfig
from cratewatch.synthesis.diffusion.engines import make_engine
from cratewatch.synthesis.diffusion.placement import Placement, place
from tests.late import Late

architectures = Late("cratewatch.synthesis.diffusion.architectures")
CONFIG = GligenConfig(device="cpu", batch=1)


@pytest.fixture
def copy(gligen_folder: Path, tmp_path: Path) -> Path:
    """A model folder to damage."""
    folder = tmp_path / "copy"
    shutil.copytree(gligen_folder, folder)
    return folder


def _refuses(folder: Path, match: str) -> None:
    with pytest.raises(CratewatchError, match=match) as caught:
        make_engine("gligen", str(folder), CONFIG)
    assert "\n" not in str(caught.value)


def _edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_same_seed_makes_the_same_model(gligen_folder, tmp_path):
    architectures.make_model(tmp_path / "again")
    architectures.make_model(tmp_path / "other", seed=1)
    file = "unet/diffusion_pytorch_model.safetensors"
    assert (tmp_path / "again" / file).read_bytes() == (gligen_folder / file).read_bytes()
    assert (tmp_path / "other" / file).read_bytes() != (gligen_folder / file).read_bytes()


def test_a_plain_stable_diffusion_is_no_gligen(inpaint_folder):
    _refuses(inpaint_folder, "no gated attention; choose a GLIGEN inpainting model, or engine inp")


def test_a_gligen_by_pictures_is_refused(copy):
    _edit(copy / "unet" / "config.json", attention_type="gated-text-image")
    _refuses(copy, "no GLIGEN by boxes and phrases")


def test_a_gligen_that_cannot_inpaint_is_refused(copy):
    _edit(copy / "unet" / "config.json", in_channels=4)
    _refuses(copy, "cannot inpaint, since its UNet has 4 input channels instead of 9")


def test_gates_without_weights_are_refused(copy):
    path = copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights = load_file(path)
    save_file({name: each for name, each in weights.items() if "position_net" not in name}, path)
    _refuses(copy, r"unet: 8 weights are missing, such as position_net\.")


@pytest.mark.parametrize("missing", ["vocab.json", "merges.txt"])
def test_a_missing_tokenizer_is_named(copy, missing):
    (copy / "tokenizer" / missing).unlink()
    _refuses(copy, "copy/tokenizer: the tokenizer is missing; it needs vocab.json and merges.txt")


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "scheduler"])
def test_a_missing_part_is_named(copy, part):
    shutil.rmtree(copy / part)
    _refuses(copy, f"copy/{part}")


def test_half_written_weights_are_named(copy):
    path = copy / "vae" / "diffusion_pytorch_model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    _refuses(copy, "copy/vae: cannot be loaded, fetch the model again")


def test_an_unknown_scheduler_is_named(copy):
    _edit(copy / "model_index.json", scheduler=["diffusers", "NoSuchScheduler"])
    _refuses(copy, "no scheduler 'NoSuchScheduler'")


def test_a_folder_without_an_index_is_no_model(tmp_path):
    _refuses(tmp_path, "model_index.json is missing")


@pytest.mark.parametrize("engine", [("gligen", CONFIG), ("inpaint", InpaintConfig(device="cpu"))])
def test_a_folder_that_is_not_there_is_named(engine, tmp_path):
    name, config = engine
    with pytest.raises(NotFoundError, match="gone: there is no such model folder"):
        make_engine(name, str(tmp_path / "gone"), config)


def test_a_hub_that_does_not_answer_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(NotFoundError) as refused:
        make_engine("gligen", f"nobody/nothing@{'0' * 40}", CONFIG)
    said = str(refused.value)
    assert "nobody/nothing: no such folder here, and the hub did not give it" in said
    assert "offline mode is enabled" in said
    assert "stack" not in said


@pytest.mark.parametrize("model", ["nobody/nothing", "nobody/nothing@main", "nobody/nothing@12ab"])
def test_a_model_of_the_hub_is_named_by_its_commit(model):
    with pytest.raises(CratewatchError, match="which commit of it"):
        make_engine("gligen", model, CONFIG)


def test_of_the_hub_only_safetensors_are_taken(monkeypatch, gligen_folder):
    asked: dict[str, object] = {}

    def download(name, **options):
        asked.update(options, name=name)
        return str(gligen_folder)

    monkeypatch.setattr("diffusers.DiffusionPipeline.download", download)
    make_engine("gligen", f"owner/name@{'ab' * 20}", CONFIG)
    assert asked == {"name": "owner/name", "revision": "ab" * 20, "use_safetensors": True}


def test_engine_and_config_must_match(gligen_folder):
    with pytest.raises(SettingsError, match="engine 'paint': choose gligen or inpaint"):
        make_engine("paint", str(gligen_folder), CONFIG)
    with pytest.raises(SettingsError, match="'inpaint' does not take a GligenConfig"):
        make_engine("inpaint", str(gligen_folder), CONFIG)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"steps": 1}, "steps is 1: choose 2 to 1000"),
        ({"guidance": -0.5}, "guidance is -0.5"),
        ({"guidance": float("nan")}, "guidance is nan"),
        ({"beta": 1.5}, "beta is 1.5: choose 0.0 to 1.0"),
        ({"batch": 0}, "batch is 0"),
        ({"feather_px": -1.0}, "feather_px is -1.0"),
    ],
)
def test_settings_out_of_range_are_refused(changes, match):
    with pytest.raises(SettingsError, match=match):
        GligenConfig(**changes)


def test_too_little_strength_for_its_steps_is_refused():
    with pytest.raises(SettingsError, match="leaves fewer than 2 of 10 steps"):
        InpaintConfig(steps=10, strength=0.1)


def test_a_cpu_has_no_fp16():
    with pytest.raises(CratewatchError, match="fp16 needs a GPU: choose fp32 or bf16"):
        place(GligenConfig(device="cpu", precision="fp16"))


def test_without_a_gpu_cuda_is_refused_and_auto_takes_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CratewatchError, match="device cuda: PyTorch sees no GPU here"):
        place(GligenConfig(device="cuda"))
    assert place(GligenConfig()) == Placement(torch.device("cpu"), torch.float32)


def test_a_gpu_without_bf16_takes_fp16(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **_: False)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Tesla T4")
    assert place(GligenConfig()).dtype == torch.float16
    with pytest.raises(CratewatchError, match="Tesla T4 does not compute in it; choose fp16"):
        place(GligenConfig(precision="bf16"))
