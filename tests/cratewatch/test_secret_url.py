"""A URL of a service never shows its credentials, however they are written."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from cratewatch.secret_url import IN_JSON, REVEALED, PublicUrl, SecretUrl, reveal


class Holder(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    url: SecretUrl
    n: int = 0


@dataclass(frozen=True)
class Sent:
    url: Annotated[SecretUrl, IN_JSON]


CASES = [
    ("postgresql://watch:hush@db:5432/crates", "postgresql://watch:***@db:5432/crates"),
    ("postgresql+pg8000://watch:hush@db/crates", "postgresql+pg8000://watch:***@db/crates"),
    ("postgresql://watch@host:hush@db/crates", "postgresql://watch@host:***@db/crates"),
    ("postgresql://watch:a@hush@db/crates", "postgresql://watch:***@db/crates"),
    ("postgresql://watch:a/hush@db/crates", "postgresql://watch:***@db/crates"),
    ("postgresql://watch:a:hush@db/crates", "postgresql://watch:***@db/crates"),
    ("postgresql://watch:a#hush@db/crates", "postgresql://watch:***@db/crates"),
    ("postgresql://watch:a?hush@db/crates", "postgresql://watch:***@db/crates"),
    ("postgresql://watch:a?b=hush@db/crates", "postgresql://***"),
    ("postgresql://watch:a%40hush%2F@db/crates", "postgresql://watch:***@db/crates"),
    ("postgresql://:hush@db/crates", "postgresql://:***@db/crates"),
    ("postgresql://watch:hush", "postgresql://watch:***"),
    ("postgresql://watch:hush/crates", "postgresql://watch:***"),
    ("postgresql:///crates?host=/run/pg&password=hush", None),
    ("postgresql://db/crates?user=watch&password=hush&sslmode=require", None),
    ("postgresql://db/crates?sslmode=require&sslpassword=hush", None),
    ("postgresql://db/crates?password=a@hush", "postgresql://***"),
    ("postgresql://db:5432/crates?password=a@hush&sslmode=require", "postgresql://***"),
    ("postgresql://db/crates?password=a#hush", "postgresql://db/crates?password=***"),
    ("postgresql://db/crates?password=a/hush?x", "postgresql://db/crates?password=***"),
    ("postgresql://db/crates?sslmode=require#token=hush", None),
    ("postgresql://db/crates?x=1&hush", "postgresql://db/crates?x=***&***"),
    ("host=db user=watch password=hush", "***"),
    ("password = 'a hush'", "***"),
    ("watch:hush@db/crates", "***"),
    ("//watch:hush@db/crates", "***"),
    ("postgresql:/watch:hush@db/crates", "***"),
    ("http://root:hush@milvus:19530", "http://***@milvus:19530"),
    ("https://hush@cluster.zilliz.example", "https://***@cluster.zilliz.example"),
    ("http://root:a/hush@milvus:19530", "http://***@milvus:19530"),
    ("https://milvus:19530?token=hush", "https://milvus:19530?token=***"),
    ("https://milvus:19530/db?token=root:hush&db_name=crates", None),
    ("s3://KEY:hush@bucket/crates", "s3://***@bucket/crates"),
    ("sqlite:////home/me/catalog.db?password=hush", "sqlite:////home/me/catalog.db?password=***"),
]
PLAIN = [
    "",
    "nonsense",
    "/home/me@work/a=b/gallery.db",
    "sqlite:////home/me@work:1/shop?a/50%/#b/catalog.db",
    "sqlite:///catalog.db",
    "postgresql://db:5432/crates?sslmode=verify-full&connect_timeout=3&host=/run/pg",
    "postgresql://[::1]:5432/crates",
    "postgresql://watch@db/crates",
    "http://milvus:19530/crates",
    "https://store.example",
]


def all_forms(url: SecretUrl) -> list[str]:
    holder = Holder(url=url)
    with pytest.raises(ValidationError) as refused:
        Holder(url=url, n="hush?")  # type: ignore[arg-type]
    return [
        str(url),
        repr(url),
        f"{url}",
        "%s" % url,  # noqa: UP031
        str([url]),
        json.dumps({"url": url}, default=str),
        str(holder),
        str(holder.model_dump()),
        holder.model_dump_json(),
        str(Sent(url)),
        TypeAdapter(Sent).dump_json(Sent(url)).decode(),
        str(refused.value),
    ]


@pytest.mark.parametrize(("text", "shown"), CASES)
def test_credentials_are_hidden_in_every_form(text: str, shown: str | None) -> None:
    url = SecretUrl(text)
    assert url.hides
    assert not [form for form in all_forms(url) if "hush" in form]
    if shown is not None:
        assert str(url) == shown


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_secret_is_shown_as_it_is(text: str) -> None:
    assert str(SecretUrl(text)) == text
    assert not SecretUrl(text).hides
    assert bool(SecretUrl(text)) == bool(text)


def test_parameters_that_do_no_harm_stay() -> None:
    url = SecretUrl("postgresql://db/crates?sslmode=require&password=hush&host=h")
    assert str(url) == "postgresql://db/crates?sslmode=require&password=***&host=h"


def test_it_is_revealed_on_demand_only() -> None:
    url = SecretUrl("postgresql://watch:hush@db/crates")
    assert reveal(url) == reveal(reveal(url)) == "postgresql://watch:hush@db/crates"
    adapter = TypeAdapter(Sent)
    assert adapter.validate_json(adapter.dump_json(Sent(url), context=REVEALED)) == Sent(url)
    assert pickle.loads(pickle.dumps(url)) == url


@pytest.mark.parametrize(
    ("text", "said", "shown"),
    [
        ("postgresql://u:hush@db/x", "bad hush, worse", "bad ***, worse"),
        ("postgresql://u:a@hush@db/x", "no host hush@db", "no host ***@db"),
        ("postgresql://u:a:hush@db/x", "invalid literal: 'hush@db'", "invalid literal: '***@db'"),
        ("postgresql://u:a%40hush@db/x", "no user with a@hush", "no user with ***"),
        (
            "postgresql://u:hush",
            "invalid literal for int(): 'hush'",
            "invalid literal for int(): '***'",
        ),
        ("postgresql://h/x?password=a+hush", "what is a hush?", "what is ***?"),
        (
            "http://root:hush@m:1",
            "cannot reach http://root:hush@m:1",
            "cannot reach http://***@m:1",
        ),
        ("http://root:hush@m:1", "wrong: hush", "wrong: ***"),
        ("http://m:1", "no Milvus at http://m:1", "no Milvus at http://m:1"),
    ],
)
def test_credentials_are_hidden_in_what_drivers_say(text: str, said: str, shown: str) -> None:
    assert SecretUrl(text).hidden_in(ValueError(said)) == shown


PASSWORDS = st.text(st.sampled_from("aZ0@/:?#&=%+ .-_~[]'\"\\é"), min_size=1, max_size=12)


@given(PASSWORDS)
def test_no_password_is_shown_whatever_is_in_it(password: str) -> None:
    secret = f"S3cr3t{password}S3cr3t"
    for text in (
        f"postgresql://watch:{secret}@db:5432/crates?sslmode=require",
        f"postgresql://watch:{secret}@db",
        f"http://root:{secret}@milvus:19530",
        f"http://{secret}@milvus:19530",
    ):
        assert "S3cr3t" not in str(SecretUrl(text)), text


@given(st.text(st.sampled_from("aZ0@/:?#=%+ .-_~[]'\"\\é"), min_size=1, max_size=12))
def test_no_parameter_is_shown_whatever_is_in_it(password: str) -> None:
    secret = f"S3cr3t{password}S3cr3t"
    for text in (
        f"postgresql://db:5432/crates?password={secret}&sslmode=require",
        f"postgresql://watch@db/crates?sslmode=require&sslpassword={secret}",
        f"http://milvus:19530?token={secret}",
    ):
        assert "S3cr3t" not in str(SecretUrl(text)), text


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("", True),
        ("me@example.org", True),
        ("https://mastodon.example/@me", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000/shop", True),
        ("ray://head:10001", True),
        ("s3://arn:aws:s3:eu:1:accesspoint:a/crates", True),
        ("https://me:hush@shop.example", False),
        ("https://hush@shop.example/a", False),
        ("https://me:a/hush@shop.example", False),
        ("s3://KEY:hush@bucket", False),
    ],
)
def test_what_has_no_place_for_credentials_refuses_them(url: str, good: bool) -> None:
    adapter = TypeAdapter(PublicUrl)
    if good:
        assert adapter.validate_python(url) == url
        return
    with pytest.raises(ValidationError) as error:
        adapter.validate_python(url)
    assert "hush" not in error.value.errors()[0]["msg"]
