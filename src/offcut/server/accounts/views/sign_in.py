"""Signing in by a one-time link."""

from __future__ import annotations

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from offcut.server.accounts.sign_in_links import find_sign_in_link, use_sign_in_link


@never_cache
def once(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button: programs that only look at links must not use it up.

    A second factor is asked for as at every sign-in.
    """
    link = find_sign_in_link(token)
    if request.method != "POST":
        return render(request, "accounts/sign_in_once.html", {"person": link.person})
    person = use_sign_in_link(token)
    return perform_login(request, person, email_verification="none")
