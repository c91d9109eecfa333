"""Which answer a picture gets: that to the whole of it, or that to its first sleeve."""

from cratewatch.retrieval.answers import Answer, Belief, SleeveAnswer
from cratewatch.retrieval.matches import Match


def matches(name: str, score: float) -> tuple[Match, ...]:
    return (Match(name, name, score, "shop", f"{name}.jpg", ()),)


def whole(score: float, *, known: bool) -> Answer:
    return Answer("photo.jpg", known, score, "likely" if known else "unsure", matches("w", score))


def sleeve(score: float, *, known: bool) -> SleeveAnswer:
    belief = Belief(known, score, "likely" if known else "unsure")
    corners = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
    return SleeveAnswer(corners, 0.9, 9, False, belief, matches("s", score))


def winner(one: Answer, *sleeves: SleeveAnswer, is_crop: bool = False) -> str:
    answer = one.with_sleeves(sleeves, is_crop=is_crop)
    assert answer.sleeves == sleeves
    return answer.matches[0].cover_id


def test_without_a_sleeve_the_whole_stands() -> None:
    assert winner(whole(0.1, known=False)) == "w"


def test_of_a_crop_the_whole_stands_unless_only_its_sleeve_is_known() -> None:
    for of_whole, of_sleeve, wins in ((1, 1, "w"), (1, 0, "w"), (0, 0, "w"), (0, 1, "s")):
        one = whole(0.5, known=bool(of_whole))
        assert winner(one, sleeve(0.6, known=bool(of_sleeve)), is_crop=True) == wins


def test_of_another_picture_the_likelier_one_stands() -> None:
    assert winner(whole(0.7, known=True), sleeve(0.6, known=True)) == "w"
    assert winner(whole(0.3, known=False), sleeve(0.6, known=True)) == "s"
    assert winner(whole(0.3, known=False), sleeve(0.2, known=False)) == "w"
    assert winner(whole(0.2, known=False), sleeve(0.3, known=False)) == "s"


def test_the_first_sleeve_is_the_one_that_counts() -> None:
    assert winner(whole(0.2, known=False), sleeve(0.3, known=False), sleeve(0.9, known=True)) == "s"
    nothing = Answer("photo.jpg", False, 0.0, "unknown")
    assert winner(nothing, sleeve(0.3, known=False)) == "s"
