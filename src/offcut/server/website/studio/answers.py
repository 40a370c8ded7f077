"""What the studio's scripts get: a matte, or a part of one."""

from __future__ import annotations

from django.http import HttpResponse

from offcut.server.website.studio.strokes import Shown


def matte_answer(shown: Shown) -> HttpResponse:
    """The part of the matte as a PNG; where it belongs and what it shows is in the headers."""
    response = HttpResponse(shown.content, content_type="image/png")
    response["X-Box"] = " ".join(map(str, shown.box))
    response["X-Strokes"] = str(shown.count)
    response["X-Strokes-Total"] = str(shown.total)
    response["ETag"] = shown.tag
    response["Cache-Control"] = "no-store"
    return response
