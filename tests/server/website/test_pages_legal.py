"""Legal pages: nothing unfinished is shown to others, and two pages say what the software does."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.conf import settings
from django.test import Client

from offcut.server.accounts.models import AuditEntry
from offcut.server.accounts.people import create_owner
from offcut.server.website.pages.legal import starting_text
from offcut.server.website.pages.models import LegalKind, LegalText
from offcut.server.website.pages.models.legal_texts import FILL_IN

OWNERS_ONLY = [kind for kind in LegalKind if kind not in (LegalKind.PRIVACY, LegalKind.COOKIES)]
pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Client:
    other = Client()
    other.force_login(create_owner("owner@example.org"))
    return other


@pytest.mark.parametrize("kind", OWNERS_ONLY)
def test_an_unfinished_page_is_the_owners_alone(client: Client, owner: Client, kind: LegalKind) -> None:
    address = f"/en/legal/{kind}/"
    assert client.get(address).status_code == 404
    assert address not in client.get("/en/pricing/").content.decode()
    assert address not in client.get("/sitemap.xml").content.decode()
    shown = owner.get(address).content.decode()
    assert "Only you see this" in shown
    assert FILL_IN in shown
    # Half filled in is not finished.
    LegalText.objects.create(kind=kind, language="en", text="Mine, but [fill in: place]")
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("kind", LegalKind)
def test_the_owner_finds_every_page_in_the_footer(client: Client, owner: Client, kind: LegalKind) -> None:
    link = re.compile(rf'<a href="/en/legal/{kind}/">[^<]+</a>( <span class="badge">draft</span>)?</li>')
    shown = link.search(owner.get("/en/pricing/").content.decode())
    assert shown, "no link"
    assert bool(shown[1]) == (kind in OWNERS_ONLY)
    others = link.search(client.get("/en/pricing/").content.decode())
    assert (others is None) == (kind in OWNERS_ONLY)
    assert others is None or not others[1]


def test_the_operators_list_begins_every_text(owner: Client) -> None:
    """One link for each page and language opens the form with our words for it."""
    LegalText.objects.create(kind="terms", language="fr", text="Chez nous")
    page = owner.get("/operator/pages/legaltext/").content.decode()
    table = page.partition('id="beginnings"')[2].partition("</table>")[0]
    links = [unescape(address) for address in re.findall(r'<a href="([^"]+)"', table)]
    assert len(set(links)) == len(LegalKind) * len(settings.LANGUAGES)
    begins = [address for address in links if "/add/" in address]
    assert len(begins) == len(links) - 1
    for address in begins:
        form = owner.get(address).content.decode()
        assert FILL_IN in form, address
    text = starting_text("imprint", "de").splitlines()[0]
    assert text in owner.get("/operator/pages/legaltext/add/?kind=imprint&written_in=de").content.decode()


def test_no_empty_form_is_opened(owner: Client) -> None:
    answer = owner.get("/operator/pages/legaltext/add/")
    assert (answer.status_code, answer["Location"]) == (302, "/operator/pages/legaltext/")


def test_the_operator_writes_a_page_from_our_beginning(client: Client, owner: Client) -> None:
    add = "/operator/pages/legaltext/add/?kind=imprint&written_in=de"
    assert FILL_IN in owner.get(add).content.decode()
    text = "**Erika Muster**, Hauptstraße 1\n\n<script>alert(1)</script> [x](javascript:alert(1))"
    assert (
        owner.post(add.partition("?")[0], {"kind": "imprint", "language": "de", "text": text}).status_code
        == 302
    )
    assert AuditEntry.objects.filter(deed="legal_text.changed").exists()
    shown = client.get("/de/legal/imprint/").content.decode()
    assert "<strong>Erika Muster</strong>" in shown
    assert "<script>alert" not in shown
    assert 'href="javascript' not in shown
    assert "/de/legal/imprint/" in client.get("/de/pricing/").content.decode()
    # Other languages get the text that there is, and say in which language it is.
    assert 'lang="de"' in client.get("/fr/legal/imprint/").content.decode()


def test_privacy_and_cookies_say_what_the_software_does(client: Client) -> None:
    privacy = client.get("/en/legal/privacy/").content.decode()
    assert "deleted 1 hour after the upload" in privacy
    assert FILL_IN not in privacy
    cookies = client.get("/en/legal/cookies/").content.decode()
    assert settings.SESSION_COOKIE_NAME in cookies
    assert settings.CSRF_COOKIE_NAME in cookies
    assert "until you close the browser" in cookies


def test_the_first_visit_leaves_nothing_when_the_browser_is_closed(client: Client) -> None:
    token = client.get("/en/").cookies[settings.CSRF_COOKIE_NAME]
    assert (token["max-age"], token["expires"]) == ("", "")
    assert token["httponly"], "scripts take the token from the page"


def test_no_page_sets_another_cookie(client: Client) -> None:
    """What the cookie page says is true, also where a message waits for the next page."""
    client.force_login(create_owner("owner@example.org"))
    client.get("/es/contact/")
    client.post("/account/", {"name": "Ana", "language": "es"})
    assert set(client.cookies) <= {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
@pytest.mark.parametrize("kind", LegalKind.values)
def test_every_beginning_has_places_to_fill_in(kind: str, language: str) -> None:
    text = starting_text(kind, language)
    assert FILL_IN in text
    assert "{%" not in text
    assert "&quot;" not in text
    if language != "en":
        english = set(starting_text(kind, "en").split("\n")) - {""}
        assert not english & set(text.split("\n")), "a line was not translated"
