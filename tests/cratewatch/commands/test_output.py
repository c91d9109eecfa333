"""What comes from outside is shown as it is, and speaks to no terminal."""

import pytest
import typer

from cratewatch.catalog.records import Release
from cratewatch.commands.boundary import run_command
from cratewatch.commands.options import AsJson
from cratewatch.commands.output import out, show, show_answer
from cratewatch.commands.tables import PlainTable, failures_table
from cratewatch.errors import CratewatchError

ODD = ("AC[/]DC", "Album [red vinyl]", "[bold]Loud", ":smile: Sunny", "[link=http://x]Click[/link]")


def answer(**release):
    offered = {"price": "9.00", "currency": "EUR", **release}
    match = {"score": 0.9, "path_or_url": "http://s/[1].jpg", "releases": [offered]}
    told = {"known": True, "probability": 0.971, "verdict": "sure", "notes": []}
    return {"query": "crop.jpg", **told, "matches": [match]}


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setattr(out, "_width", 200)


@pytest.mark.parametrize("text", ODD)
def test_an_answer_shows_names_as_the_shop_writes_them(text, capsys):
    show_answer(answer(artist=text, title=text), as_json=False)
    printed = capsys.readouterr().out
    assert printed.count(text) == 2
    assert "http://s/[1].jpg" in printed


@pytest.mark.parametrize("text", ODD)
def test_reports_and_failures_do_too(text, capsys):
    example = {"source": "shop", "kind": "page", "key": text, "attempts": 1, "detail": text}
    failures = {"no_title": {"count": 1, "examples": [example]}}
    show(failures, False, [failures_table(failures)])
    show({"last": {"error": text}}, False)
    assert capsys.readouterr().out.count(text) == 3


def test_nothing_speaks_to_the_terminal(capsys, tmp_path):
    loud = "\x1b]0;owned\x07\x1b[31mred\x9b31m\u202egnp.exe"
    show_answer(answer(artist=loud) | {"query": loud}, as_json=False)
    show_answer({"query": loud, "error": f"missing: {loud}"}, as_json=False)

    def fail(**_: object) -> None:
        raise CratewatchError(f"{loud}: no such file")

    assert run_command(fail, []) == 1  # type: ignore[arg-type]
    printed = "".join(capsys.readouterr())
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(printed)
    assert "red" in printed


def test_what_is_stored_speaks_to_no_terminal():
    release = Release(source="s", native_id="1", title="A\x1b[2J\tB\x07", genres=("\x1bJazz",))
    assert (release.title, release.genres) == ("A[2J\tB", ("Jazz",))


def test_a_narrow_terminal_shows_whole_addresses(monkeypatch, capsys):
    monkeypatch.setattr(out, "_width", 40)
    found = answer(artist="Ana", title="Dusk")
    found["matches"][0]["path_or_url"] = url = f"https://shop.example/{'long' * 20}.jpg"
    show_answer(found, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "crop.jpg",
        "  0.900  Ana · Dusk · 9.00 EUR",
        f"         {url}",
        "  sure: 97% likely to be the first",
    ]


@pytest.mark.parametrize("width", [40, 80, 120, 300])
def test_no_table_cuts_a_path_or_an_address(width, monkeypatch, capsys):
    monkeypatch.setattr(out, "_width", width)
    url = f"https://shop.example/{'long' * 20}.jpg"
    example = {"source": "shop", "kind": "page", "key": url, "attempts": 1, "detail": "http_404"}
    failures = {"http_404": {"count": 1, "examples": [example]}}
    show(failures, False, [failures_table(failures)])
    show({"folder": url}, False)
    found = answer(artist="Ana")
    found["matches"][0]["path_or_url"] = url
    show_answer(found, as_json=False)
    assert capsys.readouterr().out.count(url) == 3


def test_a_table_with_room_for_its_words_cuts_no_id(monkeypatch, capsys):
    monkeypatch.setattr(out, "_width", 60)
    table = PlainTable("release_id", "artist", "title")
    table.add_row("corner-shop:ds10021", "Sequenz Failure and Friends", "Against the Junction")
    show({}, False, [table])
    assert "corner-shop:ds10021" in capsys.readouterr().out


def test_notes_stand_beside_an_answer(capsys):
    show_answer(answer() | {"notes": ["it has several frames"]}, as_json=False)
    assert capsys.readouterr().err == "crop.jpg: it has several frames\n"


def test_machines_read_nothing_but_json(capsys):
    app = typer.Typer()

    @app.command()
    def work(json_: AsJson = False) -> None:
        print("a library's own words")
        out.print("prose")
        show({"n": 1}, json_)

    assert run_command(app, ["--json"]) == 0
    printed = capsys.readouterr()
    assert printed.out == '{"n": 1}\n'
    assert printed.err == "a library's own words\nprose\n"
    assert run_command(app, []) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("a library's own words\nprose\n")
    assert printed.err == ""
