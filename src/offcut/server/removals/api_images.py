"""Photos that came by the API are kept among the team's images, where the team has asked for that.

What the API made is gone with the answer: it knows one result, not the parts that can be edited. So the
photo waits like any that was uploaded, and is cut out once more when the engine has time. Nothing is charged
for that.
"""

from __future__ import annotations

import structlog

from offcut.engine.types import Note
from offcut.errors import ImageError, OutputError
from offcut.server.accounts.models import Team
from offcut.server.removals import feeding, images
from offcut.server.removals.models import Image
from offcut.server.removals.owners import Owner

NOT_KEPT = Note("image_not_kept", "The team wants its photos kept, but there was no room for this one.")

log = structlog.get_logger(__name__)


def keep_if_asked(team: Team, photo: bytes, *, is_paid: bool) -> Image | Note | None:
    """Keep a photo that was cut out for an API call; None where the team did not ask for that.

    Where there is no room a note comes back: the call itself has succeeded and is answered all the same.
    """
    if not team.api_kept_h:
        return None
    try:
        image = images.receive(Owner(team.pk), photo, kept_s=team.api_kept_h * 3600, is_paid=is_paid)
    except (ImageError, OutputError) as error:
        log.warning("a photo of the API was not kept", code=error.code, problem=str(error))
        return NOT_KEPT
    feeding.wake()
    return image
