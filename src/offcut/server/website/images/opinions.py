"""After a result: was it good, and may the photo help to make it better?"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from offcut.server.removals import files, images, improvement
from offcut.server.removals.models import Image
from offcut.server.website.images.access import image_or_404
from offcut.server.website.images.answers import result_json
from offcut.server.website.images.choice import remember_choice, remembered_choice
from offcut.server.website.images.refusals import refused, wants_json
from offcut.server.website.images.results import asked_word


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
    """Give this photo to the improvement programme, or not: a no takes back what was given before.

    `remember` keeps the choice for the results to come.
    """
    image = image_or_404(request, image_id)
    choice = asked_word(request, "choice", ("yes", "no"), "")
    if request.POST.get("remember"):
        remember_choice(request, choice)
    if choice == "yes":
        _contribute(image)
    elif image.submission is not None:
        improvement.take_back(image.submission, by=images.owner_of(image))
        image.submission = None
    if choice == "no" and not wants_json(request):
        messages.success(request, _("All right. Nothing is kept."))
    return _answer(request, image)


def _contribute(image: Image) -> None:
    if image.is_contributed:
        return
    image.submission = improvement.submit(
        images.owner_of(image),
        files.read(image.original_file),
        limits=images.LIMITS,
        filename=image.name,
        tag="website",
    )
    Image.objects.filter(pk=image.pk).update(submission=image.submission)


def _answer(request: HttpRequest, image: Image) -> HttpResponse:
    if wants_json(request):
        return JsonResponse(opinion_json(request, image))
    return redirect("images:image", image_id=image.pk)


def opinion_json(request: HttpRequest, image: Image) -> dict[str, Any]:
    """The image, and what the person has said about it."""
    return result_json(image) | {
        "rating": image.rating or None,
        "is_contributed": image.is_contributed,
        "remembered_choice": remembered_choice(request) or None,
    }
