"""Which language a page speaks, and that asking for one leads nowhere else."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from offcut.server.languages import LanguageMiddleware

pytestmark = pytest.mark.django_db


def spoken(client: Client, path: str, **headers: str) -> str:
    return client.get(path, headers=headers)["Content-Language"]


def test_the_browsers_wish_decides_until_somebody_chooses(client: Client) -> None:
    assert spoken(client, "/account/login/", accept_language="fr-CA,fr;q=0.9") == "fr"
    answer = client.get("/account/login/?language=de&next=/team/", headers={"accept-language": "fr"})
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/?next=%2Fteam%2F")
    assert spoken(client, "/account/login/", accept_language="fr") == "de"


def test_no_session_is_made_for_those_who_choose_nothing(client: Client) -> None:
    client.get("/account/login/", headers={"accept-language": "es"})
    assert "offcut-session" not in client.cookies


@pytest.mark.parametrize("language", ["xx", "en\r\nSet-Cookie: a=b", "../de", ""])
def test_an_unknown_language_changes_nothing(client: Client, language: str) -> None:
    assert client.get("/account/login/", {"language": language}).status_code == 200


def test_a_choice_never_leads_to_another_host(client: Client) -> None:
    request = RequestFactory().get("/", {"language": "de"})
    request.path = request.path_info = "//evil.example/"
    request.session = {}
    answer = LanguageMiddleware(lambda _request: HttpResponse())(request)
    assert answer["Location"] == "/evil.example/"


def test_the_front_page_leads_to_the_language_wished_for(client: Client) -> None:
    answer = client.get("/", headers={"accept-language": "es"})
    assert (answer.status_code, answer["Location"]) == (302, "/es/")
