"""What the names of files and folders tell: whose files they are, which album they show."""

from __future__ import annotations

import os
import re
import unicodedata
from contextlib import suppress
from pathlib import Path, PurePath

# What systems, file servers and archives leave among a user's files, lower case. What begins with
# a dot is theirs as well: ._NAME of macOS, .Trash-1000, .thumbnails.
NOT_THE_USERS = {
    *("@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot"),
    *("__macosx", "$recycle.bin", "recycler", "recycled", "system volume information"),
    *("lost+found", "network trash folder", "temporary items", "found.000"),
}
# Names that players and taggers give to the picture of the album whose folder it lies in.
_FRONT = (
    r"(album[ _.-]?)?(cover|front|folder|art|artwork|image|scan|jacket|sleeve|thumb|default)"
    r"([ _.-]?(art|front|cover|image|scan|large|small|full|hd))*"
    r"|album([ _.-]?(large|small))?|albumart(_\{[^}]*\})?[ _-]?(large|small)?"
)
FRONT = re.compile(rf"({_FRONT})", re.IGNORECASE)
# Of such a folder's other pictures: a number tells several apart, a word says what is shown.
NUMBERED = re.compile(
    rf"[\d ._-]*({_FRONT})[ ._-]*\(?\d+\)?|\d+[ ._-]+({_FRONT})"
    r"|(back|rear|inside|inlay|inner|booklet|tray|obi|spine|label|matrix|medium|disc|disk|cd|vinyl)"
    r"([ _.-]?(cover|side))?[ ._-]*([a-d]|\(?\d+\)?)?",
    re.IGNORECASE,
)
# Folders within an album's folder; some albums are called LP1, too.
DISC = re.compile(r"(cd|dis[ck])[ ._-]*(\d{1,2}|[a-d]|one|two|three|four)\b.*", re.IGNORECASE)
RECORD = re.compile(r"(lp|vinyl|side|record)[ ._-]*(\d{1,2}|[a-d])", re.IGNORECASE)
PICTURES = re.compile(r"artwork|covers?|scans?|images?|pictures?|booklet", re.IGNORECASE)


def is_the_users(name: str) -> bool:
    """Whether a file or folder is one that a person put there, as "...And Justice for All" is."""
    hidden = name.startswith(".") and not name.startswith("..")
    return not hidden and name.lower() not in NOT_THE_USERS


def same_spelling(path: str) -> str:
    """Return a path in the one form of Unicode (NFC): macOS writes é as two characters."""
    return unicodedata.normalize("NFC", path)


def album_of(path: PurePath, folder: PurePath) -> tuple[str | None, str]:
    """Return artist, if the folders name one, and title of what an image shows.

    An image below ARTIST/ALBUM that is called cover, folder or the like shows that album; any
    other is called what it shows.

    Args:
        path: Of the image, below folder.
        folder: Which was given to be imported; its own name is that of an album, at most.
    """
    stem = same_spelling(path.stem).strip()
    plain = FRONT.fullmatch(stem)
    if not plain and not NUMBERED.fullmatch(stem):
        return None, stem or path.name
    above = _album_folders([same_spelling(name) for name in path.relative_to(folder).parts[:-1]])
    if not above:
        own_name = _album_folders([same_spelling(folder.name)]) if plain else []
        return None, own_name[0] if own_name else stem
    artist = above[-2] if len(above) > 1 else None
    return artist, above[-1] if plain else f"{above[-1]} ({stem})"


def _album_folders(names: list[str]) -> list[str]:
    """Return the folders down to that of the album."""
    while names and (
        DISC.fullmatch(names[-1])
        or PICTURES.fullmatch(names[-1])
        or (len(names) > 2 and RECORD.fullmatch(names[-1]))
    ):
        names = names[:-1]
    return names


def tidy(path: Path) -> Path:
    """Return an absolute path without ``..``, which names one file in many ways."""
    plain = Path(os.path.normpath(path.absolute()))
    if _is_there(path) and not (_is_there(plain) and plain.samefile(path)):
        return path.resolve()  # the dots led out of a folder that is a link
    return plain


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except OSError:  # also a name that is too long, which exists() raises
        return False
    return True


class Finder:
    """Finds files by names in another spelling than the disk's, each folder listed once."""

    def __init__(self) -> None:
        self._listed: dict[Path, dict[str, str]] = {}

    def find(self, path: Path) -> Path:
        """Return the path as it is on the disk; as it is given if there is no such file.

        Two spellings of é, and blanks about a name, are no difference.
        """
        path = tidy(path)
        if _is_there(path):
            return path
        found = Path(path.anchor)
        for name in path.parts[1:]:
            found /= name if _is_there(found / name) else self._spelling(found, name)
        return found if _is_there(found) else path

    def _spelling(self, folder: Path, name: str) -> str:
        if folder not in self._listed:
            self._listed[folder] = {}
            with suppress(OSError):  # no folder, or none that this user may read
                for known in sorted(entry.name for entry in folder.iterdir()):
                    self._listed[folder][same_spelling(known).strip()] = known
        return self._listed[folder].get(same_spelling(name).strip(), name)
