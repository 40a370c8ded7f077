"""After a result: was it good, and may the photo help to make it better?"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from offcut.errors import SignInNeededError
from offcut.server.accounts.models import Team
from offcut.server.removals import files, images, improvement
from offcut.server.removals.models import Image
from offcut.server.website.images.access import image_or_404
from offcut.server.website.images.answers import image_json
from offcut.server.website.images.refusals import refused, wants_json
from offcut.server.website.images.results import asked_word

_REMEMBERED = "contribution"


@require_POST
@refused
def rating(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """Good or not good. When it is not good and the person has said yes or no for ever, that counts now."""
    image = image_or_404(request, image_id)
    image.rating = asked_word(request, "rating", ("good", "bad"), "")
    Image.objects.filter(pk=image.pk).update(rating=image.rating)
    if image.rating == "bad" and remembered_choice(request) == "yes":
        _contribute(image)
    return _answer(request, image)


@require_POST
@refused
def contribution(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """Give this photo to the improvement programme, or not; `remember` keeps the choice in this session."""
    image = image_or_404(request, image_id)
    choice = asked_word(request, "choice", ("yes", "no"), "")
    if request.POST.get("remember"):
        request.session[_REMEMBERED] = choice
    if choice == "yes":
        _contribute(image)
    return _answer(request, image)


def remembered_choice(request: HttpRequest) -> str:
    """yes, no, or "" for somebody who wants to be asked each time."""
    return str(request.session.get(_REMEMBERED, ""))


def _contribute(image: Image) -> None:
    if image.is_contributed:
        return
    if image.team_id is None:
        raise SignInNeededError("Photos are given by people with an account, who can take them back.")
    team = Team.objects.get(pk=image.team_id)
    photo = files.read(image.original_file)
    improvement.submit(team, photo, limits=images.LIMITS, filename=image.name, tag="website")
    image.is_contributed = True
    Image.objects.filter(pk=image.pk).update(is_contributed=True)


def _answer(request: HttpRequest, image: Image) -> HttpResponse:
    if wants_json(request):
        return JsonResponse(opinion_json(request, image))
    return redirect("images:image", image_id=image.pk)


def opinion_json(request: HttpRequest, image: Image) -> dict[str, Any]:
    """The image, and what the person has said about it."""
    return image_json(image) | {
        "rating": image.rating or None,
        "is_contributed": image.is_contributed,
        "remembered_choice": remembered_choice(request) or None,
    }
