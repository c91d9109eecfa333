"""Which words of a prompt mean what, in English and Korean: one table for each language.

A language is added by a table of its own and by a line in LANGUAGES.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cratewatch.words.attributes import Attribute, Colour, Part


@dataclass(frozen=True)
class Meaning:
    """What a phrase says of a person.

    Attributes:
        attributes: That it names: all of them.
        holds: Whether they are said to hold: a man is not female.
        parts: Of the body that a colour before it, or after it, is of; () for a thing whose
            colour nobody tells, such as a bag.
        implied: The colour that it has where none is said: jeans are blue.
        instead: What it has, or has not where False, that stands for it where no model tells the
            attributes themselves: jeans are long trousers.
        is_pattern: Whether colours before it are of what follows: a white striped shirt.
    """

    attributes: tuple[Attribute, ...] = ()
    holds: bool = True
    parts: tuple[Part, ...] = ()
    implied: Colour | None = None
    instead: Mapping[Attribute, bool] = field(default_factory=dict)
    is_pattern: bool = False


@dataclass(frozen=True)
class Language:
    """The words of a language.

    Attributes:
        colours: Phrases of colours.
        meanings: Other phrases.
        negations: Words after which, or in Korean before which, something is said to be missing.
        plain: Words that say nothing of looks.
        untold: Phrases of looks that nobody tells here, and whose words mean something else.
        breaks: Such words before which what a colour is of has been said: in black with a bag.
        copulas: Such words after which colours are of what was said before: his shirt is white.
        endings: What may follow a word without a space: particles.
        negates_before: Whether a negation follows what it negates.
    """

    colours: Mapping[str, Colour]
    meanings: Mapping[str, Meaning]
    negations: frozenset[str]
    plain: frozenset[str]
    untold: frozenset[str] = frozenset()
    breaks: frozenset[str] = frozenset()
    copulas: frozenset[str] = frozenset()
    endings: tuple[str, ...] = ()
    negates_before: bool = False
    longest: int = field(init=False)

    def __post_init__(self) -> None:
        """Note how many words the longest phrase has."""
        phrases = [*self.colours, *self.meanings, *self.untold]
        object.__setattr__(self, "longest", max(phrase.count(" ") + 1 for phrase in phrases))


def _table(*lines: tuple[str, Meaning]) -> dict[str, Meaning]:
    return {phrase: meaning for phrases, meaning in lines for phrase in _split(phrases)}


def _colours(lines: Mapping[Colour, str]) -> dict[str, Colour]:
    return {phrase: colour for colour, phrases in lines.items() for phrase in _split(phrases)}


def _split(phrases: str) -> Iterable[str]:
    return (phrase.strip() for phrase in phrases.split(","))


def _shades(lines: Mapping[Colour, str], shades: str) -> dict[str, Colour]:
    """Return colours, and what they are called in each shade: dark red is red."""
    named = _colours(lines)
    return named | {f"{shade} {name}": named[name] for shade in _split(shades) for name in named}


def _worn(
    *attributes: Attribute, on: tuple[Part, ...], instead: Mapping[Attribute, bool] | None = None
) -> Meaning:
    return Meaning(attributes, parts=on, instead=instead or {})


UPPER: tuple[Part, ...] = ("upper",)
LOWER: tuple[Part, ...] = ("lower",)
FEET: tuple[Part, ...] = ("feet",)
HAIR: tuple[Part, ...] = ("hair",)
WHOLE: tuple[Part, ...] = ("upper", "lower")
NOT_FEMALE = Meaning(("female",), holds=False)
LONG: Mapping[Attribute, bool] = {"long_sleeves": True}
SHORT: Mapping[Attribute, bool] = {"long_sleeves": False}
BARE_LEGS: Mapping[Attribute, bool] = {"trousers": False}
JEANS = Meaning(("jeans",), parts=LOWER, implied="blue", instead={"trousers": True})
SUIT = _worn("suit", on=WHOLE, instead={"long_sleeves": True, "trousers": True})
BLOND = Meaning(parts=HAIR, implied="yellow")
NOTHING_CARRIED = Meaning(("backpack", "bag"), holds=False)
NOTHING_WORN = Meaning(("hat", "glasses", "scarf"), holds=False)

ENGLISH = Language(
    colours=_shades(
        {
            "black": "black, dark",
            "grey": "grey, gray, silver, charcoal",
            "white": "white, cream, ivory, off white",
            "red": "red, crimson, scarlet, maroon, burgundy",
            "orange": "orange",
            "yellow": "yellow, mustard, golden",
            "green": "green, olive, lime, teal",
            "blue": "blue, navy, turquoise, cyan, navy blue",
            "purple": "purple, violet, lilac, lavender",
            "pink": "pink, magenta, rose",
            "brown": "brown, beige, tan, khaki, camel",
        },
        "dark, light, bright, pale",
    ),
    meanings=_table(
        ("person, people, somebody, someone, pedestrian, customer, adult", Meaning()),
        ("woman, women, female, lady, ladies, girl, she, mum, mom, mother", Meaning(("female",))),
        (
            "man, men, male, guy, gentleman, boy, he, bloke, chap, dude, fellow, dad, father",
            NOT_FEMALE,
        ),
        ("child, children, kid, toddler, little boy, little girl", Meaning(("child",))),
        ("elderly, old, senior, aged", Meaning(("elderly",))),
        ("hat, cap, beanie, helmet, headwear", Meaning(("hat",))),
        ("glasses, sunglasses, spectacles", Meaning(("glasses",))),
        ("scarf, muffler, shawl", Meaning(("scarf",))),
        ("long hair, long haired, ponytail", Meaning(("long_hair",), parts=HAIR)),
        ("short hair, short haired", Meaning(("long_hair",), holds=False, parts=HAIR)),
        ("hair, haired", Meaning(parts=HAIR)),
        ("blond, blonde, blond hair, blonde hair, blond haired, blonde haired", BLOND),
        ("bald, balding, no hair", Meaning(("bald",))),
        ("backpack, rucksack, knapsack", Meaning(("backpack",))),
        ("bag, handbag, purse, satchel, messenger bag, shoulder bag, tote", Meaning(("bag",))),
        ("plastic bag, shopping bag, carrier bag", Meaning(("plastic_bag",))),
        ("suitcase, luggage, briefcase, trolley", Meaning(("luggage",))),
        ("stroller, pram, pushchair, buggy", Meaning(("stroller",))),
        ("long sleeve, long sleeved", _worn("long_sleeves", on=UPPER)),
        ("short sleeve, short sleeved", Meaning(("long_sleeves",), holds=False, parts=UPPER)),
        ("sleeveless, tank top, vest", _worn("no_sleeves", on=UPPER, instead=SHORT)),
        ("t shirt, tshirt, tee", _worn("t_shirt", on=UPPER, instead=SHORT)),
        (
            "jacket, coat, parka, anorak, blazer, cardigan",
            _worn("jacket", on=UPPER, instead=LONG),
        ),
        (
            "sweater, hoodie, hoody, sweatshirt, pullover, jumper",
            _worn("sweater", on=UPPER, instead=LONG),
        ),
        ("suit", SUIT),
        ("suit jacket", _worn("suit", on=UPPER, instead=LONG)),
        ("suit trousers, dress trousers", _worn("trousers", on=LOWER)),
        ("shirt, blouse, top, upper, upper body, upper clothes, polo, tunic", _worn(on=UPPER)),
        ("dress, dressed, clothes, clothing, outfit, wearing all, everything", _worn(on=WHOLE)),
        ("from head to toe, head to toe, all over, top to bottom", _worn(on=WHOLE)),
        ("striped, stripy, stripe, stripes", Meaning(("striped",), is_pattern=True)),
        ("plaid, checked, chequered, checkered, tartan", Meaning(("plaid",), is_pattern=True)),
        ("logo, printed, print", Meaning(("logo",), is_pattern=True)),
        ("jeans, denim", JEANS),
        ("trousers, pants, slacks, chinos, joggers, sweatpants", _worn("trousers", on=LOWER)),
        ("leggings, bottom, lower, lower body, lower clothes, tights, capris", _worn(on=LOWER)),
        (
            "shorts, short trousers, short pants, hot pants",
            _worn("shorts", on=LOWER, instead=BARE_LEGS),
        ),
        ("skirt, miniskirt", _worn("skirt", on=LOWER, instead=BARE_LEGS)),
        ("boots", _worn("boots", on=FEET)),
        ("trainers, sneakers, running shoes", _worn("trainers", on=FEET)),
        ("sandals, flip flops", _worn("sandals", on=FEET)),
        ("shoes, dress shoes, footwear, feet, loafers, brogues, heels, pumps", _worn(on=FEET)),
        ("carrying nothing, holding nothing, nothing in hand, empty handed", NOTHING_CARRIED),
        ("no accessories, without accessories", NOTHING_WORN),
    ),
    negations=frozenset(("no", "not", "without", "neither", "nor")),
    plain=frozenset(
        _split(
            "a, an, the, in, on, of, with, and, or, wearing, wears, wear, who, is, are, has, "
            "have, having, carrying, carries, holding, her, his, their, its, this, that, "
            "there, light, bright, pale, find, show, me, all, young, by, at, to, from, "
            "for, one, two, some, looking, person's, coloured, colored, color, colour, picture, "
            "photo, image, hand, hands, above, below"
        )
    ),
    untold=frozenset(
        _split(
            "middle aged, hair band, dark skin, dark skinned, light skin, light skinned, "
            "pale skin, pale skinned"
        )
    ),
    breaks=frozenset(("with", "carrying", "carries", "holding", "has", "having", "who")),
    copulas=frozenset(("is", "are")),
)
KOREAN = Language(
    colours=_colours(
        {
            "black": "검은, 검정, 검은색, 검정색, 까만, 까만색, 블랙",
            "grey": "회색, 쥐색, 그레이",
            "white": "흰, 흰색, 하얀, 하얀색, 화이트",
            "red": "빨간, 빨강, 빨간색, 빨강색, 붉은, 레드",
            "orange": "주황, 주황색, 오렌지, 오렌지색",
            "yellow": "노란, 노랑, 노란색, 노랑색",
            "green": "초록, 초록색, 녹색, 연두색, 그린",
            "blue": "파란, 파랑, 파란색, 파랑색, 푸른, 남색, 하늘색, 블루",
            "purple": "보라, 보라색, 자주색",
            "pink": "분홍, 분홍색, 핑크, 핑크색",
            "brown": "갈색, 밤색, 베이지, 베이지색, 브라운, 카키색",
        }
    ),
    meanings=_table(
        ("사람, 손님, 보행자, 고객, 누군가", Meaning()),
        ("여자, 여성, 아가씨, 아주머니, 소녀", Meaning(("female",))),
        ("남자, 남성, 아저씨, 소년", NOT_FEMALE),
        ("아이, 어린이, 아기", Meaning(("child",))),
        ("노인, 할머니, 할아버지, 어르신", Meaning(("elderly",))),
        ("모자, 캡, 비니, 헬멧", Meaning(("hat",))),
        ("안경, 선글라스", Meaning(("glasses",))),
        ("목도리, 스카프, 머플러", Meaning(("scarf",))),
        ("긴 머리, 긴머리, 머리가 긴, 장발", Meaning(("long_hair",), parts=HAIR)),
        ("짧은 머리, 머리가 짧은, 단발", Meaning(("long_hair",), holds=False, parts=HAIR)),
        ("머리", Meaning(parts=HAIR)),
        ("금발", BLOND),
        ("대머리", Meaning(("bald",))),
        ("배낭, 백팩", Meaning(("backpack",))),
        ("가방, 핸드백, 숄더백, 크로스백, 메신저백", Meaning(("bag",))),
        ("비닐봉지, 비닐봉투, 봉지, 쇼핑백", Meaning(("plastic_bag",))),
        ("여행 가방, 슈트케이스, 캐리어, 서류가방", Meaning(("luggage",))),
        ("유모차", Meaning(("stroller",))),
        ("긴팔, 긴소매, 긴 소매", _worn("long_sleeves", on=UPPER)),
        ("반팔, 반소매, 짧은 소매", Meaning(("long_sleeves",), holds=False, parts=UPPER)),
        ("민소매", _worn("no_sleeves", on=UPPER, instead=SHORT)),
        ("티셔츠, 티", _worn("t_shirt", on=UPPER, instead=SHORT)),
        (
            "재킷, 자켓, 코트, 점퍼, 잠바, 패딩, 외투",
            _worn("jacket", on=UPPER, instead=LONG),
        ),
        ("스웨터, 후드티, 후드, 맨투맨, 니트", _worn("sweater", on=UPPER, instead=LONG)),
        ("정장, 양복, 수트", SUIT),
        ("양복 상의, 수트 상의, 정장 상의", _worn("suit", on=UPPER, instead=LONG)),
        ("양복바지, 정장 바지", _worn("trousers", on=LOWER)),
        ("셔츠, 남방, 블라우스, 상의, 윗옷, 윗도리", _worn(on=UPPER)),
        ("옷, 위아래, 원피스, 드레스", _worn(on=WHOLE)),
        ("줄무늬", Meaning(("striped",), is_pattern=True)),
        ("체크무늬, 체크", Meaning(("plaid",), is_pattern=True)),
        ("로고, 프린트", Meaning(("logo",), is_pattern=True)),
        ("청바지, 데님", JEANS),
        ("바지, 긴바지, 긴 바지", _worn("trousers", on=LOWER)),
        ("하의, 아래옷, 아랫도리, 레깅스", _worn(on=LOWER)),
        ("반바지, 핫팬츠", _worn("shorts", on=LOWER, instead=BARE_LEGS)),
        ("치마, 스커트, 긴치마, 롱스커트", _worn("skirt", on=LOWER, instead=BARE_LEGS)),
        ("부츠, 장화", _worn("boots", on=FEET)),
        ("운동화, 스니커즈", _worn("trainers", on=FEET)),
        ("샌들, 슬리퍼", _worn("sandals", on=FEET)),
        ("신발, 구두, 단화", _worn(on=FEET)),
        ("빈손", NOTHING_CARRIED),
        ("소품 없음, 소품 없는, 소품 없이", NOTHING_WORN),
    ),
    negations=frozenset(("없는", "없이", "안", "않은")),
    plain=frozenset(
        _split(
            "입은, 입고, 쓴, 쓰고, 멘, 메고, 든, 들고, 신은, 신고, 있는, 맨, 찬, 한, 그리고, "
            "와, 과, 및, 또는, 을, 를, 이, 가, 착용한, 착용의, 차림의, 가진, 걸친, 두른, 찾아줘, "
            "찾기, 보여줘"
        )
    ),
    endings=(
        *("을", "를", "이", "가", "은", "는", "에", "와", "과", "의", "도", "만", "로", "으로"),
        *("랑", "이랑", "하고", "에게", "인", "색", "들"),
    ),
    negates_before=True,
)
LANGUAGES = (ENGLISH, KOREAN)
