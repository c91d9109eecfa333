"""What `cratewatch synthesize` refuses before anything is drawn."""

from pathlib import Path
from typing import Any

import pytest

from cratewatch.commands import synthesis as synthesis_command
from cratewatch.errors import CratewatchError
from cratewatch.synthesis.diffusion.config import GligenConfig, InpaintConfig


@pytest.mark.parametrize(
    ("engine", "model", "config", "paint", "message"),
    [
        ("crayon", "", {}, {}, "'crayon' is unknown; there are composite, gligen, inpaint"),
        ("composite", "m", {}, {}, "--model: the composite engine has none; add --engine gligen"),
        ("composite", "", {"steps": 5}, {}, "--steps: the composite engine has none"),
        ("composite", "", {}, {"side_px": 64}, "--side-px: the composite engine has none"),
        ("gligen", "", {}, {}, "which model"),
        ("gligen", "m", {"strength": 0.5}, {}, "^--strength: gligen has none;.*--engine inpaint"),
        ("inpaint", "m", {"beta": 0.5}, {}, "^--beta: inpaint has none; .*--engine gligen"),
        ("gligen", "m", {"steps": 0}, {}, "^--steps is 0: choose 2 to 1000"),
        ("gligen", "m", {"beta": 1.5}, {}, "^--beta is 1.5: choose 0.0 to 1.0"),
        ("gligen", "m", {"precision": "int3"}, {}, "^--precision is 'int3'"),
    ],
)
def test_what_an_engine_does_not_take_is_said(
    engine: str, model: str, config: dict[str, Any], paint: dict[str, Any], message: str
) -> None:
    with pytest.raises(CratewatchError, match=message):
        synthesis_command._brush(engine, model, config, paint)


def test_settings_reach_the_engine(tmp_path: Path) -> None:
    brush = synthesis_command._brush(
        "gligen", str(tmp_path), {"steps": 7, "beta": 0.3}, {"side_px": 128}
    )
    assert brush.config == GligenConfig(steps=7, beta=0.3)
    assert (brush.engine, brush.model, brush.paint.side_px) == ("gligen", str(tmp_path), 128)
    assert synthesis_command._brush("composite", "", {}, {}) is None
    painted = synthesis_command._brush("inpaint", "hub/model", {"strength": 0.9}, {})
    assert painted.config == InpaintConfig(strength=0.9)
    assert painted.model == "hub/model"


def test_a_folder_is_named_absolutely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    assert synthesis_command._brush("gligen", "model", {}, {}).model == str(tmp_path / "model")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scenes", "s.jsonl"], "--scenes: the composite engine draws its own"),
        (["--preview", "x.gif"], "ends neither in .jpg nor in .png"),
        (["--split", "half"], "'half' is none of train, test, all"),
    ],
)
def test_a_mistake_is_one_line(
    run: Any, empty_home: Path, arguments: list[str], message: str
) -> None:
    answer = run("synthesize", "--samples", "4", *arguments, "--home", str(empty_home))
    assert answer.returncode == 1
    assert message in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
