"""Markdown to HTML: HTML in it is shown, not obeyed; tables fold up on a phone; headings can be linked to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

LinkTarget = Callable[[str], str]
"""Turns what a link names into an address; "" makes plain text of the link."""


def render(text: str, *, link: LinkTarget = str) -> SafeString:
    """The HTML of a text."""
    return render_tokens(parse(text), link=link)


def parse(text: str) -> list[Token]:
    """The text as tokens, so that a page can be made of parts of it; each heading has its anchor as `id`."""
    tokens = _parser().parse(text)
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrs["id"] = anchor(tokens[place + 1].content)
    return tokens


def headings(tokens: Sequence[Token]) -> list[Token]:
    """The tokens that begin headings, in their order."""
    return [token for token in tokens if token.type == "heading_open"]


def render_tokens(tokens: Sequence[Token], *, link: LinkTarget = str) -> SafeString:
    """The HTML of some tokens, all of whose pairs are whole."""
    made = _with_tables(list(tokens))
    for token in made:
        if token.type == "inline":
            token.children = _with_links(token.children or [], link)
    parser = _parser()
    # The parser escapes every text and drops HTML, so what it writes is safe.
    return mark_safe(parser.renderer.render(made, parser.options, {}))


def anchor(heading: str) -> str:
    """The name by which a heading is linked to."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("fence", _code)
    return parser


def _code(_self: Any, tokens: Sequence[Token], place: int, *_: Any) -> str:
    return f'<div class="code"><pre><code>{escape(tokens[place].content.rstrip())}</code></pre></div>\n'


def _with_links(tokens: list[Token], link: LinkTarget) -> list[Token]:
    kept, is_plain = [], False
    for token in tokens:
        if token.type == "link_open":
            target = link(str(token.attrs.get("href", "")))
            is_plain = not target
            token.attrs["href"] = target
        if is_plain and token.type in {"link_open", "link_close"}:
            continue
        kept.append(token)
    return kept


def _with_tables(tokens: list[Token]) -> list[Token]:
    """Give each cell its column's name, for phones, and leave out heads without words."""
    made: list[Token] = []
    names: list[str] = []
    column, is_in_head, is_titled = 0, False, False
    for place, token in enumerate(tokens):
        if token.type == "table_open":
            names = _column_names(tokens[place:])
            is_titled = any(names)
            token.attrs["class"] = "cards" if is_titled else "plain-rows"
        elif token.type in {"thead_open", "tr_open"}:
            is_in_head, column = is_in_head or token.type == "thead_open", 0
        elif token.type == "th_open":
            token.attrs["scope"] = "col"
            if not names[column]:
                token.tag = tokens[place + 2].tag = "td"
                del token.attrs["scope"]
            column += 1
        elif token.type == "td_open":
            if names[column]:
                token.attrs["data-name"] = names[column]
            column += 1
        if is_titled or not is_in_head:
            made.append(token)
        if token.type == "thead_close":
            is_in_head = False
    return made


def _column_names(tokens: Sequence[Token]) -> list[str]:
    """The words of a table's head, without their Markdown."""
    end = next(place for place, token in enumerate(tokens) if token.type == "thead_close")
    cells = [token for token in tokens[:end] if token.type == "inline"]
    return ["".join(part.content for part in cell.children or []) for cell in cells]
