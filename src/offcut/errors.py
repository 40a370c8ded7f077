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
    └── AccountError         a person, team or key may not do this
        ├── KeyRefusedError          an API key does not open anything
        │   ├── UnknownKeyError          there is no such key
        │   ├── RevokedKeyError          somebody switched it off
        │   ├── ExpiredKeyError          its last day is over
        │   ├── MemberGoneError          the person who made it has left the team
        │   └── TeamSuspendedError       its team is suspended
        ├── NotAllowedError          the role does not reach that far
        ├── LastOwnerError           a team would be left without an owner
        ├── InvitationError          an invitation cannot be used
        └── SignInLinkError          a one-time sign-in link cannot be used

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
