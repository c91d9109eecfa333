from pathlib import PurePath

import pytest

from cratewatch.sources.folder.names import album_of, is_the_users


@pytest.mark.parametrize(
    ("path", "artist", "title"),
    [
        ("Ana Vey/Blue Hour/cover.jpg", "Ana Vey", "Blue Hour"),
        ("Ana Vey/Slow Rain (1973)/folder.jpg", "Ana Vey", "Slow Rain (1973)"),
        ("Ana Vey/Left Bank/CD1/cover.jpg", "Ana Vey", "Left Bank"),
        ("Ana Vey/Left Bank/Disc 2 - Live/Front.JPG", "Ana Vey", "Left Bank"),
        ("Ana Vey/Left Bank/Artwork/front cover.png", "Ana Vey", "Left Bank"),
        ("Ana Vey/Left Bank/LP 2/Scans/album.jpg", "Ana Vey", "Left Bank"),
        ("FKA twigs/LP1/cover.jpg", "FKA twigs", "LP1"),
        ("Traveling Wilburys/Vol. 3/cover.jpg", "Traveling Wilburys", "Vol. 3"),
        ("J/Ana Vey/Blue Hour/AlbumArtSmall.jpg", "Ana Vey", "Blue Hour"),
        (
            "Ana Vey/Blue Hour/AlbumArt_{5FA05D35-A682-4AF6-96F7-0773E42D4D16}_Large.jpg",
            "Ana Vey",
            "Blue Hour",
        ),
        ("Ana Vey/Blue Hour/back.jpg", "Ana Vey", "Blue Hour (back)"),
        ("Ana Vey/Blue Hour/cover (2).jpg", "Ana Vey", "Blue Hour (cover (2))"),
        ("Ana Vey/Blue Hour/01-cover.jpg", "Ana Vey", "Blue Hour (01-cover)"),
        ("Ana Vey/Blue Hour/Something Else.jpg", None, "Something Else"),
        ("Ana Vey/Back in Black.jpg", None, "Back in Black"),
        ("Blue Hour/cover.jpg", None, "Blue Hour"),
        ("cover-01.jpg", None, "cover-01"),
        ("cover.jpg", None, "cover"),
        ("CD1/cover.jpg", None, "cover"),
        ("Blue Hour.jpg", None, "Blue Hour"),
        ("Cafe\u0301/cover.jpg", None, "Caf\u00e9"),
        (" .jpg", None, " .jpg"),
    ],
)
def test_albums(path: str, artist: str | None, title: str) -> None:
    folder = PurePath("/music/covers")
    assert album_of(folder / path, folder) == (artist, title)


@pytest.mark.parametrize("path", ["cover.jpg", "CD1/folder.jpg"])
def test_the_folder_itself_may_be_the_album(path: str) -> None:
    folder = PurePath("/music/Blue Hour")
    assert album_of(folder / path, folder) == (None, "Blue Hour")


@pytest.mark.parametrize("name", ["$Recycle.Bin", "RECYCLER", "#Snapshot", ".AppleDouble", "._a"])
def test_what_is_not_the_users(name: str) -> None:
    assert not is_the_users(name)


@pytest.mark.parametrize("name", ["Recycle", "@home", "#1 Record", "...And Justice.jpg"])
def test_what_may_be_the_users(name: str) -> None:
    assert is_the_users(name)
