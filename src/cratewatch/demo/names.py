"""Invented artists, titles and labels, filled into patterns per genre."""

import re
import unicodedata
from dataclasses import dataclass
from random import Random

WORDS: dict[str, tuple[str, ...]] = {
    "first": (
        "Alma", "Anselm", "Bruna", "Cosima", "Dorrit", "Edda", "Emeka", "Fenna", "Gustavo",
        "Hélène", "Ignace", "Ilse", "Jarmila", "Jürgen", "Kwesi", "Lázaro", "Leocadia", "Lorne",
        "Maël", "Marguerite", "Nadja", "Nkechi", "Odile", "Oskar", "Pál", "Quincey", "Renzo",
        "Røskva", "Sólveig", "Teodor", "Ulla", "Vasco", "Wanda", "Xenia", "Ysolde", "Zdeněk",
    ),
    "last": (
        "Abernathy", "Achterberg", "Birkholz", "Calloway", "Castelnau", "Drăgan", "Echevarría",
        "Fjelstad", "Gådemar", "Hollanders", "Iwobi", "Järvelin", "Kessler", "Larkspur", "Løvdal",
        "Marchetti", "Nettleford", "Okonjo", "Pemberty", "Quaresma", "Rautio", "Sandoval-Reyes",
        "Tännler", "Underhill", "Varga", "Wiśniak", "Yarrow", "Zöllner",
    ),
    "adjective": (
        "Amber", "Backward", "Brass", "Burning", "Crooked", "Distant", "Electric", "Feral",
        "Gilded", "Hollow", "Idle", "Jagged", "Kindly", "Lunar", "Marble", "Nervous", "Outer",
        "Paper", "Quiet", "Restless", "Salt", "Tidal", "Unwritten", "Velour", "Wandering",
        "Yellow",
    ),
    "noun": (
        "Antenna", "Balcony", "Compass", "Doorway", "Elevator", "Ferry", "Glacier", "Harbour",
        "Island", "Junction", "Kiosk", "Lantern", "Mirror", "Nightjar", "Orchard", "Pavilion",
        "Quarry", "Radiator", "Satellite", "Turnstile", "Umbrella", "Viaduct", "Weathervane",
        "Zeppelin",
    ),
    "plural": (
        "Astronomers", "Beekeepers", "Cartographers", "Dragonflies", "Engines", "Foxgloves",
        "Gliders", "Herons", "Ironmongers", "Jackdaws", "Kestrels", "Lighthouses", "Magpies",
        "Nomads", "Otters", "Postcards", "Roofers", "Sparrows", "Tramlines", "Upsetters' Sons",
        "Vagrants", "Wolves",
    ),
    "place": (
        "Alcântara", "Bjørnøya", "Český Dvůr", "Dunmore", "Eisenhof", "Fårösund", "Genève Nord",
        "Harrow Lane", "Île Noire", "Jokioinen", "Kreuzkölln", "Łódka", "Malmö C", "Nouakchott",
        "Ostermoor", "Port Sorrel", "Quay Street", "Rua do Sol", "Sankt Ottil", "Tverskaya",
        "Übersee",
    ),
    "verb": (
        "Chasing", "Counting", "Drawing", "Feeding", "Forgetting", "Holding", "Leaving", "Learning",
        "Painting", "Riding", "Selling", "Turning", "Waiting for", "Walking with",
    ),
    "night": (
        "Dawn", "Dusk", "Midnight", "Monday", "Noon", "November", "Sunday", "Tomorrow", "Winter",
    ),
    "machine": (
        "Circuit", "Diode", "Modul", "Oszillator", "Relais", "Sequenz", "Signal", "Vocoder",
    ),
    "syllable": (
        "ak", "bel", "dro", "ex", "fyn", "gro", "hyl", "ko", "lum", "mi", "nox", "or", "tra",
        "vex", "zu",
    ),
    "key": ("A minor", "B-flat major", "C-sharp minor", "D major", "E minor", "F major", "G minor"),
    "piece": (
        "Symphony", "String Quartet", "Piano Sonata", "Cello Suite", "Nocturnes", "Partita",
        "Requiem",
    ),
    "ensemble": ("Kammerorchester", "Philharmonic", "Sinfonietta", "Chamber Players", "Quartett"),
    "number": ("2", "3", "4", "5", "6", "7", "8", "9", "12", "21", "88", "303"),
}  # fmt: skip


@dataclass(frozen=True)
class Genre:
    """How the artists and titles of one kind of music are called, and who releases them."""

    name: str
    artists: tuple[str, ...]
    titles: tuple[str, ...]
    labels: tuple[str, ...]


