"""Every page that a link leads to, found by following all links from the front page."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections import deque
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

LINK = re.compile(r"<a\b[^>]*?\shref=\"([^\"#]+)", re.IGNORECASE)
LEFT_ALONE = re.compile(r"^/(operator|static|v1\.0)|/export/|/download|/provider/|\.(pdf|csv|zip|atom)$")
"""The operator's pages are Django's own; files are no pages."""

PAGES_MAX = 400


@dataclass(frozen=True)
class Found:
    """A page: its address (path and query), the answer's status, and the page that named it first."""

    path: str
    status: int
    named_by: str


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def crawl(url: str, language: str, cookie: str = "") -> list[Found]:
    """All pages in one language that a visitor, or whoever's session `cookie` is, can get to by links."""
    opener = urllib.request.build_opener(_Stay)
    opener.addheaders = [("Accept-Language", language), ("Cookie", cookie)]
    starts = [f"/{language}/", "/account/login/", "/account/"]
    waiting, seen, found = deque((start, "the browser") for start in starts), set(starts), []
    while waiting and len(found) < PAGES_MAX:
        path, named_by = waiting.popleft()
        status, text = _read(opener, url + path)
        found.append(Found(path, status, named_by))
        for link in LINK.findall(text):
            target = urlsplit(urljoin(url + path, unescape(link)))
            whole = target.path + (f"?{target.query}" if target.query else "")
            if f"{target.scheme}://{target.netloc}" != url or LEFT_ALONE.search(target.path):
                continue
            if "language=" in target.query or _is_other_language(target.path, language) or whole in seen:
                continue
            seen.add(whole)
            waiting.append((whole, path))
    return found


def _read(opener: urllib.request.OpenerDirector, address: str) -> tuple[int, str]:
    try:
        with opener.open(address, timeout=30) as answer:
            is_page = "html" in answer.headers.get("Content-Type", "")
            return answer.status, answer.read().decode() if is_page else ""
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, ""


def _is_other_language(path: str, language: str) -> bool:
    first = path.strip("/").partition("/")[0]
    return len(first) == 2 and first != language
