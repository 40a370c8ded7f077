"""The page of a team's API keys."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from offcut.server.accounts.forms import KeyForm
from offcut.server.accounts.keys import make_key, revoke_key, take_over_key
from offcut.server.accounts.models import ApiKey, Membership, Person
from offcut.server.accounts.roles import Deed, may
from offcut.server.accounts.views.access import refuse_acting, team_page


@never_cache
@team_page
def listing(request: HttpRequest, own: Membership) -> HttpResponse:
    """All keys; POST makes one and shows its token, this one time."""
    form = KeyForm(request.POST or None)
    token = ""
    if request.method == "POST":
        refuse_acting(request)
        if form.is_valid():
            _key, token = make_key(
                own.team,
                form.cleaned_data["name"],
                by=Person.objects.get(pk=request.user.pk),
                expires_at=form.cleaned_data["expires_on"],
                monthly_limit_credits=form.cleaned_data["monthly_limit_credits"],
            )
            form = KeyForm()
    context = {"own": own, "rows": _rows(own), "form": form, "token": token}
    return render(request, "accounts/keys.html", context)


@require_POST
@team_page
def revoke(request: HttpRequest, own: Membership, key_id: int) -> HttpResponse:
    """Switches a key off for good."""
    key = get_object_or_404(own.team.keys, pk=key_id)
    revoke_key(key, by=Person.objects.get(pk=request.user.pk))
    messages.success(request, _("The key is revoked."))
    return redirect("accounts:keys")


@require_POST
@team_page
def take_over(request: HttpRequest, own: Membership, key_id: int) -> HttpResponse:
    """Makes the person answer for a key whose maker has left."""
    key = get_object_or_404(own.team.keys, pk=key_id)
    take_over_key(key, by=Person.objects.get(pk=request.user.pk))
    messages.success(request, _("You answer for this key now; it works again."))
    return redirect("accounts:keys")


def _rows(own: Membership) -> list[dict[str, object]]:
    there = set(own.team.memberships.values_list("person_id", flat=True))
    manages = may(own.role, Deed.MANAGE_KEYS)
    keys = own.team.keys.select_related("person").order_by(F("revoked_at").asc(nulls_first=True), "-id")
    return [
        {
            "key": key,
            "state": _state(key, there),
            "revocable": key.revoked_at is None and (manages or key.person_id == own.person_id),
            "can_take_over": manages and _state(key, there) == "maker_left",
        }
        for key in keys
    ]


def _state(key: ApiKey, there: set[int]) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and key.expires_at <= timezone.now():
        return "expired"
    return "works" if key.person_id in there else "maker_left"
