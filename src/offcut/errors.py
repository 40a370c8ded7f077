"""Every error that Offcut raises on purpose, as one tree.

    OffcutError
    ├── PhotoError           the photo cannot be used
    │   ├── MissingPhotoError       a request brings no photo
    │   ├── SeveralPhotosError      a request brings more than one
    │   ├── PhotoNotFoundError      no file of that name, or nothing that a pattern or folder holds
    │   ├── PhotoUnreadableError    the file is there and cannot be read
    │   ├── PhotoTypeError          neither path, bytes, file, Pillow image nor array
    │   ├── PhotoAddressError       the address does not give a photo
    │   │   ├── InvalidAddressError     no http or https address in the usual form
    │   │   ├── ForbiddenAddressError   it leads where a server must not go for a stranger
    │   │   ├── UnreachableAddressError   no such name, no connection, or it breaks off
    │   │   ├── AddressStatusError      it answers with an HTTP status other than 200
    │   │   ├── RedirectsError          it leads from one address to the next without end
    │   │   ├── AddressTooLargeError    it sends more than allowed
    │   │   ├── AddressTimeoutError     it takes longer than allowed
    │   │   └── AddressAnswerError      what comes back is no plain HTTP answer
    │   ├── EmptyPhotoError         no bytes at all
    │   ├── NotAnImageError         bytes that are no image
    │   ├── UnsupportedPhotoError   a kind of file that Offcut does not read
    │   ├── TruncatedPhotoError     the file ends before the picture does
    │   ├── BrokenPhotoError        the file is damaged
    │   ├── FileTooLargeError       more bytes than allowed
    │   ├── TooManyPixelsError      more pixels than allowed
    │   │   └── GigapixelPhotoError     so many that it can only be meant to fill the memory
    │   ├── InvalidDimensionsError  sides that no photo has
    │   │   ├── PhotoTooSmallError      too few pixels
    │   │   ├── PhotoTooNarrowError     one side many times as long as the other
    │   │   └── PhotoTooLongError       a side longer than allowed
    │   ├── DecompressionBombError  a small file that unpacks to a huge one
    │   ├── InvalidPixelsError      an array that is no photo
    │   └── BrokenArchiveError      a ZIP that is not colour and alpha
    ├── OptionError          an option has a value that is not allowed
    │   ├── BackgroundImageError   the background image cannot be used
    │   └── StrokeError      a brush stroke that cannot be painted
    ├── NoForegroundError    the photo has nothing to cut out
    ├── ModelError           weights are missing, broken or not allowed
    │   ├── GraphModelError         a TensorFlow.js graph model cannot be read
    │   ├── UnknownModelError       no weights of that name are known
    │   ├── LicenceError            the licence of the weights was not accepted
    │   ├── WeightsMissingError     the weights were never fetched
    │   ├── WeightsCorruptError     the weights on disk are not what they should be
    │   ├── WeightsBusyError        another process has been fetching them for too long
    │   ├── WeightsStorageError     the folder has no room, or cannot be written
    │   └── DownloadError           fetching failed
    │       ├── NoNetworkError          the other side could not be reached
    │       ├── WrongHashError          what came is not what was expected
    │       └── ToolMissingError        npm or pip is not installed
    ├── DeviceError          the device asked for cannot be had
    │   └── PrecisionError          the precision asked for cannot be had
    ├── OutputError          the result cannot be written
    │   ├── UnwritableOutputError   no permission, no such folder, a folder in the way
    │   ├── DiskFullError           no room left
    │   ├── OutputTooLargeError     more pixels than the format can hold
    │   ├── OutputExistsError       a file of that name is there already
    │   ├── OutputInUseError        another run is working on the same result
    │   └── OutputIsTerminalError   a picture would be printed on the screen
    ├── ServiceError         another server's API did not do what was asked
    │   ├── ServiceSetupError       no address or no key to reach it with
    │   ├── ServiceUnreachableError   no connection, or it breaks off
    │   │   └── ServiceTimeoutError     no answer in time
    │   ├── ServiceKeyError         it does not know the key
    │   ├── ServiceCreditsError     the credits there do not suffice
    │   ├── ServiceBusyError        it asks to come back later
    │   │   └── ServiceLimitError       the limit of calls is reached
    │   ├── ServiceIdReusedError    the id of the request was used there before
    │   ├── ServiceFaultError       it has a fault of its own
    │   ├── ServiceAnswerError      what comes back is not the v1.0 API
    │   └── ServiceRefusalError     it refuses the request as a whole, or for a reason that is not known here
    ├── UsageError           the command line asks for two things that exclude each other
    ├── UnexpectedError      a fault of ours, on one photo of many
    ├── SettingError         a setting of the server cannot be used
    ├── MailError            a mail cannot be sent at the moment
    ├── RequestError         a request to the server is not in a form it can be answered in
    │   ├── RequestBodyError         the body is not what its type says
    │   │   └── StrokeRequestError       strokes that are malformed, or too many
    │   ├── HostNotAllowedError      it asks for a host that is not this server's
    │   ├── UploadTimeoutError       its body takes longer to come than allowed
    │   ├── StrokesChangedError      somebody else has brushed the photo meanwhile
    │   ├── UnknownRequestError      there is nothing at that address
    │   └── RequestMethodError       not that method
    ├── RemovalError         the server cannot do this removal, or not now
    │   ├── RemovalBusyError         come back later
    │   │   ├── QueueFullError           the queue is full
    │   │   ├── RateLimitError           the team has asked for too much within a minute
    │   │   │   └── TeamQueueFullError       the team's own photos fill the queue
    │   │   ├── RequestRunningError      the same request is being worked on
    │   │   ├── SubmissionQuotaError     the team has submitted as many photos as a day allows
    │   │   └── StoppingError            the server is being stopped
    │   ├── ImageError               an image that is kept here cannot be used for that
    │   │   ├── ImageNotReadyError       its cut-out is not there yet
    │   │   ├── ImageExpiredError        its time was over and it was deleted
    │   │   ├── ImageDeletedError        its owner deleted it
    │   │   ├── MatteChangedError        its matte was changed by somebody else meanwhile
    │   │   ├── BackgroundGoneError      the background picture it is to lie on is gone
    │   │   ├── TooManyImagesError       its owner keeps as many as may be kept
    │   │   ├── ImageStorageError        there is no room for more images
    │   │   └── SignInNeededError        only somebody with an account can do that
    │   ├── RequestOverError         the time in which a request may be repeated is over
    │   └── ClientGoneError          whoever asked has hung up
    ├── AccountError         a person, team or key may not do this
    │   ├── KeyRefusedError          an API key does not open anything
    │   │   ├── MissingKeyError          there is none in the request
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
that says what to do next. An `OptionError` carries one code per option (`invalid_roi`, `invalid_size`, …):
`offcut.engine.options.OPTION_CODES` lists them all. No HTTP status lives here: the server maps codes to
statuses.
"""

