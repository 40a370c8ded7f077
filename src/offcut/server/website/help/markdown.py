"""Markdown to HTML, with the links and live parts that the help centre knows.

`[text](help:slug)` leads to an article, `[text](page:url_name)` to a page of the website. `{{ name }}` in a
line is a live value, alone in a paragraph a live block. HTML in an article is shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from html import unescape
from itertools import pairwise
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.html import escape, strip_tags
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

_TABLE_OPEN = '<div class="table-wrap"><table class="cards">\n'
# A listing that scrolls must be reachable by keyboard.
_PRE = '<pre tabindex="0"><code>'

_LINK = re.compile(r'<a href="(help|page):([^"]+)">(.*?)</a>', re.DOTALL)
_ANY_LINK = re.compile(r'<a href="([^"]*)"')
_BLOCK = re.compile(r"<p>\{\{ ([a-z0-9-]+) \}\}</p>")
_VALUE = re.compile(r"\{\{ ([a-z0-9-]+) \}\}")


@dataclass(frozen=True, slots=True)
class Page:
    """A text made into HTML, all but its links and live parts, and the names of those."""

    html: str
    articles: frozenset[str]
    pages: frozenset[str]
    values: frozenset[str]
    blocks: frozenset[str]
    other_links: frozenset[str]

    @property
    def text(self) -> str:
        """The words alone, for the search."""
        return unescape(strip_tags(_VALUE.sub(" ", self.html)))


def read(text: str) -> Page:
    """Turn Markdown into a page."""
    html = _parser().render(text)
    named = {kind: {name for of, name, _ in _LINK.findall(html) if of == kind} for kind in ("help", "page")}
    blocks = frozenset(_BLOCK.findall(html))
    return Page(
        html=html,
        articles=frozenset(named["help"]),
        pages=frozenset(named["page"]),
        values=frozenset(_VALUE.findall(html)) - blocks,
        blocks=blocks,
        other_links=frozenset(
            link for link in _ANY_LINK.findall(html) if not link.startswith(("help:", "page:"))
        ),
    )


def fill(page: Page, *, value_of: Callable[[str], str], block_of: Callable[[str], str]) -> SafeString:
    """Return the page's HTML with its links resolved for the language that is active, and its live parts.

    `value_of` returns text, which is escaped; `block_of` returns HTML. A link to a page that this
    installation does not have keeps its text only.
    """
    html = _LINK.sub(_resolved, page.html)
    parts: Mapping[str, str] = {name: block_of(name) for name in page.blocks}
    parts = parts | {name: escape(value_of(name)) for name in page.values}
    # One pass for both, so that nothing a live part says is taken for a name again.
    joint = re.compile(f"{_BLOCK.pattern}|{_VALUE.pattern}")
    return mark_safe(joint.sub(lambda match: parts[match[1] or match[2]], html))


def _resolved(match: re.Match[str]) -> str:
    kind, name, text = match.groups()
    try:
        address = reverse("help:article", args=[name]) if kind == "help" else reverse(name)
    except NoReverseMatch:
        return text
    return f'<a href="{escape(address)}">{text}</a>'


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.core.ruler.push("cell_names", _name_cells)
    parser.add_render_rule("table_open", lambda *_: _TABLE_OPEN)
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    parser.add_render_rule("fence", _listing)
    return parser


def _name_cells(state: StateCore) -> None:
    """Give each cell its column's name, which stands before it where a phone shows rows as cards.

    The first cell needs none: it is the card's title.
    """
    names: list[str] = []
    column = 0
    for opening, content in pairwise(state.tokens):
        if opening.type == "table_open":
            names = []
        elif opening.type == "tr_open":
            column = 0
        elif opening.type == "th_open":
            names.append(content.content)
        elif opening.type == "td_open":
            if column:
                opening.attrSet("data-name", names[column])
            column += 1


def _listing(_renderer: Any, tokens: Any, index: int, *_: Any) -> str:
    return f"{_PRE}{escape(tokens[index].content)}</code></pre>\n"
