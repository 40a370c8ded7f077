"""Every error that Offcut raises on purpose, as one tree.

    OffcutError
    ├── PhotoError           the photo cannot be used
    ├── OptionError          an option has a value that is not allowed
    ├── NoForegroundError    the photo has nothing to cut out
    ├── ModelError           weights are missing, broken or not allowed
    ├── DeviceError          the processor or precision asked for cannot be had
    ├── OutputError          the result cannot be written
    ├── SettingError         a setting of the server cannot be used
    ├── MailError            a mail cannot be sent at the moment
    ├── AccountError         a person, team or key may not do this
    │   ├── KeyRefusedError          an API key does not open anything
    │   │   ├── UnknownKeyError          there is no such key
    │   │   ├── RevokedKeyError          somebody switched it off
    │   │   ├── ExpiredKeyError          its last day is over
    │   │   ├── MemberGoneError          the person who made it has left the team
    │   │   └── TeamSuspendedError       its team is suspended
    │   ├── NotAllowedError          the role does not reach that far
    │   ├── LastOwnerError           a team would be left without an owner
    │   ├── InvitationError          an invitation cannot be used
    │   └── SignInLinkError          a one-time sign-in link cannot be used
    ├── CreditError          credits cannot be used in this way
    │   ├── InsufficientCreditsError   the lots that may pay hold less than is needed
    │   ├── KeyLimitError              an API key has used up its limit for the month
    │   ├── AmountError                an amount is zero, negative or finer than the scale
    │   ├── ClockError                 the clock went back, or does not say its time zone
    │   ├── IdReusedError              an id was used for something else before
    │   ├── HoldError                  a hold cannot do that
    │   │   ├── HoldNotFoundError          there is no hold under this id
    │   │   ├── HoldCapturedError          its credits are spent
    │   │   ├── HoldReleasedError          its credits were given back
    │   │   └── HoldLapsedError            nobody came back to it in time
    │   ├── CorrectionError            a correction would do more than undo
    │   ├── EntryFinalError            the ledger is only ever added to
    │   └── PlanError                  a plan or subscription does not allow that
    │       ├── PlanChangeError            the team cannot move to that plan
    │       ├── PlanInUseError             a plan or pack that somebody has cannot go
    │       └── SubscriptionError          the subscription is not in a state for that
    └── PaymentError         an order cannot be made, paid or refunded
        ├── OrderStateError            the order is not in a state for that
        └── RefundError                a refund cannot be asked for or given

Each error has a stable `code` (for programs), one sentence that a person understands, and a `hint`
that says what to do next. No HTTP status lives here: the server maps codes to statuses.
"""

from __future__ import annotations

from typing import ClassVar


class OffcutError(Exception):
    """Root of the tree.

    `code` is stable across releases; `str(error)` is the sentence; `hint` says what to do next ("" if
    there is nothing to add).
    """

    code: ClassVar[str] = "error"
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = self.default_hint if hint is None else hint


class PhotoError(OffcutError):
    """The photo cannot be used."""

    code = "photo_error"


