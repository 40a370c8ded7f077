"""Writing to the owner."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from offcut.server.accounts.models import Person
from offcut.server.website.pages.contact import ContactForm, keep, may_write
from offcut.server.website.pages.letters import KEPT_DAYS
from offcut.server.website.pages.models import Topic


@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest) -> HttpResponse:
    """The form; POST keeps the message. `?topic=` chooses what it is about."""
    person = Person.objects.get(pk=request.user.pk) if request.user.is_authenticated else None
    initial = {"topic": request.GET.get("topic", Topic.QUESTION)}
    if person is not None:
        initial |= {"name": person.name, "email": person.email}
    form = ContactForm(request.POST or None, initial=initial)
    is_too_often = False
    if request.method == "POST" and form.is_valid():
        if may_write(request):
            keep(form, person)
            return redirect("pages:contact_sent")
        is_too_often = True
    context = {"form": form, "is_too_often": is_too_often, "kept_days": KEPT_DAYS}
    return render(request, "pages/contact.html", context, status=429 if is_too_often else 200)


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """Thanks, and what happens now."""
    return render(request, "pages/contact_sent.html")
