"""Text files of shops in the encoding that they really have."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([\w.:-]+)["']""")


def decode(data: bytes) -> str:
    """Return the text, in the encoding that its first bytes tell of; UTF-8 if they do not."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace").lstrip("\ufeff")
    start = data[:4]
    if start[1::2] == b"\0\0" and start[:1] != b"\0":
        return data.decode("utf-16-le", errors="replace")
    if start[::2] == b"\0\0" and start[1:2] != b"\0":
        return data.decode("utf-16-be", errors="replace")
    declared = _DECLARED.match(data[:200])
    encoding = declared[1].decode() if declared else "utf-8"
    if encoding.lower().startswith(("utf-16", "utf-32")):
        encoding = "utf-8"  # one letter follows the other: it is none of them
    try:
        return data.decode(encoding, errors="replace")
    except (LookupError, ValueError):  # no encoding, or one for other things than text
        return data.decode(errors="replace")
