"""Django's settings, made from the table in `configuration.py`. Nothing here reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url

from offcut.server.configuration import read_configuration
from offcut.server.content_policy import content_policy
from offcut.server.logs import logging_configuration
from offcut.server.offered_languages import offered
from offcut.server.secret_key import secret_key
from offcut.server.social_sign_in import social_providers

_HERE = Path(__file__).parent
CONFIGURATION = read_configuration()
DATA_DIR = CONFIGURATION.data_dir
PUBLIC_URL = CONFIGURATION.public_url or f"http://{CONFIGURATION.host}:{CONFIGURATION.port}"
BEHIND_TLS = PUBLIC_URL.startswith("https://")

DEBUG = CONFIGURATION.debug
DATA_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
SECRET_KEY = CONFIGURATION.secret_key or secret_key(DATA_DIR)
ROOT_URLCONF = "offcut.server.urls"
ASGI_APPLICATION = "offcut.server.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "hijack",
    "offcut.server.jobs",
    "offcut.server.accounts",
    "offcut.server.credits",
    "offcut.server.credits.notices",
    "offcut.server.payments",
    "offcut.server.removals",
    "offcut.server.website.images",
    "offcut.server.website.home",
    "offcut.server.website.studio",
    "offcut.server.website.dashboard",
    "offcut.server.website.pages",
    "offcut.server.website.help",
]

MIDDLEWARE = [
    "offcut.server.hosts.HostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "offcut.server.logs.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "offcut.server.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hijack.middleware.HijackUserMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "offcut.server.accounts.middleware.PersonMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # The project's folder comes first, so that our pages stand in for those of the libraries.
        "DIRS": [_HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "offcut.server.accounts.context.team",
                "offcut.server.languages.languages",
            ],
        },
    },
]

# A message waits in the session, so that it needs no cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Storage


def _database() -> dict[str, Any]:
    if CONFIGURATION.database_url:
        return dict(
            dj_database_url.parse(CONFIGURATION.database_url, conn_max_age=60, conn_health_checks=True)
        )
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(DATA_DIR / "database.sqlite3"),
        # Threads keep their connection: to open one reads the whole schema, and to close the last one empties
        # the write-ahead log, which together cost more than what most requests do with it.
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            # A transaction takes the write lock when it begins, so two that read and then write cannot both
            # believe the same balance; and it waits for the lock in place of failing half-way.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            # WAL lets people read while somebody writes. Every commit is synced to disk (the default): a
            # charge that was answered must survive a power cut.
            "init_command": "PRAGMA journal_mode=WAL",
        },
    }


DATABASES = {"default": _database()}
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [_HERE / "static"]
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Photos that were given to improve the networks lie apart from all others, and are never served.
    "improvement": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "improvement", "base_url": None},
    },
    # Photos that people work on. No web server serves this folder.
    "images": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "images", "base_url": None},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# Hosts, TLS and headers

_public_host = urlsplit(PUBLIC_URL).hostname or "localhost"
ALLOWED_HOSTS = sorted({_public_host, "localhost", "127.0.0.1", "[::1]", *CONFIGURATION.allowed_hosts})
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_SSL_REDIRECT = BEHIND_TLS
# A load balancer and a monitor ask for these on the machine itself, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BEHIND_TLS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_TLS
SESSION_COOKIE_NAME = "__Host-offcut-session" if BEHIND_TLS else "offcut-session"
CSRF_COOKIE_NAME = "__Host-offcut-csrf" if BEHIND_TLS else "offcut-csrf"
# It goes when the browser is closed (docs/decisions/website-pages.md); scripts take the token from the page.
CSRF_COOKIE_AGE = None
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
if CONFIGURATION.trusted_proxy_count:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SOCIALACCOUNT_PROVIDERS, _social_apps, _social_origins = social_providers(CONFIGURATION)
INSTALLED_APPS += _social_apps
CONTENT_SECURITY_POLICY = {"DIRECTIVES": content_policy(form_targets=_social_origins)}

# People

AUTH_USER_MODEL = "accounts.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home:home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "offcut.server.accounts.adapter.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "offcut.server.accounts.adapter.SocialAccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {"signup": "offcut.server.accounts.forms.SignUpForm"}
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if BEHIND_TLS else "http"
ACCOUNT_RATE_LIMITS = {
    # Ten wrong passwords in five minutes for one address, from anywhere; ten a minute from one place.
    "login_failed": "10/5m/key,10/m/ip",
    "login": "30/m/ip",
    "signup": "20/h/ip",
    "reset_password": "20/h/ip,5/h/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = CONFIGURATION.trusted_proxy_count
MFA_ADAPTER = "offcut.server.accounts.second_factors.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Offcut"
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
HIJACK_PERMISSION_CHECK = "offcut.server.accounts.acting.may_act_as"

# Credits

GIFT_CREDITS = CONFIGURATION.gift_credits
FREE_PREVIEWS = CONFIGURATION.free_previews
HOLD_S = CONFIGURATION.hold_s
PAYMENT_GATEWAY = CONFIGURATION.payment_gateway
INVOICE_FONT = CONFIGURATION.invoice_font

# Removals

MODEL = CONFIGURATION.model
JOBS = CONFIGURATION.jobs
LOAD_AT_START = CONFIGURATION.load_at_start
NETWORKS_IDLE_S = CONFIGURATION.networks_idle_s
QUEUE_PLACES = CONFIGURATION.queue_places
RATE_LIMIT = CONFIGURATION.rate_limit
REDIS_URL = CONFIGURATION.redis_url
RETENTION_S = CONFIGURATION.retention_s
FETCH_HOSTS = CONFIGURATION.fetch_hosts
FETCH_BEGIN_S = CONFIGURATION.fetch_begin_ms / 1000
IMAGE_STORAGE_MB = CONFIGURATION.image_storage_mb
VISITOR_IMAGES = CONFIGURATION.visitor_images
TEAM_IMAGES = CONFIGURATION.team_images
STUDIO_MEMORY_MB = CONFIGURATION.studio_memory_mb
UPLOADS_A_MINUTE = CONFIGURATION.uploads_a_minute
METRICS_TOKEN = CONFIGURATION.metrics_token
TELEMETRY_URL = CONFIGURATION.telemetry_url

# Mail

DEFAULT_FROM_EMAIL = SERVER_EMAIL = CONFIGURATION.mail_from
EMAIL_HOST = CONFIGURATION.smtp_host
EMAIL_PORT = CONFIGURATION.smtp_port
EMAIL_HOST_USER = CONFIGURATION.smtp_user
EMAIL_HOST_PASSWORD = CONFIGURATION.smtp_password
EMAIL_USE_TLS = CONFIGURATION.smtp_security == "starttls"
EMAIL_USE_SSL = CONFIGURATION.smtp_security == "tls"
EMAIL_TIMEOUT = 20
EMAIL_FILE_PATH = DATA_DIR / "mails"
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"

# Words and logs

USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = CONFIGURATION.language
LANGUAGES = offered()
LOCALE_PATHS = [_HERE / "locale"]
LOGGING = logging_configuration(CONFIGURATION.log_format, CONFIGURATION.log_level)
