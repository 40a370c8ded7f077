"""In which language a page speaks.

The website's pages carry it in their address (`/es/help/`). The others (signing in, the account, mails'
links) keep one address for all: there it is the person's own choice, or what the visitor chose before, or
what the browser asks for. A choice is kept in the session, so that no cookie is needed for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.locale import LocaleMiddleware
from django.urls import translate_url
from django.utils import translation

CHOICE = "language"
"""The parameter by which an address without a language is asked for in one, and its name in the session."""


class LanguageMiddleware(LocaleMiddleware):
    """Django's own, with the choice in the session in place of a cookie."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Have the page speak the language of its address, or the one chosen, or the one wished for."""
        super().process_request(request)
        in_path = translation.get_language_from_path(request.path_info)
        if in_path:
            _remember(request, in_path)
            return None
        asked = request.GET.get(CHOICE)
        if asked in dict(settings.LANGUAGES) and request.method == "GET":
            request.session[CHOICE] = asked
            return HttpResponseRedirect(_without_choice(request))
        chosen = request.session.get(CHOICE)
        if chosen in dict(settings.LANGUAGES):
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen  # type: ignore[attr-defined]
        return None


def _remember(request: HttpRequest, language: str) -> None:
    """Only what differs from the browser's own wish makes a session."""
    known = request.session.get(CHOICE)
    wished = translation.get_language_from_request(request, check_path=False)
    if known != language and (known or wished != language):
        request.session[CHOICE] = language


def _without_choice(request: HttpRequest) -> str:
    rest = request.GET.copy()
    del rest[CHOICE]
    # The path begins with one slash, whatever was asked for: "//host" would lead elsewhere.
    path = "/" + request.path.lstrip("/")
    return path + (f"?{rest.urlencode()}" if rest else "")


def languages(request: HttpRequest) -> dict[str, Any]:
    """For templates: `languages`, each with its code, its own name, and the address of this page in it."""
    return {"languages": _Lazy(lambda: [_entry(request, code, name) for code, name in settings.LANGUAGES])}


def _entry(request: HttpRequest, code: str, name: str) -> dict[str, Any]:
    if translation.get_language_from_path(request.path_info):
        address = translate_url(request.get_full_path(), code)
    else:
        address = f"{request.path}?{CHOICE}={code}"
    return {"code": code, "name": name, "address": address, "is_current": code == translation.get_language()}


class _Lazy:
    """A list that is made when a template first walks over it."""

    def __init__(self, make: Callable[[], list[dict[str, Any]]]) -> None:
        self._make = make

    def __iter__(self) -> Any:
        return iter(self._make())
