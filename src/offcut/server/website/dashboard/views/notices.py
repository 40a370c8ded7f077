"""Which mails a person gets, and notices that were read."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from offcut.server.accounts.models import Membership, Person
from offcut.server.accounts.roles import Deed, may
from offcut.server.credits.notices import outbox
from offcut.server.credits.notices.kinds import ALWAYS_SENT, NoticeKind
from offcut.server.website.dashboard.access import area_page


@area_page
def notices(request: HttpRequest, own: Membership) -> HttpResponse:
    """Every kind of mail, on or off for this person; POST saves."""
    person = Person.objects.get(pk=request.user.pk)
    if request.method == "POST":
        wanted = set(request.POST.getlist("kind"))
        for kind in NoticeKind:
            if kind not in ALWAYS_SENT:
                outbox.switch(person, kind, on=kind.value in wanted)
        messages.success(request, _("Saved."))
        return redirect("dashboard:notices")
    off = outbox.switched_off(person)
    context = {
        "own": own,
        "kinds": [
            {"kind": kind, "is_on": kind.value not in off, "is_fixed": kind in ALWAYS_SENT}
            for kind in NoticeKind
        ],
        "gets_mails": may(own.role, Deed.MANAGE_BILLING),
        "email": person.email,
    }
    return render(request, "dashboard/notices.html", context)


@require_POST
@area_page
def seen(request: HttpRequest, own: Membership) -> HttpResponse:
    """Remembers that the person has read a notice of this team, or all of them."""
    asked = request.POST.get("notice", "")
    own_ids = [notice.pk for notice in outbox.unshown(_self(request), own.team_id)]
    read = [number for number in own_ids if asked in (str(number), "all")]
    outbox.mark_shown(_self(request), read, timezone.now())
    return redirect("dashboard:overview")


def _self(request: HttpRequest) -> Person:
    return Person.objects.get(pk=request.user.pk)
