"""A small link from any page to the article that explains it: `{% help_link "never-run-out" %}`."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import translation

from offcut.server.website.help.articles import shelf

register = template.Library()


@register.inclusion_tag("help/link.html")
def help_link(slug: str, words: str = "") -> dict[str, Any]:
    """Link to an article by its title, or by `words`. Raises KeyError for a slug that is not there."""
    here = shelf(translation.get_language() or "")
    return {"slug": slug, "words": words or here.articles[slug].title}
