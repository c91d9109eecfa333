"""Tells what of a prompt was answered, and by what."""

from __future__ import annotations

from dataclasses import dataclass

from cratewatch.errors import CratewatchError
from cratewatch.words.attribute_search import AttributeSearch
from cratewatch.words.prompts import MOST_WORDS, parse_prompt
from cratewatch.words.text_image import TextImageModel

BY_ATTRIBUTES = "colour and attributes"
BY_COLOUR = "colour"


@dataclass(frozen=True)
class Explained:
    """How a prompt is answered.

    Attributes:
        by: What answers: colour and attributes, or a model's name.
        answered: The pieces that it answers; with what is told in their place, if that is other.
        left: The pieces that nothing answers here.
        is_cut: Whether the prompt was longer than is read.
    """

    by: str
    answered: tuple[str, ...]
    left: tuple[str, ...] = ()
    is_cut: bool = False

    def __str__(self) -> str:
        """Say it in a line."""
        said = f"{' · '.join(self.answered)}: by {self.by}"
        if self.left:
            said += f"; not answered: {' · '.join(self.left)}"
        return said + (f" (the first {MOST_WORDS} words are read)" if self.is_cut else "")


def explain(prompt: str, model: TextImageModel) -> Explained:
    """Return how a model answers a prompt.

    Raises:
        CratewatchError: if the prompt says nothing, or nothing that the model answers.
    """
    parsed = parse_prompt(prompt)
    if not isinstance(model, AttributeSearch):
        return Explained(model.name, tuple(said.words for said in parsed.said), (), parsed.is_cut)
    # Each once: what is said again asks for nothing more.
    answered = tuple(dict.fromkeys(s.read_as(model.terms) for s in parsed.answered(model.terms)))
    left = tuple(dict.fromkeys(said.words for said in parsed.left(model.terms)))
    if not answered:
        raise CratewatchError(
            f"--prompt: {' · '.join(left) or 'a person'}: neither a colour nor an attribute that "
            'is told here; name the colours of clothes, such as "orange hoodie, blue jeans", or '
            "set words_model to the folder of a BLIP or CLIP model"
        )
    by = BY_ATTRIBUTES if model.has_attributes else BY_COLOUR
    return Explained(by, answered, left, parsed.is_cut)
