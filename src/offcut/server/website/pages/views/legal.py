"""Legal pages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from offcut.server.website.pages import markdown
from offcut.server.website.pages.legal import WITH_FACTS, facts, finished_text, starting_text
from offcut.server.website.pages.models import LegalKind, LegalText


@require_safe
def legal(request: HttpRequest, kind: str) -> HttpResponse:
    """The owner's text, and on two pages what the software does. The owner also sees what is unfinished."""
    if kind not in LegalKind.values:
        raise Http404
    page, language = LegalKind(kind), get_language() or "en"
    found = finished_text(page, language)
    is_owner = bool(request.user.is_authenticated and request.user.is_superuser)
    if not found.text and page not in WITH_FACTS and not is_owner:
        raise Http404
    draft = "" if found.text or not is_owner else starting_text(kind, language)
    context = {
        "page": page,
        "own_text": markdown.render(found.text or draft) if found.text or draft else "",
        "text_language": found.language or language,
        "is_draft": bool(draft),
        "is_owner": is_owner,
        "row": LegalText.objects.filter(kind=page, language=language).first() if is_owner else None,
        "language": language,
        "facts_template": f"pages/legal/facts_{kind}.html" if page in WITH_FACTS else "",
        **facts(),
    }
    return render(request, "pages/legal.html", context)
