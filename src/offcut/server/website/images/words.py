"""What went wrong, in the person's language: one short sentence and what to do, for each code."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from offcut.errors import InsufficientCreditsError, OffcutError
from offcut.server.credits.amounts import SCALE, credits_of

Words = str | Promise

_OTHER_PHOTO = _("Try another photo.")
_SAVE_AGAIN = _("Open the photo in an image program, save it again, and try with that file.")
_SAVE_AND_UPLOAD = _("Save the photo on your device and upload the file.")
_UPLOAD_AGAIN = _("Upload the photo again.")
_CHECK_ADDRESS = _("Check the address, or upload the file.")
_LATER = _("Please try again in a moment.")

WORDS: dict[str, tuple[Words, Words]] = {
    # The photo.
    "missing_photo": (_("No photo has come."), _("Choose a photo first.")),
    "empty_photo": (_("This file is empty."), _("It may not have been copied to its end. Try it again.")),
    "not_an_image": (
        _("This file is not a photo."),
        _("Choose a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF file."),
    ),
    "unsupported_photo": (
        _("This kind of file cannot be read."),
        _("Choose a JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF file."),
    ),
    "truncated_image": (
        _("Part of this photo is missing."),
        _("Copy or download the photo again, then upload it."),
    ),
    "broken_image": (_("This photo is damaged."), _SAVE_AGAIN),
    "broken_archive": (_("This photo is damaged."), _SAVE_AGAIN),
    "file_too_large": (
        _("This file is larger than 22 MB."),
        _("Save the photo as JPEG, or make it smaller."),
    ),
    "too_many_pixels": (_("This photo has more than 50 megapixels."), _("Make the photo smaller first.")),
    "gigapixel_photo": (
        _("This file claims more pixels than any photo has."),
        _("Export it anew, with at most 50 megapixels."),
    ),
    "invalid_dimensions": (_("This photo is too small or too narrow."), _OTHER_PHOTO),
    "photo_too_small": (_("This photo is only a few pixels large."), _OTHER_PHOTO),
    "photo_too_narrow": (_("This photo is too narrow."), _("Cut a part out of it that is less narrow.")),
    "photo_too_long": (_("This photo is too long."), _("Make the photo smaller first.")),
    "decompression_bomb": (_("This photo is damaged."), _SAVE_AGAIN),
    "no_foreground": (
        _("Nothing in this photo stands out from its background."),
        _("Try a photo with one clear subject in the foreground."),
    ),
    # A photo's address.
    "photo_address_failed": (_("No photo could be fetched from this address."), _SAVE_AND_UPLOAD),
    "address_invalid": (
        _("This is not the address of a photo."),
        _("It should look like https://example.com/photo.jpg."),
    ),
    "address_forbidden": (_("Photos cannot be fetched from this address."), _SAVE_AND_UPLOAD),
    "address_unreachable": (
        _("This address cannot be reached."),
        _("Check the address, or upload the file."),
    ),
    "address_status": (_("There is no photo at this address."), _CHECK_ADDRESS),
    "address_redirects": (_("This address leads to nowhere."), _SAVE_AND_UPLOAD),
    "address_too_large": (_("The photo at this address is larger than 22 MB."), _("Make the photo smaller.")),
    "address_timeout": (_("This address takes too long to answer."), _SAVE_AND_UPLOAD),
    "address_answer": (_("No photo could be fetched from this address."), _SAVE_AND_UPLOAD),
    # What is kept here.
    "image_not_ready": (_("The cut-out is not there yet."), _("Wait until it is done.")),
    "image_expired": (
        _("This image is no longer here: its time was over, and it was deleted."),
        _UPLOAD_AGAIN,
    ),
    "image_deleted": (_("This image is no longer here: it was deleted."), _UPLOAD_AGAIN),
    "strokes_changed": (
        _("This photo was changed in another window."),
        _("Load the page again to go on from there."),
    ),
    "invalid_strokes": (
        _("This stroke of the brush cannot be painted."),
        _("Load the page again, and try a shorter stroke."),
    ),
    "matte_changed": (
        _("This cut-out was changed in another window."),
        _("Load the page again to go on from there."),
    ),
    "background_gone": (
        _("The background photo is no longer here."),
        _("Choose the background photo again."),
    ),
    "too_many_images": (
        _("You keep as many images as you can."),
        _("Delete some, or wait until older ones have been deleted."),
    ),
    "image_storage_full": (_("There is no room for more images at the moment."), _LATER),
    "sign_in_needed": (
        _("You need an account for this."),
        _("Sign in or sign up: the image stays yours, and previews are always free."),
    ),
    # Credits and teams.
    "insufficient_credits": (
        _("Your credits are used up."),
        _("Previews are still free. For the full size, get a plan or a pack of credits."),
    ),
    "team_suspended": (_("This team is suspended."), _("Ask the operator of this website.")),
    "not_allowed": (_("You may not do this in this team."), _("Ask an owner of the team.")),
    "submission_quota": (_("The team has given as many photos as a day allows."), _("Go on tomorrow.")),
    # Now is not the time.
    "queue_full": (_("Many photos are being worked on right now."), _LATER),
    "team_queue_full": (_("Many of your photos are waiting right now."), _LATER),
    "rate_limit_exceeded": (_("That was a lot in a short time."), _("Please wait a minute.")),
    "request_running": (_("This is being done already."), _LATER),
    "server_stopping": (_("The website is being restarted."), _LATER),
    "client_gone": (_("The connection was lost."), _LATER),
    "upload_timeout": (_("The connection was lost."), _LATER),
    # What was asked.
    "output_too_large": (
        _("The result would be too large for this kind of file."),
        _("Choose PNG, or a smaller photo."),
    ),
    "not_found": (_("There is nothing here."), ""),
    "method_not_allowed": (_("This cannot be done here."), ""),
    "disk_full": (_("There is no room for more images at the moment."), _LATER),
}

_NOT_READY: tuple[Words, Words] = (
    _("The website cannot cut out photos at the moment."),
    _("Please try again later."),
)
_FAULT: tuple[Words, Words] = (
    _("Something went wrong on our side."),
    _("Please try again. If it happens again, tell us."),
)
_VALUE: tuple[Words, Words] = (
    _("One of the settings has a value that is not possible."),
    _("Change the setting and try again."),
)

NOT_READY_CODES = frozenset(
    {
        *("model_error", "unknown_model", "licence_not_accepted", "weights_missing", "weights_corrupt"),
        *("weights_locked", "weights_storage", "download_failed", "no_network", "wrong_hash", "tool_missing"),
        *("graph_model_unreadable", "device_unavailable", "precision_unavailable"),
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """An error for a person: its code, a sentence, and what to do ("" when there is nothing)."""

    code: str
    message: str
    hint: str

    def json(self) -> dict[str, str]:
        """As it stands in JSON answers."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


