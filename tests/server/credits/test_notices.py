"""Notices: written once for a cause, mailed in the person's language through a real mail server."""

from __future__ import annotations

import email
import email.policy
import re
import socket
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from aiosmtpd.controller import Controller
from django.test import Client, override_settings

from offcut.errors import OptionError
from offcut.server.accounts.models import Membership, Person, Team
from offcut.server.accounts.roles import Role
from offcut.server.credits import causes, ledger
from offcut.server.credits.notices import delivery, outbox
from offcut.server.credits.notices.kinds import NoticeKind
from offcut.server.credits.notices.models import Delivery, DeliveryState, Notice
from offcut.server.credits.rules import Source

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
ENDS = NOW + 30 * DAY
DATA = {
    NoticeKind.PERIOD_THRESHOLD: {"spent_amount": 16_000, "left_amount": 3_975},
    NoticeKind.SUBSCRIPTION_USED_UP: {"left_amount": 7_500},
    NoticeKind.EVERYTHING_USED_UP: {},
    NoticeKind.RENEWED: {"granted_amount": 20_000, "kept_amount": 1_225, "ends_at": ENDS},
    NoticeKind.ROLLOVER_CUT: {"cut_amount": 4_000, "kept_amount": 100_000},
    NoticeKind.LOT_EXPIRING: {"left_amount": 1_250, "ends_at": ENDS},
    NoticeKind.PAYMENT_FAILED: {"plan": "200 a month", "price": "39.00 USD", "ends_at": ENDS},
}
LANGUAGES = ("en", "es", "de", "fr")


@pytest.fixture
def alice(team: Team) -> Person:
    person = Person.objects.create_user("alice@example.org", None, name="Alice")
    Membership.objects.create(team=team, person=person, role=Role.OWNER)
    return person


