"""Scripts that pages load when they are there."""

from __future__ import annotations

import functools

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def module(path: str) -> SafeString:
    """The tag that loads an ES module of ours; nothing for one that is not installed."""
    if not _is_there(path):
        return SafeString("")
    return format_html('<script type="module" src="{}"></script>', static(path))


@register.simple_tag
def stylesheet(path: str) -> SafeString:
    """The tag that loads a style sheet of ours; nothing for one that is not installed."""
    if not _is_there(path):
        return SafeString("")
    return format_html('<link rel="stylesheet" href="{}">', static(path))


@functools.cache
def _is_there(path: str) -> bool:
    return finders.find(path) is not None