from __future__ import annotations

from typing import ClassVar


class OffcutError(Exception):
    """Root of the tree.

    `code` is stable across releases; `str(error)` is the sentence; `hint` says what to do next ("" if
    there is nothing to add).
    """

    code: str = "error"
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = self.default_hint if hint is None else hint


class PhotoError(OffcutError):
    """The photo cannot be used."""

    code = "photo_error"


class MissingPhotoError(PhotoError):
    """A request brings no photo."""

    code = "missing_photo"
    default_hint = "Send the photo as a file, as base64, or as the address where it lies."


class SeveralPhotosError(PhotoError):
    """A request brings more than one photo."""

    code = "several_photos"
    default_hint = "Send one photo in each request."


class PhotoNotFoundError(PhotoError):
    """No file of that name, or nothing that a pattern or a folder holds."""

    code = "photo_not_found"
    default_hint = "Check the spelling; a folder inside a folder is looked into with --recursive."


class PhotoUnreadableError(PhotoError):
    """The file is there and cannot be read."""

    code = "photo_unreadable"
    default_hint = "Check that you may read the file and that it is no folder."


class PhotoTypeError(PhotoError):
    """A photo was given as something that is neither path, bytes, file, Pillow image nor array."""

    code = "photo_type"
    default_hint = (
        "Give a path, bytes, an open binary file, a Pillow image, or a uint8 array of H×W, H×W×3 (RGB) or "
        "H×W×4 (RGBA)."
    )


