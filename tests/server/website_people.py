"""Browsers of visitors and of signed-in people, the feeder of the tests, and the plain matte."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image as PillowImage
from tests.server.plain_runner import plain_cut

from offcut.engine.opening import open_photo
from offcut.errors import NoForegroundError
from offcut.server.removals.feeder import Feeder
from offcut.server.runners.any_work import AnyResult, AnyWork
from offcut.server.runners.composing import ResultWork, compose_result
from offcut.server.runners.matting import FoundMatte, MatteWork
from offcut.server.runners.steps import Tell

JSON = {"accept": "application/json"}


def plain_do(work: AnyWork, tell: Tell) -> AnyResult:
    """What the engine does, with red for a subject and no networks."""
    if isinstance(work, ResultWork):
        return compose_result(work, tell)
    if not isinstance(work, MatteWork):
        return plain_cut(work, tell)
    tell("decode")
    photo = open_photo(work.photo, limits=work.limits)
    red = (photo.pixels[:, :, 0] > 150) & (photo.pixels[:, :, 1] < 100)
    if not red.any():
        raise NoForegroundError("There is nothing red.")
    alpha = np.where(red, 255, 0).astype(np.uint8)
    belief = np.asarray(PillowImage.fromarray(alpha).resize((64, 64)))
    return FoundMatte(photo, alpha, belief, "person", 0.9, {"decode": 0.001})


@dataclass
class Browser:
    """Somebody's browser, with what pages and scripts send."""

    client: Client = field(default_factory=Client)

    def upload(self, *photos: bytes, name: str = "dog.jpg", **fields: Any) -> Any:
        """Upload as a script does."""
        files = [SimpleUploadedFile(name, photo) for photo in photos]
        return self.client.post(reverse("images:upload"), {"photo": files, **fields}, headers=JSON)

    def image(self, photo: bytes, **fields: Any) -> dict[str, Any]:
        """Upload one photo, have it cut out, and return its JSON."""
        answer = self.upload(photo, **fields)
        assert answer.status_code == 201, answer.content
        feed()
        return self.json(answer.json()["images"][0]["urls"]["page"])

    def json(self, address: str) -> Any:
        """A GET as a script does."""
        answer = self.client.get(address, headers=JSON)
        assert answer.status_code == 200, (answer.status_code, answer.content)
        return answer.json()

    def get(self, address: str) -> Any:
        return self.client.get(address)

    def post(self, address: str, **data: Any) -> Any:
        return self.client.post(address, data, headers=JSON)


def feed() -> int:
    """Cut out everything that waits; how many."""
    feeder = Feeder(threads=0)
    count = 0
    while feeder.work_one():
        count += 1
    return count


def pixels(content: bytes) -> np.ndarray:
    """A picture's pixels."""
    return np.asarray(PillowImage.open(io.BytesIO(content)))
