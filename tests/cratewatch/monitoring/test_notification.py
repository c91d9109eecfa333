"""Messages by apprise and pings, to a service on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr, ValidationError

from cratewatch.monitoring.notification import Event, addresses, body, ping, send, subject, try_all
from cratewatch.notify import Notify
from tests.listener import Listener, listening

EVENTS = (
    Event("shop", "failed", "deadline", "shop: not every listing page could be read"),
    Event("rare-grooves", "refused", "would withdraw 61 %"),
    Event("label", "recovered"),
)


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as heard:
        yield heard


def to(*urls: str, ping_url: str = "") -> Notify:
    return Notify(urls=tuple(map(SecretStr, urls)), ping_url=SecretStr(ping_url))


def test_the_subject_names_sources_and_why() -> None:
    assert subject(EVENTS) == (
        "cratewatch: shop failed (deadline), rare-grooves refused (would withdraw 61 %), "
        "label recovered"
    )
    assert body(EVENTS[:1], "/srv/shop") == (
        "shop failed (deadline): shop: not every listing page could be read\n\nHome: /srv/shop"
    )


def test_a_message_goes_to_each_address_whatever_becomes_of_the_others(listener: Listener) -> None:
    here = f"json://user:s3cret@127.0.0.1:{listener.port}/hook"
    sent = send(to("json://127.0.0.1:1/", "nonsense", here), "a title", "a text")
    assert [delivery.error is None for delivery in sent] == [False, False, True]
    assert sent[1].to == "notify.urls[1]"
    assert "s3cret" not in "".join(f"{delivery.to}{delivery.error}" for delivery in sent)
    assert "127.0.0.1" in sent[2].to
    (message,) = listener.messages
    assert (message["title"], message["message"]) == ("a title", "a text")
    assert message["type"] == "failure"
    send(to(here), "a title", "a text", good=True)
    assert listener.messages[1]["type"] == "success"


def test_a_service_that_refuses_is_told(listener: Listener) -> None:
    listener.answer = 500
    (sent,) = send(to(f"json://127.0.0.1:{listener.port}/"), "a title", "a text")
    assert sent.error


def test_addresses_are_shown_without_their_secrets() -> None:
    (mail, wrong) = addresses(to("mailto://me:s3cret@example.org", "nonsense"))
    assert "example.org" in mail
    assert "s3cret" not in mail
    assert wrong == "notify.urls[1], which apprise cannot read"


def test_the_path_of_a_webhook_is_a_secret(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    listener.answer = 500
    hook = f"json://127.0.0.1:{listener.port}/t0ken/s3cret?key=k3y"
    assert addresses(to(hook)) == [f"json://127.0.0.1:{listener.port}"]
    switch = f"http://127.0.0.1:{listener.port}/s3cret"
    notify = to(hook, "slack://T1JJ3T3L2/A1BRTD4JD/s3cretTIiajkdnlazkcOXrIdevi7FQ", ping_url=switch)
    told = [*addresses(notify), *map(str, try_all(to(hook, ping_url=switch), "a", "b"))]
    assert told[2] == "ping_url at 127.0.0.1"
    assert not [secret for secret in ("t0ken", "s3cret", "k3y") if secret in f"{told}{caplog.text}"]


def test_a_dead_mans_switch_hears_begin_end_and_failure(listener: Listener) -> None:
    notify = to(ping_url=f"http://127.0.0.1:{listener.port}/uuid?rid=7")
    assert [ping(notify, "start"), ping(notify, "success"), ping(notify, "fail", "why")] == [
        None
    ] * 3
    assert [tried.error for tried in try_all(notify, "a title", "a test")] == [None]
    assert listener.heard == [
        ("GET", "/uuid/start?rid=7", ""),
        ("GET", "/uuid?rid=7", ""),
        ("POST", "/uuid/fail?rid=7", "why"),
        ("POST", "/uuid/log?rid=7", "a test"),
    ]
    listener.answer = 404
    assert ping(notify, "start") == "ping_url at 127.0.0.1: it answered 404"


def test_without_an_address_nothing_is_sent_and_a_dead_one_is_said() -> None:
    assert send(Notify(), "a title", "a text") == []
    assert ping(Notify(), "start") is None
    said = ping(to(ping_url="http://127.0.0.1:1/a-secret"), "start")
    assert said == "ping_url at 127.0.0.1: ConnectError; check the address"


def test_settings_show_no_secret_and_know_the_events() -> None:
    notify = to("mailto://me:s3cret@example.org", ping_url="https://hc.example/s3cret")
    assert "s3cret" not in repr(notify)
    with pytest.raises(ValidationError, match="failed"):
        Notify.model_validate({"events": ["fialed"]})