def said(code: str) -> Said:
    """The words for a code, in the language that is active now."""
    message, hint = _words(code)
    return Said(code, str(message), str(hint))


def said_of(error: OffcutError) -> Said:
    """The words for an error: those for its code, or better ones where the error knows more."""
    words = said(error.code)
    if isinstance(error, InsufficientCreditsError) and error.available > 0:
        return Said(words.code, short_of_credits(error.needed, error.available), words.hint)
    return words


def short_of_credits(needed: int, available: int) -> str:
    """That so much is needed (both in 1/100 credit), and less is there."""
    sentence = ngettext(
        "This needs {n} credit, and you have {left}.",
        "This needs {n} credits, and you have {left}.",
        needed // SCALE,
    )
    return sentence.format(n=number_format(credits_of(needed)), left=number_format(credits_of(available)))


def _words(code: str) -> tuple[Words, Words]:
    if code in WORDS:
        return WORDS[code]
    if code in NOT_READY_CODES:
        return _NOT_READY
    return _VALUE if code.startswith("invalid_") or code in _VALUE_CODES else _FAULT


_VALUE_CODES = frozenset(
    {
        *("multiple_bg_sources", "unknown_option", "roi_exceeds_bounds", "roi_region_empty"),
        *("box_exceeds_bounds", "box_region_empty", "points_exceed_bounds"),
    }
)