class OptionError(OffcutError):
    """An option has a value that is not allowed. `parameter` is the option's name."""

    code = "invalid_option"

    def __init__(self, parameter: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.parameter = parameter


class NoForegroundError(OffcutError):
    """The photo has nothing that stands out from its background."""

    code = "no_foreground"
    default_hint = "Try a photo with one clear subject, or mark it with a box."


class ModelError(OffcutError):
    """Weights are missing, broken or not allowed."""

    code = "model_error"


class DeviceError(OffcutError):
    """The processor or precision asked for cannot be had on this machine."""

    code = "device_unavailable"


class OutputError(OffcutError):
    """The result cannot be written."""

    code = "output_error"


class SettingError(OffcutError):
    """A setting of the server cannot be used."""

    code = "setting_error"


class MailError(OffcutError):
    """A mail cannot be sent at the moment."""

    code = "mail_not_sent"
    default_hint = "Try again in a few minutes."


class AccountError(OffcutError):
    """A person, team or key may not do this."""

    code = "account_error"


class KeyRefusedError(AccountError):
    """An API key does not open anything."""

    code = "key_refused"


class UnknownKeyError(KeyRefusedError):
    """There is no such key."""

    code = "unknown_key"
    default_hint = "Copy the whole key again, or make a new one on the API keys page."


class RevokedKeyError(KeyRefusedError):
    """Somebody switched the key off."""

    code = "revoked_key"
    default_hint = "Make a new key on the API keys page."


class ExpiredKeyError(KeyRefusedError):
    """The key's last day is over."""

    code = "expired_key"
    default_hint = "Make a new key on the API keys page."


class MemberGoneError(KeyRefusedError):
    """The person who made the key has left the team."""

    code = "member_gone"
    default_hint = "An admin of the team can take the key over on the API keys page."


class TeamSuspendedError(KeyRefusedError):
    """The key's team is suspended."""

    code = "team_suspended"
    default_hint = "Ask the operator of this website."


class NotAllowedError(AccountError):
    """The person's role in the team does not reach that far."""

    code = "not_allowed"
    default_hint = "Ask an owner of the team."


class LastOwnerError(AccountError):
    """A team would be left without an owner."""

    code = "last_owner"
    default_hint = "Make somebody else an owner first."


class InvitationError(AccountError):
    """An invitation is used, withdrawn, over, or meant for another address."""

    code = "invitation_unusable"
    default_hint = "Ask for a new invitation."


class SignInLinkError(AccountError):
    """A one-time sign-in link is unknown, used or over."""

    code = "sign_in_link_unusable"
    default_hint = "Make a new one with `offcut admin sign-in-link`."


class CreditError(OffcutError):
    """Credits cannot be used in this way."""

    code = "credit_error"


class InsufficientCreditsError(CreditError):
    """The lots that may pay hold less than is needed. `needed` and `available` are in 1/100 credit."""

    code = "insufficient_credits"
    default_hint = "Buy a pack, choose a larger plan, or wait for the next period."

    def __init__(self, *, needed: int, available: int) -> None:
        super().__init__(f"This needs {needed / 100:g} credits and {available / 100:g} are left.")
        self.needed = needed
        self.available = available


class KeyLimitError(CreditError):
    """An API key has used up its limit for the month. `limit` and `used` are in 1/100 credit."""

    code = "key_limit_reached"
    default_hint = "An admin of the team can raise the limit on the API keys page."

    def __init__(self, *, limit: int, used: int) -> None:
        super().__init__(f"This key may use {limit / 100:g} credits a month and has used {used / 100:g}.")
        self.limit = limit
        self.used = used


class AmountError(CreditError):
    """An amount is zero, negative, or finer than 1/100 credit."""

    code = "invalid_amount"


class ClockError(CreditError):
    """The clock went back behind what is already written, or a moment does not say its time zone."""

    code = "clock_went_back"
    default_hint = "Set the clock of this machine; nothing was booked."


class IdReusedError(CreditError):
    """The id was used for something else before."""

    code = "id_reused"
    default_hint = "Make a new id for each new request."


class HoldError(CreditError):
    """A hold cannot do that."""

    code = "hold_error"


class HoldNotFoundError(HoldError):
    """There is no hold under this id."""

    code = "hold_not_found"


class HoldCapturedError(HoldError):
    """The hold's credits are spent."""

    code = "hold_captured"


class HoldReleasedError(HoldError):
    """The hold's credits were given back."""

    code = "hold_released"
    default_hint = "Hold again under the same id."


class HoldLapsedError(HoldError):
    """Nobody came back to the hold in time."""

    code = "hold_lapsed"
    default_hint = "Hold again under the same id."


class CorrectionError(CreditError):
    """A correction would do more than undo its entry, or take what is not there."""

    code = "correction_refused"


class EntryFinalError(CreditError):
    """The ledger is only ever added to."""

    code = "entry_is_final"
    default_hint = "Write a correction that names the entry."


class PlanError(CreditError):
    """A plan or a subscription does not allow that."""

    code = "plan_error"


class PlanChangeError(PlanError):
    """The team cannot move to that plan."""

    code = "plan_change_refused"


class PlanInUseError(PlanError):
    """A plan or pack that somebody has, or once bought, cannot be deleted."""

    code = "plan_in_use"
    default_hint = "Take it off the price list instead."


class SubscriptionError(PlanError):
    """The subscription is not in a state for that."""

    code = "subscription_state"


class PaymentError(OffcutError):
    """An order cannot be made, paid or refunded."""

    code = "payment_error"


class OrderStateError(PaymentError):
    """The order is not in a state for that."""

    code = "order_state"


class RefundError(PaymentError):
    """A refund cannot be asked for or given."""

    code = "refund_refused"
