from datetime import timedelta

import pytest

from cratewatch.catalog.catalog import Catalog
from cratewatch.errors import CratewatchError, NotFoundError


def test_a_key_opens_until_it_is_revoked(catalog: Catalog) -> None:
    assert not catalog.keys.any()
    text = catalog.keys.add("till", ("identify", "catalog"), 60)
    found = catalog.keys.find(text)
    assert found is not None
    assert (found.name, found.scopes, found.rate_per_min) == ("till", ("identify", "catalog"), 60)
    with pytest.raises(CratewatchError, match="'till' is there"):
        catalog.keys.add("till", ())
    assert catalog.keys.revoke("till").key_id == found.key_id
    assert catalog.keys.find(text) is None
    assert catalog.keys.any()
    assert [key.revoked_at is None for key in catalog.keys.all()] == [False]
    with pytest.raises(NotFoundError, match="no valid key is called 'till'"):
        catalog.keys.revoke("till")
    assert catalog.keys.add("till", ()) != text


def test_what_is_no_key_opens_nothing(catalog: Catalog) -> None:
    text = catalog.keys.add("till", ())
    other = catalog.keys.add("phone", ())
    swapped = text[:16] + other[16:]
    for wrong in ("", "cw_", text[:-1], text + "x", swapped, "cw_000000000000_" + text[16:], "\0"):
        assert catalog.keys.find(wrong) is None
    for name in ("", " ", "x" * 65):
        with pytest.raises(CratewatchError, match="1 to 64 characters"):
            catalog.keys.add(name, ())


HOUR = timedelta(hours=1)


def test_a_session_ends_by_itself_by_hand_and_with_its_key(catalog: Catalog) -> None:
    text = catalog.keys.add("page", ("identify",))
    key = catalog.keys.find(text)
    assert key is not None
    tokens = [catalog.keys.open_session(key, timedelta(hours=hours)) for hours in (1, 1, -1)]
    opened = [catalog.keys.of_session(token, HOUR) for token in tokens]
    assert [one is None for one in opened] == [False, False, True]
    catalog.keys.end_session(tokens[0])
    assert catalog.keys.of_session(tokens[0], HOUR) is None
    assert catalog.keys.of_session(text, HOUR) is None
    catalog.keys.revoke(key.key_id)
    assert catalog.keys.of_session(tokens[1], HOUR) is None
