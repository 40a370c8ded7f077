"""What a refusal says on a page: in the reader's language, why and what to do.

Errors are worded in English where they are raised, for logs and programs. The ones that a person can meet
on these pages are said here once more, so that they can be translated.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from offcut.errors import OffcutError

_WORDS = {
    "plan_change_refused": gettext_lazy(
        "Your team cannot move to that plan: it has it already, or it is no longer on the price list. "
        "Choose another one."
    ),
    "subscription_state": gettext_lazy(
        "Your subscription has changed in the meantime. Look at what it says now, and choose again."
    ),
    "plan_error": gettext_lazy("This has no price at the moment. Choose another one."),
    "payment_error": gettext_lazy(
        "This cannot be ordered at the moment. Choose something else, or ask the owner of this website."
    ),
    "order_state": gettext_lazy(
        "This order has changed in the meantime: it is paid or cancelled. Look at what it says now."
    ),
    "refund_refused": gettext_lazy(
        "A refund of this order cannot be asked for: it is not paid, or a request waits already."
    ),
    "clock_went_back": gettext_lazy("The server's clock is not right. Please try again in a minute."),
    "not_allowed": gettext_lazy("You may not do that here. Ask an owner or admin of the team."),
    "invalid_kind": gettext_lazy("Mails about a failed payment cannot be switched off."),
}


def words_of(refusal: OffcutError) -> str:
    """Return the sentence for a person; one that nobody foresaw says what the error itself says."""
    known = _WORDS.get(refusal.code)
    if known is not None:
        return str(known)
    return _("That did not work: %(reason)s") % {"reason": f"{refusal} {refusal.hint}".strip()}
