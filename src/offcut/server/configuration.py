"""Every setting of the server: one table, read from the environment and from nowhere else.

`settings.py` turns these values into Django's. A setting marked `secret` may also be given as a file:
`OFFCUT_SMTP_PASSWORD_FILE=/run/secrets/smtp` reads the password from there. docs/settings.md is written
from this table, and a test compares the two.
"""

from __future__ import annotations

import importlib.util
import os
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from offcut.errors import SettingError
from offcut.server.offered_languages import offered_code


@dataclass(frozen=True)
class Setting:
    """One environment variable: how it is read, what it is when not given, and what it is for."""

    variable: str
    group: str
    help: str
    default: str = ""
    parse: Callable[[str], Any] = str
    secret: bool = False
    shown_default: str | None = None

    @property
    def name(self) -> str:
        """What the value is called in the source: `data_dir` for OFFCUT_DATA_DIR."""
        return self.variable.removeprefix("OFFCUT_").lower()


def yes_or_no(text: str) -> bool:
    """True for 1, yes, true, on; False for 0, no, false, off and nothing. Raises ValueError."""
    if text.lower() in {"1", "yes", "true", "on"}:
        return True
    if text.lower() in {"0", "no", "false", "off", ""}:
        return False
    raise ValueError("say yes or no")


def listed(text: str) -> list[str]:
    """The parts between commas, without spaces around them."""
    return [part.strip() for part in text.split(",") if part.strip()]


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A parser for whole numbers from `least` to `most`; it raises ValueError."""

    def parse(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return number

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """A parser that lets only these words through; it raises ValueError."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return text

    return parse


def web_address(text: str) -> str:
    """An http(s) address without its last slash. Raises ValueError."""
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("starts with http:// or https://")
    return text.rstrip("/")


def folder(text: str) -> Path:
    """An absolute path; nothing means the user's data folder."""
    return Path(text).expanduser().absolute() if text else platformdirs.user_data_path("offcut") / "server"


def database_address(text: str) -> str:
    """A PostgreSQL address, or nothing. Raises ValueError."""
    if text and not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("starts with postgresql://")
    return text


def redis_address(text: str) -> str:
    """A Redis address, or nothing. Raises ValueError, also when the library for it is not there."""
    if not text:
        return text
    if not text.startswith(("redis://", "rediss://", "redis+unix://")):
        raise ValueError("starts with redis://, rediss:// or redis+unix://")
    return _needs("redis", "redis", text)


def collector_address(text: str) -> str:
    """The http(s) address of an OpenTelemetry collector, or nothing. Raises ValueError, also when the
    library for it is not there."""
    return _needs("opentelemetry.sdk", "telemetry", web_address(text)) if text else text


def _needs(package: str, extra: str, text: str) -> str:
    try:
        found = importlib.util.find_spec(package)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise ValueError(f'first run: pip install "offcut[server,{extra}]"')
    return text


def e_mail_address(text: str) -> str:
    """An e-mail address, as far as its shape tells. Raises ValueError."""
    name, _, host = text.partition("@")
    if not name or not host or any(letter.isspace() for letter in text):
        raise ValueError("looks like name@example.org")
    return text.lower()