class Inbox:
    """What a real mail server took in. `refuse_next` says how many mails it turns away first."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.refuse_next = 0

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802
        if self.refuse_next:
            self.refuse_next -= 1
            return "451 busy, come back later"
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Inbox()
    server = Controller(found, hostname="127.0.0.1", port=port)
    server.start()
    backend = "django.core.mail.backends.smtp.EmailBackend"
    with override_settings(
        EMAIL_BACKEND=backend, EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, EMAIL_USE_TLS=False
    ):
        yield found
    server.stop()


class Text(HTMLParser):
    """The words of a page, and its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, _tag: str, attributes: list) -> None:
        self.links += [value for name, value in attributes if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data.split()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", NoticeKind)
def test_each_kind_arrives_in_each_language(
    team: Team, alice: Person, inbox: Inbox, kind: NoticeKind, language: str
) -> None:
    Person.objects.filter(pk=alice.pk).update(language=language)
    outbox.write(team.pk, kind, "cause", NOW, **DATA[kind])
    assert delivery.deliver_due(NOW) == 1
    (mail,) = inbox.mails
    text = mail.get_body(("plain",)).get_content()
    page = Text(mail.get_body(("html",)).get_content())
    assert mail["To"] == "alice@example.org"
    assert "{" not in text + mail["Subject"]
    assert team.name in text
    for paragraph in text.split("\n\n")[1:-1]:
        assert [word for word in paragraph.split() if not word.startswith("http")] != []
        if "http" not in paragraph:
            assert " ".join(paragraph.split()) in " ".join(page.words)
    decimal = "." if language == "en" else ","
    if kind == NoticeKind.PERIOD_THRESHOLD:
        assert f"39{decimal}75" in text
    can_stop = kind != NoticeKind.PAYMENT_FAILED
    assert any("switch-off" in link for link in page.links) == can_stop
    assert ("List-Unsubscribe" in mail) == can_stop


def test_every_language_has_the_same_kinds_and_the_same_blanks() -> None:
    folder = files("offcut.server.credits.notices") / "words"
    words = {
        language: tomllib.loads((folder / f"{language}.toml").read_text("utf-8")) for language in LANGUAGES
    }
    assert set(words["en"]) == {"all", *NoticeKind.values}

    def blanks(language: str, kind: str) -> set[str]:
        table = words[language][kind]
        texts = [table["subject"], *table["text"]] if kind != "all" else table.values()
        return set(re.findall(r"{(\w+)}", " ".join(texts)))

    for language in LANGUAGES:
        assert set(words[language]) == set(words["en"])
        for kind in words["en"]:
            assert blanks(language, kind) == blanks("en", kind)
            given = {name.removesuffix("_amount").removesuffix("_at") for name in DATA.get(kind, {})}
            if kind != "all":
                assert blanks(language, kind) <= given | {"team"}


def test_a_cause_is_told_once(team: Team, alice: Person, mails: list) -> None:
    assert outbox.write(team.pk, NoticeKind.RENEWED, "period 1", NOW, **DATA[NoticeKind.RENEWED])
    assert not outbox.write(team.pk, NoticeKind.RENEWED, "period 1", NOW, **DATA[NoticeKind.RENEWED])
    delivery.deliver_due(NOW)
    delivery.deliver_due(NOW + DAY)
    assert len(mails) == 1
    assert mails[0].to == [alice.email]


def test_a_busy_mail_server_is_asked_again_and_given_up_at_last(
    team: Team, alice: Person, inbox: Inbox
) -> None:
    outbox.write(team.pk, NoticeKind.EVERYTHING_USED_UP, "cause", NOW)
    inbox.refuse_next = 2
    assert delivery.deliver_due(NOW) == 0
    assert delivery.deliver_due(NOW + 59 * MINUTE / 60) == 0
    assert len(inbox.mails) == 0
    assert delivery.deliver_due(NOW + MINUTE) == 0
    assert delivery.deliver_due(NOW + 6 * MINUTE) == 1
    inbox.refuse_next = 100
    outbox.write(team.pk, NoticeKind.EVERYTHING_USED_UP, "another", NOW)
    for number in range(10):
        delivery.deliver_due(NOW + (number + 1) * 2 * DAY)
    given_up = Delivery.objects.get(notice__cause="another")
    assert given_up.state == DeliveryState.GIVEN_UP
    assert given_up.attempts == len(delivery.WAITS) + 1
    assert "451" in given_up.problem
    assert 100 - inbox.refuse_next == len(delivery.WAITS) + 1


def test_a_worker_that_died_after_claiming_leaves_the_mail_to_the_next(
    team: Team, alice: Person, mails: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.write(team.pk, NoticeKind.EVERYTHING_USED_UP, "cause", NOW)

    def die(_delivery: Delivery) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "mail_of", die)
        with pytest.raises(KeyboardInterrupt):
            delivery.deliver_due(NOW)
    assert delivery.deliver_due(NOW + MINUTE) == 0
    assert delivery.deliver_due(NOW + delivery.CLAIM) == 1
    assert len(mails) == 1


def test_two_workers_send_one_mail(team: Team, alice: Person, mails: list) -> None:
    outbox.write(team.pk, NoticeKind.EVERYTHING_USED_UP, "cause", NOW)
    delivery.address_new(NOW)
    first, second = (Delivery.objects.get() for _ in range(2))
    assert delivery._deliver(first, NOW)
    assert not delivery._deliver(second, NOW)
    assert len(mails) == 1


def test_only_those_who_look_after_billing_are_written_to(team: Team, alice: Person, mails: list) -> None:
    for name, role in (("bob", Role.ADMIN), ("charlie", Role.MEMBER), ("dora", Role.ADMIN)):
        person = Person.objects.create_user(f"{name}@example.org", None, is_active=name != "dora")
        Membership.objects.create(team=team, person=person, role=role)
    outbox.write(team.pk, NoticeKind.EVERYTHING_USED_UP, "cause", NOW)
    delivery.deliver_due(NOW)
    assert sorted(mail.to[0] for mail in mails) == ["alice@example.org", "bob@example.org"]


def test_a_kind_can_be_switched_off_but_not_payment(team: Team, alice: Person, mails: list) -> None:
    outbox.switch(alice, NoticeKind.RENEWED, on=False)
    with pytest.raises(OptionError):
        outbox.switch(alice, NoticeKind.PAYMENT_FAILED, on=False)
    for kind in (NoticeKind.RENEWED, NoticeKind.PAYMENT_FAILED):
        outbox.write(team.pk, kind, "cause", NOW, **DATA[kind])
    delivery.deliver_due(NOW)
    assert len(mails) == 1
    assert "List-Unsubscribe" not in mails[0].extra_headers
    outbox.switch(alice, NoticeKind.RENEWED, on=True)
    assert outbox.switched_off(alice) == set()


def test_the_link_in_a_mail_asks_and_then_switches_off(team: Team, alice: Person, mails: list) -> None:
    outbox.write(team.pk, NoticeKind.RENEWED, "cause", NOW, **DATA[NoticeKind.RENEWED])
    delivery.deliver_due(NOW)
    link = re.search(r"http://[^/]+(/\S*switch-off\S*)", mails[0].body)
    assert link is not None
    browser = Client(enforce_csrf_checks=True)
    assert browser.get(link[1]).status_code == 200
    assert outbox.switched_off(alice) == set()
    assert browser.post(link[1], {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert outbox.switched_off(alice) == {"renewed"}
    assert browser.get(link[1].replace("switch-off/", "switch-off/x")).status_code == 404


def test_pages_show_a_notice_once(team: Team, alice: Person) -> None:
    outbox.write(team.pk, NoticeKind.EVERYTHING_USED_UP, "cause", NOW)
    delivery.address_new(NOW)
    (notice,) = outbox.unshown(alice, team.pk)
    assert outbox.mark_shown(alice, [notice.pk], NOW) == 1
    assert outbox.unshown(alice, team.pk) == []
    assert outbox.mark_shown(alice, [notice.pk], NOW) == 0


def use(team: Team, name: str, credit_count: int) -> None:
    ledger.hold(team.pk, name, credit_count * 100, content_hash=name, now=NOW)
    ledger.capture(team.pk, name, now=NOW)


def kinds() -> list[str]:
    return list(Notice.objects.order_by("id").values_list("kind", flat=True))


def test_use_is_told_at_80_percent_at_the_last_subscription_credit_and_at_the_very_last(team: Team) -> None:
    ledger.begin_period(team.pk, "p1", 1000, boundary=NOW, ends_at=ENDS, cap=None, now=NOW)
    ledger.grant(team.pk, "pack", Source.PAY_AS_YOU_GO, 300, now=NOW)
    use(team, "a", 7)
    assert kinds() == []
    use(team, "b", 1)
    assert kinds() == ["period_threshold"]
    use(team, "c", 1)
    use(team, "d", 1)
    assert kinds() == ["period_threshold", "subscription_used_up"]
    use(team, "e", 3)
    assert kinds() == ["period_threshold", "subscription_used_up", "everything_used_up"]
    ledger.begin_period(team.pk, "p2", 1000, boundary=NOW, ends_at=ENDS, cap=0, now=NOW)
    use(team, "f", 8)
    assert kinds()[3:] == ["period_threshold"]


def test_a_hold_that_is_released_is_no_news(team: Team) -> None:
    ledger.begin_period(team.pk, "p1", 1000, boundary=NOW, ends_at=ENDS, cap=None, now=NOW)
    ledger.hold(team.pk, "a", 1000, content_hash="a", now=NOW)
    ledger.release(team.pk, "a", now=NOW)
    assert kinds() == []


def test_a_notice_goes_with_its_cause(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the capture is rolled back, nobody is told of it."""
    ledger.grant(team.pk, "pack", Source.PAY_AS_YOU_GO, 100, now=NOW)
    ledger.hold(team.pk, "a", 100, content_hash="a", now=NOW)

    def fail(_book: object) -> bool:
        raise RuntimeError

    monkeypatch.setattr("offcut.server.credits.posting.Book.close", fail)
    with pytest.raises(RuntimeError):
        ledger.capture(team.pk, "a", now=NOW)
    assert kinds() == []


def test_lots_that_end_within_14_days_are_told_once(team: Team) -> None:
    ledger.grant(team.pk, "soon", Source.PAY_AS_YOU_GO, 100, now=NOW, expires_at=NOW + 20 * DAY)
    ledger.grant(team.pk, "never", Source.PAY_AS_YOU_GO, 100, now=NOW)
    ledger.begin_period(team.pk, "p", 100, boundary=NOW, ends_at=NOW + 10 * DAY, cap=None, now=NOW)
    assert causes.notice_ending_lots(NOW) == 0
    assert causes.notice_ending_lots(NOW + 6 * DAY) == 1
    assert causes.notice_ending_lots(NOW + 7 * DAY) == 0
    assert kinds() == ["lot_expiring"]
