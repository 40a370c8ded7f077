"""Every word of the studio that its scripts say, in the language of whoever asks."""

from __future__ import annotations

from django.utils.translation import gettext as _


def script_words() -> dict[str, str]:
    """The sentences that scripts say, by the names they know them by."""
    return _of_brushing() | _of_saving() | _of_files()


def keys() -> list[tuple[tuple[str, ...], str]]:
    """The keys of the canvas and what each does."""
    return [
        (("R", "E", "V"), _("Restore, erase, move")),
        (("M",), _("Magic or manual")),
        (("[", "]"), _("Brush smaller, larger")),
        (("←", "↑", "↓", "→"), _("Move the brush, or the photo; with Shift in small steps")),
        ((_("Space"),), _("Hold to paint with the keyboard; with the mouse, hold to move the photo")),
        (("Enter",), _("Begin and end a stroke")),
        (("Esc",), _("Drop the stroke")),
        (("Ctrl", "Z"), _("Undo")),
        (("Ctrl", "Shift", "Z"), _("Redo")),
        (("+", "-"), _("Zoom")),
        (("0", "1"), _("Fit to the window, 100 %")),
        (("C",), _("Hold to see the original")),
    ]


def _of_brushing() -> dict[str, str]:
    return {
        "painting": _("Painting"),
        "stroke_applied": _("Stroke applied"),
        "undone": _("Undone"),
        "redone": _("Redone"),
        "nothing_to_undo": _("There is nothing to undo"),
        "nothing_to_redo": _("There is nothing to redo"),
        "strokes": _("{count} strokes"),
        "one_stroke": _("1 stroke"),
        "size": _("Size {size}"),
        "magic": _("Magic brush"),
        "manual": _("Manual brush"),
        "hint_move": _(
            "Drag to move the photo, pinch or turn the wheel to zoom. Restore and erase are the brush."
        ),
        "hint_magic_restore": _("Stroke over what is missing: the whole part comes back, up to its edge."),
        "hint_magic_erase": _("Stroke over what should go: the whole part goes, up to its edge."),
        "hint_manual_restore": _("Brings back exactly what you paint over."),
        "hint_manual_erase": _("Takes away exactly what you paint over."),
        "percent": _("{value} %"),
        "pixels": _("{value} px"),
        "none": _("none"),
    }


def _of_saving() -> dict[str, str]:
    return {
        "loading": _("Opening the photo"),
        "not_loaded": _("The photo could not be loaded. Check your connection, then reload the page."),
        "making_result": _("Drawing the result"),
        "shadow_replaced": _(
            "The photo cuts the subject off below, so there is no ground: the drop shadow is drawn instead."
        ),
        "saving": _("Saving"),
        "saved": _("Saved"),
        "not_saved": _("Not saved yet"),
        "away": _(
            "No connection. Go on: your work is kept here and saved as soon as the connection is back."
        ),
        "away_result": _("The result cannot be drawn without a connection."),
        "back": _("The connection is back. Everything is saved."),
        "resumed": _("Saving what could not be saved on your last visit."),
        "changed_elsewhere": _(
            "This photo was also changed in another window. This is the newest state, your stroke included."
        ),
        "gone": _("This photo is no longer kept. Upload it again to go on."),
        "refused": _("That did not work. Reload the page and try again."),
    }


def _of_files() -> dict[str, str]:
    return {
        "uploading": _("Uploading the background"),
        "background_laid": _("Your photo is the background now"),
        "away_upload": _("No connection. Try again when it is back."),
        "applied_to_all": _("All photos of the batch have these settings now"),
        "full_size": _("%(width)s × %(height)s pixels.") % {"width": "{width}", "height": "{height}"},
        "preparing": _("Preparing your file"),
        "downloaded": _("Downloaded"),
        "away_download": _(
            "No connection: the file could not be fetched. Your work is kept; try again later."
        ),
        "sign_in": _("Sign in"),
        "get_credits": _("Get credits"),
        "copied": _("Copied: paste it anywhere"),
        "clipboard_missing": _("This browser cannot copy pictures. Download the file instead."),
        "clipboard_refused": _("The browser did not allow copying. Click again, or download the file."),
    }
