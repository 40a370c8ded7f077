"""The studio's page, and what its scripts ask for."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from offcut.engine import scenes
from offcut.engine.encode import encode
from offcut.engine.styling import SCENES
from offcut.errors import ImageError
from offcut.server.removals import images, look, renditions, results
from offcut.server.removals.models import Image, State
from offcut.server.website.images.access import image_or_404
from offcut.server.website.images.refusals import refused
from offcut.server.website.studio import choices, words
from offcut.server.website.studio import strokes as brushed
from offcut.server.website.studio.answers import matte_answer
from offcut.server.website.studio.requests import (
    STROKES_PER_IMAGE_MAX,
    read_count,
    read_object,
    read_strokes,
)

SCENE_SIDE_MAX = 1280
STRIP_MAX = 500


@require_safe
def studio(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """The page. An image that is not done yet, or is gone, has a page of its own that says so."""
    try:
        image = image_or_404(request, image_id)
    except ImageError:
        return redirect("images:image", image_id=image_id)
    if image.state != State.DONE:
        return redirect("images:image", image_id=image_id)
    context = {
        "image": image,
        "photos": _photos_beside(image),
        "photos_beside": images.count_beside(image),
        "full_size": results.full_size(image, None),
        "data": _data(image),
        "words": words.script_words(),
        "keys": words.keys(),
        "scenes": [
            {"name": name, "title": title, "url": reverse("studio:scene", args=(name, 192, 144))}
            for name, title in choices.scenes()
        ],
        **{name: getattr(choices, name)() for name in _CHOICES},
    }
    response = render(request, "studio/studio.html", context)
    response["Cache-Control"] = "no-store"
    return response


_CHOICES = (
    "tabs",
    "backgrounds",
    "swatches",
    "gradients",
    "shadows",
    "canvases",
    "places",
    "formats",
    "plain_backgrounds",
)


@require_http_methods(["GET", "HEAD", "POST"])
@refused
def strokes(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """The matte as it is now; or, with strokes to append, the part of it that they change."""
    image = image_or_404(request, image_id)
    if request.method != "POST":
        return matte_answer(brushed.present(image))
    message = read_object(request.body)
    new = read_strokes(message.get("strokes"), width=image.width, height=image.height)
    after = read_count(message.get("after"), most=STROKES_PER_IMAGE_MAX)
    return matte_answer(brushed.append(image, new, after=after, tag=request.headers.get("If-Match")))


@require_POST
@refused
def rewind(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """Undo or redo."""
    image = image_or_404(request, image_id)
    to = read_count(read_object(request.body).get("to"), most=STROKES_PER_IMAGE_MAX)
    return matte_answer(brushed.rewind(image, to, tag=request.headers.get("If-Match")))


@require_http_methods(["PUT"])
@refused
def settings(request: HttpRequest, image_id: uuid.UUID) -> HttpResponse:
    """Keep how the cut-out is to look."""
    image = image_or_404(request, image_id)
    asked = read_object(request.body)
    look.read(asked)
    Image.objects.filter(pk=image.pk, gone="").update(settings=asked)
    return HttpResponse(status=204)


@require_safe
@cache_control(public=True, max_age=24 * 3600)
def scene(_request: HttpRequest, name: str, width: int, height: int) -> HttpResponse:
    """A made scene at a size of at most 1280 pixels a side."""
    known = next((one for one in SCENES if one == name), None)
    if known is None or not (0 < width <= SCENE_SIDE_MAX and 0 < height <= SCENE_SIDE_MAX):
        raise Http404("There is no such scene.")
    picture = encode(scenes.draw(known, width, height), None, "jpg", quality=85)
    return HttpResponse(picture, content_type="image/jpeg")


def _photos_beside(image: Image) -> list[Image]:
    """The finished photos of the image's batch, in their order."""
    if image.batch is None:
        return []
    return list(images.images_in(image.batch).filter(state=State.DONE).defer("strokes")[:STRIP_MAX])


def _data(image: Image) -> dict[str, Any]:
    screen = renditions.screen_of(image.width, image.height)
    ratio = min(1.0, SCENE_SIDE_MAX / max(screen.width, screen.height))
    scene_size = max(1, round(screen.width * ratio)), max(1, round(screen.height * ratio))
    return {
        "image": {
            "id": str(image.pk),
            "name": image.name,
            "width": image.width,
            "height": image.height,
            "screen": {"width": screen.width, "height": screen.height},
            "is_paid": image.is_paid,
            "settings": image.settings,
        },
        "strokes": {
            "count": image.stroke_count,
            "total": len(image.strokes),
            "tag": brushed.tag_now(image),
        },
        "urls": _urls(image, scene_size),
    }


def _urls(image: Image, scene_size: tuple[int, int]) -> dict[str, str]:
    """Addresses; "NAME" stands where a script puts the name of a scene or the number of a background."""
    nobody = uuid.UUID(int=0)
    studio_, pictures = ("strokes", "rewind", "settings"), ("original", "preview", "size", "download")
    urls = {name: reverse(f"studio:{name}", args=(image.pk,)) for name in studio_}
    urls |= {name: _address(f"images:{name}", image.pk) for name in pictures}
    urls["colours"] = f"{_address('images:colours', image.pk)}?v={image.matte_number}"
    urls["scene"] = reverse("studio:scene", args=("NAME", *scene_size))
    urls["photo"] = _address("images:background", nobody).replace(str(nobody), "NAME")
    urls["background"] = _address("images:backgrounds")
    urls["batch_settings"] = _address("images:batch_settings", image.batch_id) if image.batch_id else ""
    urls["pricing"] = _address("pages:pricing")
    urls["signIn"] = f"{reverse('account_login')}?next={reverse('studio:studio', args=(image.pk,))}"
    return urls


def _address(name: str, *args: object) -> str:
    """An address by its name; "" where this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
