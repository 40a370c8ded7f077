"""The pages to read: prices, uses, tools, the API, and what machines read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from django.conf import settings
from django.template import Context, Template
from django.test import Client

from offcut.errors import OptionError
from offcut.server.accounts.keys import authenticate_key
from offcut.server.accounts.models import ApiKey, Person
from offcut.server.accounts.people import welcome
from offcut.server.credits.models import Pack, PackTerms, Plan, PlanTerms
from offcut.server.payments.models import Seller
from offcut.server.removals import look
from offcut.server.website.pages import documents, parameters
from offcut.server.website.pages.use_cases import USE_CASES, presets

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]
LANGUAGES = [code for code, _ in settings.LANGUAGES]
PAGES = [
    *("pricing/", "tools/", "api/", "api/coming-from-remove-bg/", "status/", "contact/", "contact/sent/"),
    *("legal/privacy/", "legal/cookies/", *(f"for/{one.slug}/" for one in USE_CASES)),
]


@pytest.fixture
def offers() -> None:
    """A price list as another service had it."""
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    for credit_count, price, months in ((40, 900, 1), (200, 3900, 1), (200, 42_000, 12)):
        plan = Plan.objects.create(name=f"Plan {credit_count}/{months}", billing_months=months)
        PlanTerms.objects.create(plan=plan, starts_at=begin, price=price, monthly_amount=credit_count * 100)
    for credit_count, price in ((3, 300), (75, 4900)):
        pack = Pack.objects.create(name=f"{credit_count} credits")
        PackTerms.objects.create(pack=pack, starts_at=begin, price=price, amount=credit_count * 100)


def text_of(client: Client, address: str) -> str:
    """What a page says, without its marks."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_there_in_every_language(client: Client, page: str, language: str) -> None:
    answer = client.get(f"/{language}/{page}")
    assert answer.status_code == 200
    content = answer.content.decode()
    assert f'<html lang="{language}">' in content
    assert 'style="' not in content
    assert not re.search(r"<script(?![^>]*(src=|application/json))", content)


@pytest.mark.usefixtures("offers")
def test_prices_and_the_mix_for_a_number(client: Client) -> None:
    shown = text_of(client, "/en/pricing/?images=45")
    assert "Plan 200/12 200 420.00 USD a year 0.18 USD up to 1000 credits" in shown
    assert "3 credits 3 3.00 USD 1.00 USD 24 months" in shown
    # 60 credits above the plan in a year: one pack of 75.
    assert "13.09 USD a month" in shown
    assert "Plan 40/1 : 40 credits a month" in shown
    assert "1 × 75 credits at 49.00 USD in 12 months" in shown
    assert "15 credits of the packs are left" in shown
    assert "12,00 USD" not in text_of(client, "/en/pricing/")
    assert "9,00 USD" in text_of(client, "/de/pricing/")


@pytest.mark.usefixtures("offers")
@pytest.mark.parametrize("images", ["0", "-1", "10001", "many", "9" * 30])
def test_a_number_that_is_none_is_said(client: Client, images: str) -> None:
    assert "Type a whole number from 1 to 10000" in text_of(client, f"/en/pricing/?images={images}")


@pytest.mark.usefixtures("offers")
def test_tax_is_said_where_there_is_some(client: Client) -> None:
    assert "without tax" not in text_of(client, "/en/pricing/")
    Seller.objects.create(pk=1, tax_rate=2100)
    assert "without tax" in text_of(client, "/en/pricing/")


def test_where_nothing_is_sold_the_page_says_so(client: Client) -> None:
    Plan.objects.create(name="Without a price")
    shown = text_of(client, "/en/pricing/")
    assert "Nothing is sold here" in shown
    assert "Images a month" not in shown


def test_each_use_has_enough_words_and_a_preset(client: Client) -> None:
    for one in USE_CASES:
        shown = text_of(client, f"/en/for/{one.slug}/")
        assert 150 <= len(shown.split()) <= 330, (one.slug, len(shown.split()))
        assert one.presets
    assert client.get("/en/for/nobody/").status_code == 404


