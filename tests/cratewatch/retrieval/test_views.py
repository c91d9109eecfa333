import numpy as np
import pytest
from PIL import Image

from cratewatch.retrieval.config import SearchConfig
from cratewatch.retrieval.views import draw_views


@pytest.fixture
def image() -> Image.Image:
    """A white disc left of the middle of a grey square."""
    grey = np.full((100, 80), 100, np.uint8)
    grey[45:55, 15:25] = 255
    return Image.fromarray(grey)


def test_one_view_is_the_query_itself(image: Image.Image) -> None:
    (view,) = draw_views(image, SearchConfig(crops=(1.0,), turns_deg=(0.0,)))
    assert np.array_equal(np.asarray(view), np.asarray(image))


def test_crops_keep_the_middle_and_the_shape(image: Image.Image) -> None:
    whole, half = draw_views(image, SearchConfig(crops=(1.0, 0.5), turns_deg=(0.0,)))
    assert (whole.size, half.size) == ((80, 100), (40, 50))
    assert np.array_equal(np.asarray(half), np.asarray(image)[25:75, 20:60])


def test_turns_go_counterclockwise_about_the_middle_and_fill_with_the_mean(
    image: Image.Image,
) -> None:
    (turned,) = draw_views(image, SearchConfig(crops=(1.0,), turns_deg=(90.0,)))
    pixels = np.asarray(turned)
    assert pixels[70, 40] == 255  # the disc, 20 px left of the middle, is now 20 px below it
    assert pixels[50, 20] == 100
    assert pixels[0, 0] == round(float(np.asarray(image).mean()))


def test_every_crop_in_every_turn(image: Image.Image) -> None:
    views = draw_views(image, SearchConfig(crops=(1.0, 0.9), turns_deg=(0.0, -4.0, 4.0)))
    assert [view.width for view in views] == [80, 72] * 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"crops": ()},
        {"crops": (1.2,)},
        {"turns_deg": ()},
        {"fusion": "sum"},
        {"background": -1},
        {"rerank": -1},
    ],
)
def test_what_cannot_be_searched_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"at least one|share|fusion|fewer"):
        SearchConfig(**wrong)  # type: ignore[arg-type]
