"""A person's own pages: name and language, what we know about them, deleting the account."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter as social_adapter
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from offcut.server.accounts.export import export_person
from offcut.server.accounts.forms import DeletePersonForm, PersonForm
from offcut.server.accounts.invitations import invitations_for
from offcut.server.accounts.models import Person
from offcut.server.accounts.people import delete_person, plan_farewell
from offcut.server.accounts.views.access import private_page


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """The person's page; POST changes name and language."""
    person = Person.objects.get(pk=request.user.pk)
    form = PersonForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("accounts:overview")
    context = {
        "form": form,
        "invitations": invitations_for(person),
        "second_factors": Authenticator.objects.filter(user=person)
        .exclude(type=Authenticator.Type.RECOVERY_CODES)
        .count(),
        "providers": social_adapter().list_providers(request),
    }
    return render(request, "accounts/overview.html", context)


@private_page
def export(request: HttpRequest) -> HttpResponse:
    """The ZIP of everything we know about the person."""
    answer = HttpResponse(export_person(_self(request)), content_type="application/zip")
    answer["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return answer


@private_page
def delete(request: HttpRequest) -> HttpResponse:
    """Says what deleting does; POST with the box ticked deletes."""
    person = _self(request)
    form = DeletePersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        delete_person(person)
        logout(request)
        messages.success(request, _("Your account is deleted."))
        return redirect("account_login")
    context = {"form": form, "farewell": plan_farewell(person)}
    return render(request, "accounts/delete.html", context)


def _self(request: HttpRequest) -> Person:
    return Person.objects.get(pk=request.user.pk)
