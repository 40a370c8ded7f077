"""The page behind “No more mails of this kind”: it needs no signing in, the link is the proof."""

from __future__ import annotations

from django.core.signing import BadSignature, loads
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from offcut.server.accounts.models import Person
from offcut.server.credits.notices import outbox
from offcut.server.credits.notices.kinds import NoticeKind
from offcut.server.credits.notices.mail import SALT


# A mail program posts here by itself (RFC 8058) and has no token of ours; a stranger cannot sign the link.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def switch_off(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, then switch off. Opening the link changes nothing, since scanners open links too."""
    try:
        person_id, kind = loads(token, salt=SALT)
    except BadSignature:
        raise Http404 from None
    person = get_object_or_404(Person, pk=person_id)
    if request.method == "POST":
        outbox.switch(person, NoticeKind(kind), on=False)
    context = {"kind": NoticeKind(kind).label, "done": request.method == "POST"}
    return render(request, "notices/switch_off.html", context)
