"""Every word that the scripts of the front page, the result and the batch show to a person.

`{name}` is filled in by the script. Where a count decides, there is a form for one and one for others.
"""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def counted(one: str, other: str) -> dict[str, str]:
    """Both forms of a sentence with a count `{n}`."""
    return {"one": ngettext(one, other, 1), "other": ngettext(one, other, 2)}


def result_words() -> dict[str, Any]:
    """For `result.js` and what it stands on."""
    return {
        "reading": _("Reading your photo…"),
        "uploading": _("Uploading… {percent} %"),
        "fetching": _("Fetching the photo from that address…"),
        "waiting": _("Waiting for a free place…"),
        "working": _("Cutting out…"),
        "waiting_s": _("Waiting for a free place: about {time} left."),
        "working_s": _("Cutting out: about {time} left."),
        "done": _("Your cut-out is ready."),
        "title_working": _("One moment…"),
        "title_done": _("Your cut-out"),
        "title_failed": _("That did not work"),
        "title_gone": _("This photo is gone"),
        "offline": _("The network is gone. Your photo is kept here, and is sent as soon as it is back."),
        "offline_result": _("The network is gone. This page goes on by itself as soon as it is back."),
        "offline_deed": _("No connection. Try again when it is back."),
        "expired": _("The time to keep this photo is over, and it was deleted with all that was made of it."),
        "expired_hint": _("Choose the photo again to make a new cut-out."),
        "deleted": _("Deleted. Nothing of this photo is left here."),
        "cancelled": _("Cancelled. Nothing was kept."),
        "unknown": _("Something went wrong on our side."),
        "unknown_hint": _("Please try again in a moment."),
        "too_large": _("This file is too large: at most {size} MB."),
        "too_large_hint": _("Save the photo as a JPEG, or make it smaller."),
        "no_photo": _("There is no photo in what you gave."),
        "no_photo_hint": _("Choose a JPEG, PNG, WebP, HEIC, AVIF or TIFF file."),
        "not_an_address": _("That is not the address of a photo."),
        "not_an_address_hint": _("It starts with https:// and leads to the photo itself."),
        "stale": _("This page was open for too long."),
        "stale_hint": _("Reload the page, then try again."),
        "leaves": _("It is deleted by itself in {time}."),
        "kept": _("It is kept until you delete it."),
        "pixels": _("{width} × {height} pixels"),
        "price": counted("{n} credit", "{n} credits"),
        "paid": _("Paid: free as often as you like while it is kept."),
        "balance": counted("You have {n} credit.", "You have {n} credits."),
        "account_needed": _("Needs an account."),
        "downloading": _("Making your file…"),
        "downloaded": _("Your file is in your downloads."),
        "thanks": _("Thank you."),
        "contribution_yes": _("Thank you. This photo is kept to improve the cut-outs."),
        "contribution_no": _("All right. Nothing is kept."),
        "share_lost": _("The shared photo did not arrive. Please choose it here."),
        "seconds": counted("{n} second", "{n} seconds"),
        "minutes": counted("{n} minute", "{n} minutes"),
        "hours": counted("{n} hour", "{n} hours"),
        "days": counted("{n} day", "{n} days"),
        "sign_in": _("Sign in"),
        "sign_up": _("Sign up"),
        "more": _("Read on"),
        "get_credits": _("Get credits"),
        "credits_url": _pricing(),
        "wipe": _("{percent} % of the photo, {rest} % of the cut-out"),
    }


def batch_words() -> dict[str, Any]:
    """For `bulk.js`, besides those of the result."""
    return _of_sending() | _of_credits() | _of_deleting()


def _of_sending() -> dict[str, Any]:
    return {
        "photos": counted("{n} photo", "{n} photos"),
        "skipped": counted(
            "{n} file was left out because it is no photo.",
            "{n} files were left out because they are no photos.",
        ),
        "state_chosen": _("Not sent yet"),
        "state_uploading": _("Uploading: {percent} %"),
        "state_waiting": _("Waiting"),
        "state_working": _("Cutting out"),
        "state_done": _("Ready"),
        "state_failed": _("Failed"),
        "state_lost": _("Waiting for the network"),
        "progress": _("{done} of {total} ready"),
        "progress_failed": _("{done} of {total} ready, {failed} failed"),
        "left": _("about {time} left"),
        "finished": _("All photos are ready."),
        "finished_failed": counted(
            "Ready, but for {n} photo. It says below what to do.",
            "Ready, but for {n} photos. They say below what to do.",
        ),
        "leave": _("Photos are still being sent."),
        "offline_batch": _(
            "The network is gone. Your photos are kept here, and are sent as soon as it is back."
        ),
        "missing": counted(
            "{n} photo was not sent before the page was closed. Please choose it again:",
            "{n} photos were not sent before the page was closed. Please choose them again:",
        ),
        "settings_kept": _("Applied to all photos."),
        "title": counted("{n} photo", "{n} photos"),
        "retry": _("Try again"),
        "remove": _("Leave out"),
        "studio": _("Open in the studio"),
    }


def _of_credits() -> dict[str, Any]:
    return {
        "cost": counted(
            "Cut-outs and previews are free. Full size costs {n} credit in all.",
            "Cut-outs and previews are free. Full size costs {n} credits in all: 1 for each photo.",
        ),
        "cost_rest": counted(
            "Cut-outs and previews are free. Full size costs {n} more credit: 1 photo is not paid yet.",
            "Cut-outs and previews are free. Full size costs {n} more credits: 1 for each unpaid photo.",
        ),
        "no_account": _("Full size needs an account; nothing is charged before you download."),
        "zip_free": _("Previews are free."),
        "zip_price": counted(
            "This charges {n} credit now.",
            "This charges {n} credits now.",
        ),
        "zip_short": counted(
            "This needs {n} credit, and you have {left}.",
            "This needs {n} credits, and you have {left}.",
        ),
        "zip_paid": _("All are paid: nothing is charged."),
    }


def _of_deleting() -> dict[str, Any]:
    return {
        "expired_batch": _("The time to keep these photos is over, and they were deleted."),
        "delete": _("Delete"),
        "ask_paid": _("Delete {name} now? It is paid; to cut it out anew costs a credit again."),
        "ask_all": counted(
            "Delete {n} photo now, with all that was made of it?",
            "Delete all {n} photos now, with all that was made of them?",
        ),
        "ask_all_paid": counted(
            "{n} is paid; to cut it out anew costs a credit again.",
            "{n} are paid; to cut them out anew costs credits again.",
        ),
        "leaves_all": _("They are deleted by themselves in {time}."),
        "deleted_all": _("Deleted. Nothing of these photos is left here."),
    }


def _pricing() -> str:
    try:
        return reverse("pages:pricing")
    except NoReverseMatch:
        return ""