GENRES: tuple[Genre, ...] = (
    Genre(
        "Jazz",
        ("{first} {last} Quartet", "{first} {last} Trio", "{first} {last}", "The {last} Sextet"),
        (
            "{first}'s Mood", "{night} in {place}", "Blues for {first}", "The {adjective} {noun}",
            "{adjective} Time", "Live at the {noun}", "{place} Sessions",
        ),
        ("Blue Lantern", "Vestibule", "Nordhafen Jazz"),
    ),
    Genre(
        "Rock",
        ("The {adjective} {plural}", "{adjective} {noun}", "{noun} & the {plural}", "The {plural}"),
        (
            "{verb} {plural}", "{adjective} {noun}", "{night}, {night}", "No {noun} in {place}",
            "{verb} the {noun}", "Songs from the {noun}",
        ),
        ("Crooked Mile", "Tin Roof Records", "Grand Union"),
    ),
    Genre(
        "Electronic",
        (
            "{syllable}{syllable}", "{machine} {number}", "{noun} {machine}",
            "{syllable}{syllable}{syllable}",
        ),
        (
            "{machine}", "{machine} {number}", "{adjective} {machine} EP", "{place} {number}",
            "{noun} Tapes",
        ),
        ("Gleisdreieck", "Raster & Kurve", "Modular Club"),
    ),
    Genre(
        "Classical",
        ("{first} {last}", "{place} {ensemble}", "{first} {last}, {place} {ensemble}"),
        (
            "{last}: {piece} No. {number}", "{piece} in {key}", "{last}: {piece} in {key}",
            "Late {last}",
        ),
        ("Concordia Classics", "Musica Alba", "Edition Tannwald"),
    ),
    Genre(
        "Soul",
        (
            "{first} {last}", "{first} & the {plural}", "The {adjective} {plural}",
            "{first} {last} Revue",
        ),
        (
            "{verb} You", "Sweet {night}", "{adjective} Love", "{first}, Come Home",
            "Tell It to the {noun}",
        ),
        ("Sunday Best Soul", "Marquee Sound"),
    ),
    Genre(
        "Folk",
        ("{first} {last}", "{first} and {first} {last}", "{place} Singers", "The {noun} Family"),
        (
            "The {noun} Song", "{verb} {night}", "Ballads of {place}", "{adjective} Fields",
            "From {place} to {place}",
        ),
        ("Hearth & Hollow", "Feldweg"),
    ),
    Genre(
        "Reggae",
        ("{first} {last}", "{adjective} Roots", "The {noun} Rockers", "{last} All Stars"),
        ("{noun} Dub", "{adjective} Version", "{place} Rock", "{first} in Dub", "{night} Riddim"),
        ("Palm Wine", "Echo Yard"),
    ),
    Genre(
        "Punk",
        ("The {plural}", "{adjective} {plural}", "{machine} Failure", "{noun} Ban"),
        (
            "{adjective} Now!", "No More {plural}", "{number} Songs", "{verb} Nothing",
            "Against the {noun}",
        ),
        ("Wrong Floor", "Kiosk Kaputt"),
    ),
    Genre(
        "Metal",
        ("{adjective} Tomb", "{syllable}{syllable}ath", "{noun} of Ruin", "{adjective} Throne"),
        ("{night} of the {plural}", "{noun} Eternal", "{adjective} Rites", "The {noun} Falls"),
        ("Iron Chapel", "Obsidian Works"),
    ),
    Genre(
        "Library Music",
        ("{first} {last}", "{last} & {last}", "{machine} Studio"),
        (
            "{adjective} Industry", "Underscores, Vol. {number}", "{noun} Themes",
            "Sports & {plural}",
        ),
        ("Teleton Library", "Panorama Tonträger"),
    ),
)  # fmt: skip

JAPANESE_LABELS = ("Asagiri", "Hoshi no Oto")
# Covers are lettered in Latin script, as the fonts that come with the libraries know no other.
JAPANESE_ARTISTS = {
    "青木ハルナ": "Haruna Aoki", "月面喫茶": "Getsumen Kissa", "東雲トリオ": "Shinonome Trio",
    "海辺の電話": "Umibe no Denwa", "三日月楽団": "Mikazuki Gakudan",
    "坂本レイコとネオン": "Reiko & Neon",
}  # fmt: skip
JAPANESE_TITLES = {
    "雨の環状線": "Ame no Kanjōsen", "真夜中の果実": "Mayonaka no Kajitsu", "遠い港": "Tōi Minato",
    "透明な朝": "Tōmei na Asa", "高速道路": "Kōsoku Dōro", "硝子の庭": "Garasu no Niwa",
    "最後の夏": "Saigo no Natsu", "冬の手紙": "Fuyu no Tegami", "波と煙": "Nami to Kemuri",
    "銀色の部屋": "Gin'iro no Heya", "踊る影": "Odoru Kage", "静かな革命": "Shizuka na Kakumei",
}  # fmt: skip


def invent(pattern: str, rng: Random) -> str:
    """Fill each {slot} of a pattern with a word; an all-syllable name gets its capital."""
    name = re.sub(r"\{(\w+)\}", lambda slot: rng.choice(WORDS[slot[1]]), pattern)
    return name[0].upper() + name[1:]


def romanised(text: str) -> str:
    """Return the text in ASCII: Japanese as it sounds, other letters without their accents."""
    sounded = JAPANESE_ARTISTS.get(text) or JAPANESE_TITLES.get(text) or text
    plain = sounded.translate(str.maketrans("øØłŁ", "oOlL"))
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
