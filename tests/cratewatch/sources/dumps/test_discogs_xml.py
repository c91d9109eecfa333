import pytest

from cratewatch.catalog.entities import Entity
from cratewatch.catalog.records import Release
from cratewatch.sources.dumps.blocks import read_blocks
from cratewatch.sources.dumps.discogs_xml import BadRecordError, parse, release_of
from cratewatch.sources.dumps.entities_xml import entity_of
from cratewatch.sources.dumps.selection import Selection
from cratewatch.sources.dumps.splitting import Kind, split
from tests.conftest import SHARED_DATA
from tests.cratewatch.sources.dumps.made_dumps import release

MONTH = SHARED_DATA / "fixtures/discogs/dump_samples/discogs_20200806_releases.xml.gz"
ALL = Selection()


def read(text: str, selection: Selection = ALL) -> Release | None:
    root, _ = parse("release", text.encode().removeprefix(b"<release "))
    return release_of(root, "dg", selection)


def test_a_release_is_read() -> None:
    assert read(release(7, "Blue &amp; Gr&#252;n")) == Release(
        source="dg",
        native_id="7",
        title="Blue & Grün",
        artist="The Persuader, Ray",
        year=1999,
        label="Other",
        barcode="7961220922684",
        country="Sweden",
        format="2xVinyl",
        genres=("Electronic", "Techno"),
        page_url="https://www.discogs.com/release/7",
    )


def test_of_several_labels_the_wanted_one_is_named() -> None:
    found = read(release(7), Selection(labels=["SVEK"]))
    assert found is not None
    assert (found.label, found.catno) == ("Svek", "SK7")


@pytest.mark.parametrize(
    ("labels", "formats", "is_wanted"),
    [
        ((), (), True),
        (("svek",), ("vinyl",), True),
        (("Svek", "Blue Note"), (), True),
        (("Sve",), (), False),
        ((), ("CD", "Cassette"), False),
        (("Svek",), ("CD",), False),
    ],
)
def test_what_a_shop_wants(
    labels: tuple[str, ...], formats: tuple[str, ...], is_wanted: bool
) -> None:
    selection = Selection(labels, formats)
    assert (read(release(7), selection) is not None) == is_wanted
    assert selection.may_want(release(7).encode()) >= is_wanted


def test_a_label_may_be_named_with_the_number_that_tells_it_apart() -> None:
    one = release(7, label="Prestige (2)")
    assert read(one, Selection(["Prestige"])) is not None
    assert read(one, Selection(["Prestige (2)"])) is not None
    assert read(one, Selection(["Prestige (3)"])) is None
    assert read(one, Selection(["Prestige"])).label == "Prestige"


def test_a_name_that_xml_writes_otherwise_is_found() -> None:
    selection = Selection(["Köln & Co"])
    one = release(7, label="K&#246;ln &amp; Co")
    assert selection.may_want(one.encode())
    assert read(one, selection) is not None


@pytest.mark.parametrize("bad", [b"\x00", b"\x1b", b"\xff\xfe", b"\x0b"])
def test_bytes_that_no_xml_may_hold_are_left_out(bad: bytes) -> None:
    text = release(7, "Tit@le").encode().replace(b"@", bad).removeprefix(b"<release ")
    root, was_mended = parse("release", text)
    assert was_mended
    assert release_of(root, "dg", ALL).title.replace("\ufffd", "") == "Title"


def test_damage_in_what_is_not_read_costs_nothing() -> None:
    text = release(7).replace("Good &#246;ld", "Good < \x01 & old")
    assert read(text).title == "Title 7"


def test_what_is_no_xml_at_all_is_refused_with_its_reason() -> None:
    with pytest.raises(BadRecordError, match="tag mismatch"):
        read(release(7).replace("</artists>", ""))
    with pytest.raises(BadRecordError, match="no title"):
        read(release(7).replace("<title>Title 7</title>", ""))


@pytest.mark.skipif(not MONTH.exists(), reason="needs the shared excerpt of a real dump")
def test_every_release_of_a_real_month_is_read() -> None:
    found = [parse("release", record.data) for record in split("release", read_blocks(MONTH))]
    releases = [release_of(root, "dg", ALL) for root, _ in found]
    assert len(releases) == 1000
    assert not any(was_mended for _, was_mended in found)
    first = releases[0]
    assert (first.artist, first.title, first.catno, first.format, first.year) == (
        "The Persuader",
        "Stockholm",
        "SK032",
        "2xVinyl",
        1999,
    )
    assert sum(bool(release.catno) for release in releases) > 850


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (
            "label",
            "<label><id>6</id><name>Goldhead</name><parentLabel id='5'>Svek</parentLabel></label>",
            Entity(kind="label", native_id=6, name="Goldhead", belongs_to=5),
        ),
        (
            "label",
            "<label><id>8</id><profile>nobody knows its name</profile></label>",
            Entity(kind="label", native_id=8, name="8"),
        ),
        (
            "artist",
            "<artist><images/><id>1</id><name>A</name><namevariations><name>B</name><name>C</name>"
            "</namevariations><aliases><name id='3'>D</name></aliases></artist>",
            Entity(kind="artist", native_id=1, name="A", other_names=("B", "C")),
        ),
        (
            "master",
            '<master id="18"><main_release>55</main_release><year>2001</year><title>New</title>'
            "</master>",
            Entity(kind="master", native_id=18, name="New", belongs_to=55, year=2001),
        ),
    ],
)
def test_masters_artists_and_labels(kind: str, text: str, expected: Entity) -> None:
    start = f"<{kind} " if kind == "master" else f"<{kind}>"
    root, _ = parse(kind, text.removeprefix(start).encode())
    assert entity_of(kind, root) == expected


@pytest.mark.skipif(not MONTH.exists(), reason="needs the shared excerpts of a real dump")
@pytest.mark.parametrize(("kind", "n"), [("label", 1000), ("artist", 1000), ("master", 1000)])
def test_every_record_of_a_real_month_is_read(kind: Kind, n: int) -> None:
    file = MONTH.with_name(f"discogs_20200806_{kind}s.xml.gz")
    found = [
        entity_of(kind, parse(kind, record.data)[0]) for record in split(kind, read_blocks(file))
    ]
    assert len(found) == len({entity.native_id for entity in found}) == n
    assert all(entity.name for entity in found)