def time_zone_name(text: str) -> str:
    """The name of a time zone that this machine knows. Raises ValueError."""
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("no such time zone; they look like Europe/Madrid") from None
    return text


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "OFFCUT_DATA_DIR",
        "Place",
        "The folder for the database, the secret key, kept images, static files and, where no mail server "
        "is set, mails. Made at the first start.",
        parse=folder,
        shown_default="the user's data folder, `offcut/server` in it",
    ),
    Setting("OFFCUT_HOST", "Place", "The address to listen on. `0.0.0.0` listens on all.", "127.0.0.1"),
    Setting("OFFCUT_PORT", "Place", "The port to listen on.", "8000", whole_number(1, 65535)),
    Setting(
        "OFFCUT_PUBLIC_URL",
        "Place",
        "The address people type, for links in mails. When it starts with https://, cookies are sent over "
        "TLS only, plain requests are redirected and HSTS is on.",
        parse=web_address,
        shown_default="`http://HOST:PORT`",
    ),
    Setting(
        "OFFCUT_ALLOWED_HOSTS",
        "Place",
        "More host names that requests may ask for, separated by commas. The host of PUBLIC_URL, "
        "`localhost` and `127.0.0.1` are always allowed.",
        parse=listed,
    ),
    Setting(
        "OFFCUT_TRUSTED_PROXY_COUNT",
        "Place",
        "How many reverse proxies of yours stand in front. Above 0 their `X-Forwarded-For` and "
        "`X-Forwarded-Proto` are believed.",
        "0",
        whole_number(0, 10),
    ),
    Setting(
        "OFFCUT_DATABASE_URL",
        "Storage",
        "`postgresql://user:password@host/name` to use PostgreSQL in place of the SQLite file.",
        parse=database_address,
        secret=True,
        shown_default="SQLite in DATA_DIR",
    ),
    Setting(
        "OFFCUT_REDIS_URL",
        "Storage",
        "`redis://:password@host:6379/0` to count the rate limit in Redis (or Valkey), for several processes "
        "or machines together. Needs the extra `redis`.",
        parse=redis_address,
        secret=True,
        shown_default="each process counts for itself",
    ),
    Setting(
        "OFFCUT_SECRET_KEY",
        "Security",
        "Signs cookies and links. Give it when several machines serve one website.",
        secret=True,
        shown_default="made at the first start, kept in DATA_DIR",
    ),
    Setting(
        "OFFCUT_SIGN_UP",
        "People",
        "`open`: anybody may sign up. `invited`: only people with an invitation.",
        "open",
        one_of("open", "invited"),
    ),
    Setting(
        "OFFCUT_OWNER_EMAIL",
        "People",
        "The e-mail address of the first owner.",
        "owner@localhost",
        e_mail_address,
    ),
    Setting(
        "OFFCUT_INVITATION_DAYS",
        "People",
        "How many days an invitation to a team holds.",
        "7",
        whole_number(1, 90),
    ),
    Setting(
        "OFFCUT_GIFT_CREDITS",
        "Credits",
        "How many credits a new account gets as a gift.",
        "1",
        whole_number(0, 1000),
    ),
    Setting(
        "OFFCUT_FREE_PREVIEWS",
        "Credits",
        "How many previews a month a team may ask of the API without paying.",
        "50",
        whole_number(0, 100_000),
    ),
    Setting(
        "OFFCUT_HOLD_S",
        "Credits",
        "How many seconds credits stay set aside for an image whose result does not come. Longer than the "
        "slowest image takes.",
        "600",
        whole_number(10, 86_400),
    ),
    Setting(
        "OFFCUT_PAYMENT_GATEWAY",
        "Credits",
        "Who moves the money. `manual`: the owner marks orders as paid.",
        "manual",
        one_of("manual"),
    ),
    Setting(
        "OFFCUT_INVOICE_FONT",
        "Credits",
        "A TrueType font file for invoices. Needed for names outside the letters of Western Europe where the "
        "machine has none of DejaVu Sans, Noto Sans and Liberation Sans.",
        shown_default="one of those, where it is installed",
    ),
    Setting(
        "OFFCUT_MODEL",
        "Removals",
        "The weights of the detailed network, by their name in `offcut models list`.",
        "isnet",
    ),
    Setting(
        "OFFCUT_MODELS_DIR",
        "Removals",
        "The folder that holds the weights; `offcut models pull` and all other commands use it too.",
        shown_default="the user's data folder, `offcut/models` in it",
    ),
    Setting(
        "OFFCUT_DEVICE",
        "Removals",
        "What the networks are computed on: `auto`, `cpu`, `cuda`, `directml` or `coreml`. One that cannot "
        "be had stops the start. Counts for the command line and the library too, as the next one does.",
        "auto",
    ),
    Setting(
        "OFFCUT_PRECISION",
        "Removals",
        "What they are computed in: `auto`, `fp32`, `fp16`, `bf16` or `int8`. `offcut doctor` says which "
        "this machine can.",
        "auto",
    ),
    Setting(
        "OFFCUT_JOBS",
        "Removals",
        "How many photos are worked on at once. While the networks are busy with one, another is decoded or "
        "written; more than 2 gains little and costs memory.",
        "2",
        whole_number(1, 64),
    ),
    Setting(
        "OFFCUT_LOAD_AT_START",
        "Removals",
        "`yes` loads the networks when the server starts, `no` with the first photo.",
        "yes",
        yes_or_no,
    ),
    Setting(
        "OFFCUT_NETWORKS_IDLE_S",
        "Removals",
        "For how many seconds the networks stay in memory after their last photo. The first photo after that "
        "takes a second or two longer. `0` keeps them, so that a server is as quick after a pause.",
        "0",
        whole_number(0, 30 * 86_400),
    ),
    Setting(
        "OFFCUT_QUEUE_PLACES",
        "Removals",
        "How many photos may wait for their turn. Further ones are refused with `Retry-After`.",
        "64",
        whole_number(1, 10_000),
    ),
    Setting(
        "OFFCUT_RATE_LIMIT",
        "Removals",
        "How many megapixels a team may send to the API within a minute. A smaller photo counts as one.",
        "500",
        whole_number(1, 1_000_000),
    ),
    Setting(
        "OFFCUT_RETENTION_S",
        "Removals",
        "For how many seconds a request with an `Idempotency-Key` may be repeated without a further charge, "
        "and for how many the website keeps a photo and its cut-out; the website at least 300.",
        "3600",
        whole_number(0, 30 * 86_400),
    ),
    Setting(
        "OFFCUT_IMAGE_STORAGE_MB",
        "Removals",
        "How many megabytes the photos and cut-outs that the website keeps may take in DATA_DIR. Visitors "
        "without an account together get half of it.",
        "20000",
        whole_number(100, 100_000_000),
    ),
    Setting(
        "OFFCUT_VISITOR_IMAGES",
        "Removals",
        "How many photos the website keeps for one visitor without an account.",
        "200",
        whole_number(1, 1_000_000),
    ),
    Setting(
        "OFFCUT_TEAM_IMAGES",
        "Removals",
        "How many photos the website keeps for one team.",
        "2000",
        whole_number(1, 1_000_000),
    ),
    Setting(
        "OFFCUT_UPLOADS_A_MINUTE",
        "Removals",
        "How many photos may be uploaded to the website from one IP address within a minute.",
        "300",
        whole_number(1, 1_000_000),
    ),
    Setting(
        "OFFCUT_STUDIO_MEMORY_MB",
        "Removals",
        "How many megabytes of memory the studio may use to keep photos open between strokes of the brush. A "
        "photo of 12 megapixels takes about 70.",
        "300",
        whole_number(0, 1_000_000),
    ),
    Setting(
        "OFFCUT_FETCH_HOSTS",
        "Removals",
        "Hosts inside your network that `image_url` and `bg_image_url` may name, separated by commas: "
        "`photos.lan`, or `photos.lan:9000` for one port.",
        parse=listed,
    ),
    Setting(
        "OFFCUT_FETCH_BEGIN_MS",
        "Removals",
        "For how many milliseconds the host of an `image_url` may keep the server waiting before the photo "
        "begins to come: look-up, connection, redirects and headers together. Raise it when honest hosts "
        "are slower.",
        "1800",
        whole_number(100, 60_000),
    ),
    Setting("OFFCUT_MAIL_FROM", "Mail", "The sender of every mail.", "Offcut <offcut@localhost>"),
    Setting(
        "OFFCUT_SMTP_HOST",
        "Mail",
        "The mail server. Without one, mails are written as files into `mails` in DATA_DIR.",
    ),
    Setting("OFFCUT_SMTP_PORT", "Mail", "The mail server's port.", "587", whole_number(1, 65535)),
    Setting("OFFCUT_SMTP_USER", "Mail", "The user name at the mail server."),
    Setting("OFFCUT_SMTP_PASSWORD", "Mail", "The password at the mail server.", secret=True),
    Setting(
        "OFFCUT_SMTP_SECURITY",
        "Mail",
        "`starttls`, `tls`, or `none` for a mail server on the same machine.",
        "starttls",
        one_of("starttls", "tls", "none"),
    ),
    Setting("OFFCUT_GOOGLE_CLIENT_ID", "Social sign-in", "Turns on “Sign in with Google”."),
    Setting("OFFCUT_GOOGLE_CLIENT_SECRET", "Social sign-in", "Google's secret for it.", secret=True),
    Setting("OFFCUT_GITHUB_CLIENT_ID", "Social sign-in", "Turns on “Sign in with GitHub”."),
    Setting("OFFCUT_GITHUB_CLIENT_SECRET", "Social sign-in", "GitHub's secret for it.", secret=True),
    Setting("OFFCUT_MICROSOFT_CLIENT_ID", "Social sign-in", "Turns on “Sign in with Microsoft”."),
    Setting("OFFCUT_MICROSOFT_CLIENT_SECRET", "Social sign-in", "Microsoft's secret for it.", secret=True),
    Setting(
        "OFFCUT_OIDC_URL",
        "Social sign-in",
        "The address of any OpenID Connect provider (Keycloak, Authentik, …); turns on signing in with it.",
        parse=web_address,
    ),
    Setting("OFFCUT_OIDC_NAME", "Social sign-in", "What the button calls that provider.", "Single sign-on"),
    Setting("OFFCUT_OIDC_CLIENT_ID", "Social sign-in", "The client id at that provider."),
    Setting(
        "OFFCUT_OIDC_CLIENT_SECRET", "Social sign-in", "The client secret at that provider.", secret=True
    ),
    Setting(
        "OFFCUT_LANGUAGE",
        "Words",
        "The language for people whose browser asks for none we have.",
        "en",
        offered_code,
    ),
    Setting(
        "OFFCUT_TIME_ZONE",
        "Words",
        "The time zone of new teams, such as `Europe/Madrid`.",
        "UTC",
        time_zone_name,
    ),
    Setting(
        "OFFCUT_THREADS", "Running", "How many requests are answered at once.", "8", whole_number(1, 256)
    ),
    Setting(
        "OFFCUT_STOP_S",
        "Running",
        "How many seconds running requests and jobs have to finish when the server is told to stop.",
        "30",
        # The web server takes at most 1800 seconds, and gets ten more than these.
        whole_number(1, 1790),
    ),
    Setting(
        "OFFCUT_METRICS_TOKEN",
        "Running",
        "What a monitor shows as `Authorization: Bearer …` to read `/metrics`. Without one, only this "
        "machine itself may read them.",
        secret=True,
    ),
    Setting(
        "OFFCUT_TELEMETRY_URL",
        "Running",
        "Where an OpenTelemetry collector takes traces over HTTP: `http://127.0.0.1:4318`. "
        "OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, "
        "`OTEL_TRACES_SAMPLER`, …) count as well. Needs the extra `telemetry`.",
        parse=collector_address,
        shown_default="no traces are made",
    ),
    Setting("OFFCUT_LOG_FORMAT", "Running", "`text` (key=value) or `json`.", "text", one_of("text", "json")),
    Setting(
        "OFFCUT_LOG_LEVEL",
        "Running",
        "`debug`, `info`, `warning` or `error`.",
        "info",
        one_of("debug", "info", "warning", "error"),
    ),
    Setting(
        "OFFCUT_DEBUG",
        "Running",
        "`yes` shows errors in the browser. Only for working on Offcut itself.",
        "no",
        yes_or_no,
    ),
)


