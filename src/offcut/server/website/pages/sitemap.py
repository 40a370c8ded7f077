"""The pages that search engines may know, in every language.

Another part of the website adds its own by a module `sitemap` with `SITEMAPS`, as this one has.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.urls import NoReverseMatch, reverse

from offcut.server.website.pages.legal import linked_kinds
from offcut.server.website.pages.use_cases import USE_CASES

Place = tuple[str, tuple[str, ...]]
"""A URL name and its arguments."""

_PLAIN = (
    "home:home", "pages:pricing", "pages:tools", "pages:api", "pages:coming_from_remove_bg", "pages:contact",
    "pages:status",
)  # fmt: skip


class LanguageSitemap(Sitemap):
    """Addresses by name, each in every language, each naming the others."""

    i18n = True
    alternates = True
    x_default = True
    protocol = urlsplit(settings.PUBLIC_URL).scheme

    def location(self, item: Place) -> str:
        """The address in the language that is on."""
        name, arguments = item
        return reverse(name, args=arguments)


class PagesSitemap(LanguageSitemap):
    """The front page and the pages of this package."""

    def items(self) -> list[Place]:
        """Those that there are."""
        places: list[Place] = [(name, ()) for name in _PLAIN if _exists(name)]
        places += [("pages:use_case", (one.slug,)) for one in USE_CASES]
        return places + [("pages:legal", (str(kind),)) for kind in linked_kinds()]


SITEMAPS: dict[str, type[Sitemap]] = {"pages": PagesSitemap}


def all_sitemaps() -> dict[str, type[Sitemap]]:
    """Those of every part of the website."""
    found: dict[str, type[Sitemap]] = {}
    for app in apps.get_app_configs():
        name = f"{app.name}.sitemap"
        if app.name.startswith("offcut.server.website.") and find_spec(name):
            found |= import_module(name).SITEMAPS
    return found


def _exists(name: str) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True