def test_presets_for_other_parts_of_the_website(client: Client) -> None:
    told = client.get("/es/presets.json").json()
    assert set(told) == set(presets())
    tag = Template("{% load page_words %}{% autoescape off %}{% preset_settings name %}{% endautoescape %}")
    for name, preset in presets().items():
        assert re.fullmatch(r"[a-z0-9-]+", name)
        assert told[name]["settings"] == preset.settings == json.loads(tag.render(Context({"name": name})))
    assert tag.render(Context({"name": "no such preset"})) == ""


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_a_look_that_the_engine_knows(name: str) -> None:
    asked = presets()[name].settings
    found = look.read(asked)
    assert found != look.read(None)
    with pytest.raises(OptionError):
        look.read({**asked, "colour": "red"})


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (documents.API, "api.md"),
        (documents.COMING_FROM, "coming-from-remove-bg.md"),
        (documents.OPENAPI, "openapi/v1.yaml"),
    ],
)
def test_the_website_shows_what_the_docs_say(name: str, source: str) -> None:
    copy = ROOT / "src/offcut/server/website/pages/documents" / name
    original = ROOT / "docs" / source
    assert copy.read_bytes() == original.read_bytes(), f"Run: cp {original} {copy}"


def test_the_api_page_has_samples_parameters_and_codes(client: Client) -> None:
    content = client.get("/en/api/").content.decode()
    assert [sample.name for sample in documents.samples()] == list(documents.LANGUAGE_NAMES.values())
    written = yaml.safe_load((ROOT / "docs/openapi/v1.yaml").read_text())["components"]["schemas"]
    names = {name for group in ("Uploads", "Sources", "Options") for name in written[group]["properties"]}
    assert {one.name for one in parameters.parameters()} == names
    for name in names:
        assert f"<code>{name}</code>" in content
    for code in parameters.error_codes():
        assert f"<code>{code}</code>" in content
    assert documents.ADDRESS_IN_TEXTS.replace("8000", str(settings.CONFIGURATION.port)) in content
    for link in re.findall(r'<a [^>]*href="(/[^"#]*)', content.partition("<main")[2].partition("</main>")[0]):
        assert client.get(link).status_code in {200, 302}, link


@pytest.mark.parametrize("language", LANGUAGES)
def test_places_on_the_page_exist(client: Client, language: str) -> None:
    for page in ("api/", "api/coming-from-remove-bg/", "pricing/"):
        content = client.get(f"/{language}/{page}").content.decode()
        names = re.findall(r'\bid="([^"]+)"', content)
        assert len(names) == len(set(names)), page
        assert set(re.findall(r'href="#([^"]+)"', content)) <= set(names)


def test_the_openapi_document_names_this_server(client: Client) -> None:
    answer = client.get("/en/api/openapi.yaml")
    document = yaml.safe_load(answer.content)
    assert document["servers"][0]["variables"]["address"]["default"] == settings.PUBLIC_URL
    assert "attachment" in answer["Content-Disposition"]


def test_a_signed_in_person_gets_one_short_key_at_a_time(client: Client) -> None:
    address = "/en/api/try/key/"
    assert client.post(address).status_code == 302
    person = Person.objects.create_user("ana@example.org", "a long enough password")
    client.force_login(person)
    assert client.post(address).json()["error"]["hint"]
    welcome(person)
    first, second = (client.post(address).json()["key"] for _ in range(2))
    assert authenticate_key(second).monthly_limit_credits == 10
    assert ApiKey.objects.filter(revoked_at=None).count() == 1
    assert ApiKey.objects.get(prefix=first.rpartition("_")[0]).revoked_at is not None
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(person)
    assert strict.post(address).status_code == 403


def test_the_sitemap_has_every_page_in_every_language(client: Client) -> None:
    tree = ElementTree.fromstring(client.get("/sitemap.xml").content)
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    entries = tree.findall("s:url", space)
    paths = {entry.findtext("s:loc", namespaces=space).partition("testserver")[2] for entry in entries}
    expected = {f"/{language}/{page}" for language in LANGUAGES for page in PAGES if page != "contact/sent/"}
    assert expected <= paths
    for entry in entries:
        alternates = {link.get("hreflang") for link in entry.findall("x:link", space)}
        assert alternates == {*LANGUAGES, "x-default"}
    for path in paths:
        assert client.get(path).status_code in {200, 302}, path


def test_robots_and_security(client: Client) -> None:
    robots = client.get("/robots.txt").content.decode()
    assert f"Sitemap: {settings.PUBLIC_URL}/sitemap.xml" in robots
    assert "Disallow: /operator/" in robots
    assert "Disallow: /de/images/" in robots
    told = client.get("/.well-known/security.txt").content.decode()
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT[\d:]+Z$", told, re.MULTILINE)
    assert "/contact/" in told


def test_every_link_of_the_footer_leads_somewhere(client: Client) -> None:
    foot = client.get("/fr/tools/").content.decode().partition("<footer")[2]
    links = list(re.findall(r'href="(/fr/[^"]*)"', foot))
    assert len(links) >= 15
    for link in links:
        assert client.get(link).status_code == 200, link
