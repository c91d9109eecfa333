"""URLs of services, which may hold passwords and tokens: they show themselves without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import unquote_plus

from pydantic import AfterValidator, PlainSerializer, Secret, SecretStr, SerializationInfo

HIDDEN = "***"
REVEALED = {"revealed": True}
"""Context of a dump to JSON that is for a child's standard input, not for a log."""

_PARAMETERS = re.compile(r"[?#](?=[\w.-]+=)")
_PARAMETER = re.compile(r"(?P<name>[\w.-]+=)(?P<value>.*)", re.DOTALL)
_HARMLESS = re.compile(
    r"(host|port|user|dbname|sslmode|application_name|(connect_)?timeout)=[\w./:,-]*", re.ASCII
)
_DELIMITERS = re.compile(r"[@/:?#&=\s]")
_PORT_TO_CALL = re.compile(r"(\[[^\]@]*\]|[^:@]*)(:\d*)?", re.ASCII)


class SecretUrl(Secret[str]):
    """A URL that may hold credentials, or a file's path in the place of one.

    str(), repr(), JSON and whatever formats it show it without them; reveal() gives all of it to
    the function that connects. A password ends at the last @ before the parameters; where that
    leaves a doubt, more is hidden than need be.
    """

    def __bool__(self) -> bool:
        return bool(self._secret_value)

    def _display(self) -> str:
        return "".join(HIDDEN if secret else text for text, secret in _pieces(self._secret_value))

    @property
    def hides(self) -> bool:
        """Whether it holds anything that is not shown."""
        return any(secret for _, secret in _pieces(self._secret_value))

    def hidden_in(self, said: object) -> str:
        """Return what a driver says, without the credentials and without any part of them.

        A driver that meets an @ or a slash in a password takes the rest for a host or a port.
        """
        secrets = {text for text, secret in _pieces(self._secret_value) if secret}
        secrets |= {unquote_plus(secret) for secret in secrets}
        secrets |= {part for secret in secrets for part in _DELIMITERS.split(secret)}
        longest_first = sorted(secrets - {""}, key=len, reverse=True)
        words = [rf"(?<!\w){re.escape(secret)}(?!\w)" for secret in longest_first]
        return re.sub("|".join(words), HIDDEN, str(said)) if words else str(said)


def reveal(secret: SecretUrl | SecretStr | str) -> str:
    """Return what is hidden, for the one call that needs it."""
    return secret if isinstance(secret, str) else secret.get_secret_value()


def _told(secret: SecretUrl | SecretStr, info: SerializationInfo) -> str:
    return secret.get_secret_value() if info.context == REVEALED else str(secret)


IN_JSON = PlainSerializer(_told, when_used="json")
"""Of a field that another process needs: plain in a dump with the context REVEALED alone."""


def _without_credentials(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    if "@" in host or (scheme.startswith("http") and not _PORT_TO_CALL.fullmatch(host)):
        raise ValueError("it holds a user name, a password or an odd port; leave them out")
    return url


PublicUrl = Annotated[str, AfterValidator(_without_credentials)]
"""A URL, or what stands for one, that is shown as it is: credentials in it would go nowhere."""


def _pieces(url: str) -> Iterator[tuple[str, bool]]:
    """Cut a URL into what may be shown, and what may not (True)."""
    scheme, mark, rest = url.partition("://")
    if not mark:  # a path, or a URL that was begun wrong
        is_path = url.startswith("/") and not url.startswith("//")
        yield url, not is_path and any(sign in url for sign in "@=")
        return
    yield scheme + mark, False
    found = _PARAMETERS.search(rest)
    address, parameters = (rest[: found.start()], rest[found.start() :]) if found else (rest, "")
    if "@" in parameters:  # of a value, or the end of a password with ?a=b in it
        yield rest, True
        return
    yield from _address(scheme, address)
    yield from _values(parameters)


def _address(scheme: str, address: str) -> Iterator[tuple[str, bool]]:
    """Cut ``user:password@host:port/path``; PostgreSQL's users are named in its messages, too."""
    credentials, at, place = address.rpartition("@")
    if scheme == "sqlite" and address.startswith("/"):
        yield address, False
    elif at:
        user, colon, password = credentials.partition(":")
        shown = user + colon if scheme.startswith("postgres") else ""
        yield shown, False
        if hidden := password if shown else credentials:
            yield hidden, True
        yield at + place, False
    else:
        yield from _host(address)


def _host(address: str) -> Iterator[tuple[str, bool]]:
    """Cut ``host:port/path``; what is no port may be a password whose host is missing."""
    host, colon, _ = address.partition(":")
    if not colon or _PORT_TO_CALL.fullmatch(address.partition("/")[0]):
        yield address, False
    else:
        yield host + colon, False
        yield address.removeprefix(host + colon), True


def _values(parameters: str) -> Iterator[tuple[str, bool]]:
    """Cut ``?name=value&name=value``; only of some names the value is known to be harmless."""
    for pair in re.split("(?=&)", parameters):
        sign, rest = pair[:1], pair[1:]
        named = _PARAMETER.fullmatch(rest)
        if _HARMLESS.fullmatch(rest) or not rest:
            yield pair, False
        elif named is None:
            yield sign, False
            yield rest, True
        else:
            yield sign + named["name"], False
            yield named["value"], True