class Configuration:
    """The values of all settings, as attributes in lower case: `configuration.data_dir`."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._values = {setting.name: _read(setting, environment) for setting in SETTINGS}

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(f"No setting is called {name}.") from None

    def __repr__(self) -> str:
        # The values hold secrets, and a repr ends up in logs.
        return "<Configuration>"


def read_configuration(environment: Mapping[str, str] | None = None) -> Configuration:
    """All settings from `environment` (the process's own by default).

    Raises SettingError, naming the variable, for a value that cannot be used or a file that cannot be read.
    """
    return Configuration(os.environ if environment is None else environment)


def _read(setting: Setting, environment: Mapping[str, str]) -> Any:
    text = _text(setting, environment)
    try:
        return setting.parse(text)
    except ValueError as problem:
        # A secret's value must not reach the log by way of the message.
        shown = "" if setting.secret else f" “{text}”"
        raise SettingError(
            f"{setting.variable}{shown} cannot be used: {problem}.", hint=setting.help
        ) from None


def _text(setting: Setting, environment: Mapping[str, str]) -> str:
    value = environment.get(setting.variable, "")
    file = environment.get(f"{setting.variable}_FILE", "") if setting.secret else ""
    if value and file:
        raise SettingError(f"{setting.variable} and {setting.variable}_FILE are both given: give one.")
    if not file:
        return value or setting.default
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise SettingError(
            f"{setting.variable}_FILE cannot be read: {problem.strerror or problem}."
        ) from problem