class PhotoAddressError(PhotoError):
    """The address does not give a photo: it cannot be reached, refuses, or sends too much."""

    code = "photo_address_failed"
    default_hint = "Check the address in a browser, or save the photo and give the file."


class InvalidAddressError(PhotoAddressError):
    """The address is not an http or https address in the usual form."""

    code = "address_invalid"
    default_hint = (
        "Write it as a browser shows it: https://example.com/photo.jpg, without user name or password."
    )


class ForbiddenAddressError(PhotoAddressError):
    """The address leads to a network that a server must not visit for a stranger."""

    code = "address_forbidden"
    default_hint = (
        "Put the photo on a public address, or send the file. The owner of the server may allow a host."
    )


class UnreachableAddressError(PhotoAddressError):
    """There is no such name, no connection, or the connection breaks off."""

    code = "address_unreachable"


class AddressStatusError(PhotoAddressError):
    """The address answers with an HTTP status other than 200. `status` is that number."""

    code = "address_status"

    def __init__(self, status: int, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class RedirectsError(PhotoAddressError):
    """The address leads to another, and that to another, more often than allowed, or to nowhere."""

    code = "address_redirects"
    default_hint = "Give the address that the browser shows in the end."


class AddressTooLargeError(PhotoAddressError):
    """The address sends more bytes than allowed."""

    code = "address_too_large"
    default_hint = "Make the file smaller."


class AddressTimeoutError(PhotoAddressError):
    """The address takes longer than allowed to send everything."""

    code = "address_timeout"
    default_hint = "Try again, or send the file."


class AddressAnswerError(PhotoAddressError):
    """What comes back is no plain HTTP answer: broken, packed, or with too many headers."""

    code = "address_answer"


class EmptyPhotoError(PhotoError):
    """There are no bytes at all."""

    code = "empty_photo"
    default_hint = "The file is empty: it may not have been copied or uploaded to its end."


class NotAnImageError(PhotoError):
    """The bytes are not an image of any kind that is known."""

    code = "not_an_image"
    default_hint = "Give a photo as JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF."


class UnsupportedPhotoError(PhotoError):
    """The bytes are of a known kind that Offcut does not read. `kind` names it, such as "mp4" or "svg"."""

    code = "unsupported_photo"
    default_hint = "Save it as JPEG, PNG, WebP, HEIC, AVIF, TIFF, BMP or GIF first."

    def __init__(self, kind: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.kind = kind


class TruncatedPhotoError(PhotoError):
    """The file ends before the picture does."""

    code = "truncated_image"
    default_hint = "Copy or download the photo again: part of it is missing."


class BrokenPhotoError(PhotoError):
    """The file is damaged and cannot be read."""

    code = "broken_image"
    default_hint = "Open the photo in an image program and save it anew."


class FileTooLargeError(PhotoError):
    """The file has more bytes than the limit."""

    code = "file_too_large"
    default_hint = "Save the photo as JPEG, or make it smaller."


class TooManyPixelsError(PhotoError):
    """The photo has more pixels than the limit."""

    code = "too_many_pixels"
    default_hint = "Make the photo smaller first."


class GigapixelPhotoError(TooManyPixelsError):
    """The file says that it holds a gigapixel or more: no photo, but something to fill the memory with."""

    code = "gigapixel_photo"
    default_hint = (
        "Do not trust the file. If it is a scan or a map, cut the part that you need out of it first."
    )


class InvalidDimensionsError(PhotoError):
    """A side is too short or too long, or the photo is too narrow for its length."""

    code = "invalid_dimensions"
    default_hint = "Give a photo whose sides are in a usual proportion."


class PhotoTooSmallError(InvalidDimensionsError):
    """A side has too few pixels for anything to be seen."""

    code = "photo_too_small"
    default_hint = "Give the photo itself; this is a dot, a spacer or an icon."


class PhotoTooNarrowError(InvalidDimensionsError):
    """One side is many times as long as the other."""

    code = "photo_too_narrow"
    default_hint = "Cut out of it a part whose sides are in a usual proportion."


class PhotoTooLongError(InvalidDimensionsError):
    """A side is longer than the limit."""

    code = "photo_too_long"
    default_hint = "Make the photo smaller first."


class DecompressionBombError(PhotoError):
    """A small file that unpacks to a huge one."""

    code = "decompression_bomb"
    default_hint = "Open the photo in an image program and save it anew."


class InvalidPixelsError(PhotoError):
    """An array or image object that cannot be understood as a photo."""

    code = "invalid_pixels"
    default_hint = "Give H×W, H×W×3 or H×W×4 values: uint8, uint16, or floats from 0 to 1."


class BrokenArchiveError(PhotoError):
    """A ZIP that does not hold a readable color.jpg and alpha.png of one size."""

    code = "broken_archive"
    default_hint = "Give a ZIP that was made with the zip format: color.jpg and alpha.png in it."


class OptionError(OffcutError):
    """An option has a value that is not allowed. `parameter` is the option's name.

    `code` is `invalid_<parameter>` unless the reason has a code of its own (`roi_exceeds_bounds`).
    """

    code = "invalid_option"

    def __init__(
        self, parameter: str, message: str, *, code: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.parameter = parameter
        self.code = code or f"invalid_{parameter}"


class BackgroundImageError(OptionError):
    """The background image cannot be used. `__cause__` is the error that it would raise as a photo."""

    code = "invalid_bg_image"
    default_hint = "Choose another background image, or a colour."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__("bg_image", message, code=self.code, hint=hint)


class StrokeError(OptionError):
    """A brush stroke has values that cannot be painted."""

    code = "invalid_stroke"
    default_hint = "Send the stroke again with points and radius in photo pixels."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__("strokes", message, code=self.code, hint=hint)


class NoForegroundError(OffcutError):
    """The photo has nothing that stands out from its background."""

    code = "no_foreground"
    default_hint = "Try a photo with one clear subject, or mark it with a box."


class ModelError(OffcutError):
    """Weights are missing, broken or not allowed."""

    code = "model_error"


class UnknownModelError(ModelError):
    """No weights of that name are in the catalogue."""

    code = "unknown_model"
    default_hint = "`offcut models list` shows the names."


class LicenceError(ModelError):
    """The licence of these weights forbids commercial use and has not been accepted."""

    code = "licence_not_accepted"


class WeightsMissingError(ModelError):
    """The weights were never fetched to this machine."""

    code = "weights_missing"


class WeightsCorruptError(ModelError):
    """The weights on disk are not what they should be."""

    code = "weights_corrupt"


class WeightsBusyError(ModelError):
    """Another process has held the weights' lock for too long."""

    code = "weights_locked"
    default_hint = "Wait for the other process, or end it, and try again."


class WeightsStorageError(ModelError):
    """The models folder has no room, or cannot be written."""

    code = "weights_storage"


class DownloadError(ModelError):
    """Fetching the weights failed."""

    code = "download_failed"
    default_hint = "Try again later; what has arrived is kept."


class NoNetworkError(DownloadError):
    """The other side could not be reached."""

    code = "no_network"
    default_hint = "Check the connection and the proxy, or fetch the file elsewhere and pull from it."


class WrongHashError(DownloadError):
    """What came is not what was expected."""

    code = "wrong_hash"
    default_hint = "Nothing was kept. Try again; if it happens twice, do not trust the source."


class ToolMissingError(DownloadError):
    """A program that is needed to fetch the weights is not installed."""

    code = "tool_missing"


class GraphModelError(ModelError):
    """A TensorFlow.js graph model is broken or has something in it that is not known here."""

    code = "graph_model_unreadable"
    default_hint = "Fetch the weights again; if that does not help, this network is not supported."


class DeviceError(OffcutError):
    """The device asked for cannot be had on this machine."""

    code = "device_unavailable"


class PrecisionError(DeviceError):
    """The precision asked for cannot be had on the device."""

    code = "precision_unavailable"


class OutputError(OffcutError):
    """The result cannot be written."""

    code = "output_error"


class UnwritableOutputError(OutputError):
    """The file cannot be created there: no permission, no such folder, or a folder in the way."""

    code = "unwritable_output"
    default_hint = "Choose another folder, or allow writing to this one."


class DiskFullError(OutputError):
    """There is no room left where the file should go."""

    code = "disk_full"
    default_hint = "Make room, or choose another disk."


class OutputTooLargeError(OutputError):
    """The picture has more pixels than the output format can hold."""

    code = "output_too_large"
    default_hint = "Choose PNG or TIFF, or a smaller size."


class OutputExistsError(OutputError):
    """A file of that name is there already, and nobody said to replace it."""

    code = "output_exists"
    default_hint = "Name another file with --output."


class OutputInUseError(OutputError):
    """Another run is working on the same result at this moment."""

    code = "output_in_use"
    default_hint = "Let the other run finish. If there is none, delete the .lock file beside the result."


class OutputIsTerminalError(OutputError):
    """A picture would be printed on the screen."""

    code = "output_is_terminal"
    default_hint = "Send it to a file (offcut - < dog.jpg > dog.png) or name one with --output."


class ServiceError(OffcutError):
    """Another server's API did not do what was asked. `__cause__` is what it wrote, or what went wrong."""

    code = "service_error"


class ServiceSetupError(ServiceError):
    """There is no address or no key to reach the server with, or the address is none."""

    code = "service_not_set_up"
    default_hint = "Give the server's address and an API key, or set OFFCUT_API_URL and OFFCUT_API_KEY."


class ServiceUnreachableError(ServiceError):
    """There is no connection to the server, or it breaks off."""

    code = "service_unreachable"
    default_hint = "Check the address, and that the server runs."


class ServiceTimeoutError(ServiceUnreachableError):
    """The server does not answer in time."""

    code = "service_timeout"
    default_hint = "Try again later, or allow more time."


class ServiceKeyError(ServiceError):
    """The server does not know the API key, or the key opens nothing any more."""

    code = "service_key_refused"
    default_hint = "Copy the whole key again, or make a new one on the server's page of API keys."


class ServiceCreditsError(ServiceError):
    """The credits at the server do not suffice."""

    code = "service_credits_short"
    default_hint = "Buy credits there, ask for fewer photos, or for previews (--size preview)."


class ServiceBusyError(ServiceError):
    """The server asks to come back later. `retry_after_s` is when, in seconds from now; None if it did not
    say."""

    code = "service_busy"
    default_hint = "Try again later."

    def __init__(self, message: str, *, retry_after_s: float | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class ServiceLimitError(ServiceBusyError):
    """The server's limit of calls, or of megapixels, is reached."""

    code = "service_limit_reached"
    default_hint = "Wait for as long as the server says, or work on fewer photos at once."


class ServiceIdReusedError(ServiceError):
    """The `idempotency_key` was used at the server before: for another request, or too long ago."""

    code = "service_id_reused"
    default_hint = "Make a new idempotency_key for each new request, or leave that to the client."


class ServiceFaultError(ServiceError):
    """The server has a fault of its own."""

    code = "service_fault"
    default_hint = "Try again later; if it stays, tell those who run the server."


class ServiceAnswerError(ServiceError):
    """What comes back is not an answer of the v1.0 API."""

    code = "service_answer"
    default_hint = "Check the address: it is the server's own, such as https://photos.example.com."


class ServiceRefusalError(ServiceError):
    """The server refuses the request as a whole, or for a reason that is not known here; the sentence is the
    server's."""

    code = "service_refusal"


class UsageError(OffcutError):
    """The command line asks for two things that exclude each other, or leaves out what it needs."""

    code = "usage"


class UnexpectedError(OffcutError):
    """A fault of ours, on one photo of many: the others go on. `__cause__` is the fault itself."""

    code = "unexpected_error"
    default_hint = "This is a fault in Offcut. Please report it, with the photo if you can."


class SettingError(OffcutError):
    """A setting of the server cannot be used."""

    code = "setting_error"


class MailError(OffcutError):
    """A mail cannot be sent at the moment."""

    code = "mail_not_sent"
    default_hint = "Try again in a few minutes."


class RequestError(OffcutError):
    """A request to the server is not in a form that can be answered."""

    code = "request_error"


class RequestBodyError(RequestError):
    """The body is not what its type says, or of a type that is not read."""

    code = "invalid_body"
    default_hint = "Send multipart/form-data, application/x-www-form-urlencoded or application/json."


class StrokeRequestError(RequestBodyError):
    """What was sent is no list of brush strokes, or has too many strokes or points."""

    code = "invalid_strokes"
    default_hint = "Reload the page and try again."


class HostNotAllowedError(RequestError):
    """A request asks for a host that the server does not answer to."""

    code = "host_not_allowed"
    default_hint = "Use the server's own address. Its owner allows further hosts in OFFCUT_ALLOWED_HOSTS."


class UploadTimeoutError(RequestError):
    """The body of a request takes longer to come than allowed."""

    code = "upload_timeout"
    default_hint = "Try again over a faster connection, or make the photo smaller."


class StrokesChangedError(RequestError):
    """Somebody else, or the same person in another window, has brushed the photo meanwhile."""

    code = "strokes_changed"
    default_hint = "Load the newest state, then try again."


class UnknownRequestError(RequestError):
    """There is nothing at that address."""

    code = "not_found"


class RequestMethodError(RequestError):
    """The address knows other methods than this one. `allowed` names them."""

    code = "method_not_allowed"

    def __init__(self, allowed: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.allowed = allowed


class RemovalError(OffcutError):
    """The server cannot do this removal, or not now."""

    code = "removal_error"


class RemovalBusyError(RemovalError):
    """Come back later. `retry_after_s` says in how many seconds that makes sense."""

    code = "removal_busy"
    default_hint = "Try again after the seconds that the answer names."

    def __init__(self, message: str, *, retry_after_s: float = 1.0, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class QueueFullError(RemovalBusyError):
    """As many photos wait as the server can take."""

    code = "queue_full"


class RateLimitError(RemovalBusyError):
    """The team has asked for more within a minute than it may."""

    code = "rate_limit_exceeded"


class TeamQueueFullError(RateLimitError):
    """The team's own photos fill the queue; the places that are left are for others."""

    code = "team_queue_full"
    default_hint = "Send fewer photos at once, or try again after the seconds that the answer names."


class RequestRunningError(RemovalBusyError):
    """The same request is being worked on at this moment."""

    code = "request_running"


class SubmissionQuotaError(RemovalBusyError):
    """The team has submitted as many photos to the improvement programme as a day allows."""

    code = "submission_quota"
    default_hint = "Go on tomorrow."


class StoppingError(RemovalBusyError):
    """The server is being stopped and takes no more photos."""

    code = "server_stopping"


class ImageError(RemovalError):
    """An image that is kept here cannot be used for that."""

    code = "image_error"


class ImageNotReadyError(ImageError):
    """The image's cut-out is not there yet, or never came."""

    code = "image_not_ready"
    default_hint = "Wait until it is done, or try it once more."


class ImageExpiredError(ImageError):
    """The time for which the image was kept is over, and it was deleted."""

    code = "image_expired"
    default_hint = "Upload the photo again."


class ImageDeletedError(ImageError):
    """Its owner deleted the image."""

    code = "image_deleted"
    default_hint = "Upload the photo again."


class MatteChangedError(ImageError):
    """The image's matte was changed by somebody else at the same moment."""

    code = "matte_changed"
    default_hint = "Load the page again; the strokes made there count."


class BackgroundGoneError(ImageError):
    """The background picture that the image is to lie on is gone."""

    code = "background_gone"
    default_hint = "Choose the background picture again."


class TooManyImagesError(ImageError):
    """The owner keeps as many images as may be kept at once."""

    code = "too_many_images"
    default_hint = "Delete some, or wait until older ones have been deleted."


class ImageStorageError(ImageError):
    """There is no room for more images on this server."""

    code = "image_storage_full"
    default_hint = "Try again later: images are deleted after a while."


class SignInNeededError(ImageError):
    """Only somebody with an account can do that."""

    code = "sign_in_needed"
    default_hint = "Sign in, or make an account; the image stays yours."


class RequestOverError(RemovalError):
    """The id was used before, and the time in which its request may be repeated is over."""

    code = "request_over"
    default_hint = "Make a new id for each new request."


class ClientGoneError(RemovalError):
    """Whoever asked has hung up, so nobody wants the result."""

    code = "client_gone"


class AccountError(OffcutError):
    """A person, team or key may not do this."""

    code = "account_error"


class KeyRefusedError(AccountError):
    """An API key does not open anything."""

    code = "key_refused"


class MissingKeyError(KeyRefusedError):
    """There is no key in the request."""

    code = "missing_key"
    default_hint = "Send the key in the header X-Api-Key."


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
