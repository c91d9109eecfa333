"""What can be chosen about a diffusion engine. Imports nothing heavy: command lines read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from cratewatch.errors import SettingsError

Precision = Literal["auto", "fp32", "fp16", "bf16"]
Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class DiffusionConfig:
    """What both engines have in common.

    Attributes:
        steps: Denoising steps, 2 to 1000.
        guidance: Scale of classifier-free guidance, 0 to 100; up to 1 there is none.
        precision: "auto" takes bf16 where a GPU computes in it, fp16 on other GPUs, fp32 on a CPU.
        device: "auto" takes a GPU where there is one, else the CPU.
        batch: Pictures in one denoising loop. None takes what the GPU's memory holds, 8 on a CPU.
            Every batch is filled up to this number, so that all have the same shapes.
        compile: Compile the network: slow to start, then faster.
        attention_slicing: Less memory, slower.
        prompt: Of the whole picture; "{phrases}" stands for what is to be painted.
        negative_prompt: What guidance leads away from.
        feather_px: Width of the seam inside a mask where painting and picture blend, 0 to 64.
    """

    steps: int = 25
    guidance: float = 7.5
    precision: Precision = "auto"
    device: Device = "auto"
    batch: int | None = None
    compile: bool = False
    attention_slicing: bool = False
    prompt: str = "a photo of a record sleeve, {phrases}"
    negative_prompt: str = ""
    feather_px: float = 3.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        one_of("precision", self.precision, get_args(Precision))
        one_of("device", self.device, get_args(Device))
        in_range("steps", self.steps, 2, 1000)
        in_range("guidance", self.guidance, 0.0, 100.0)
        in_range("batch", 1 if self.batch is None else self.batch, 1, 1024)
        in_range("feather_px", self.feather_px, 0.0, 64.0)


@dataclass(frozen=True)
class GligenConfig(DiffusionConfig):
    """How GLIGEN paints.

    Attributes:
        beta: Scheduled sampling, 0 to 1: the share of steps, from the first, in which boxes and
            phrases have a say (tau in section 4 of https://arxiv.org/abs/2301.07093).
    """

    beta: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        super().__post_init__()
        in_range("beta", self.beta, 0.0, 1.0)


@dataclass(frozen=True)
class InpaintConfig(DiffusionConfig):
    """How an inpainting pipeline paints.

    Attributes:
        strength: How much of what lies under a mask is noised away, above 0 to 1 (all of it).
            A pipeline that knows no strength is not told.
        size_px: Side of the square that the pipeline works on, a multiple of 8; None takes its own.
    """

    prompt: str = "a photo of {phrases} in front of a record sleeve"
    strength: float = 1.0
    size_px: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        super().__post_init__()
        in_range("strength", self.strength, 0.01, 1.0)
        in_range("size_px", 64 if self.size_px is None else self.size_px, 8, 4096)
        if self.steps * self.strength < 2:
            raise SettingsError(
                f"strength {self.strength} leaves fewer than 2 of {self.steps} steps: raise either"
            )


def one_of(name: str, value: str, known: Sequence[str]) -> None:
    """Raise SettingsError unless the value is a known one."""
    if value not in known:
        raise SettingsError(f"{name} is {value!r}: choose {', '.join(known)}")


def in_range(name: str, value: float, low: float, high: float) -> None:
    """Raise SettingsError unless low <= value <= high; NaN is refused too."""
    if not low <= value <= high:
        raise SettingsError(f"{name} is {value}: choose {low} to {high}")
