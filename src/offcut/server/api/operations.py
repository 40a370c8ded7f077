"""`/readyz` and `/metrics`: what a load balancer and a monitor ask."""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from offcut.server.removals.metrics import REGISTRY
from offcut.server.runners import current

log = structlog.get_logger(__name__)


@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when a photo can be cut out now, otherwise 503; each check says "ok" or what is the matter."""
    checks = {name: check() or "ok" for name, check in CHECKS.items()}
    is_ready = set(checks.values()) == {"ok"}
    status = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JsonResponse(status, status=200 if is_ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The counters, for those with the token, or for this machine itself when there is none."""
    if not _may_read(request):
        return HttpResponse(
            "Not for strangers: see OFFCUT_METRICS_TOKEN.\n", status=403, content_type="text/plain"
        )
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        return hmac.compare_digest(shown.encode(), settings.METRICS_TOKEN.encode())
    # A proxy on this machine speaks for others, and says so.
    is_local = request.META.get("REMOTE_ADDR", "") in {"127.0.0.1", "::1"}
    return is_local and "X-Forwarded-For" not in request.headers


def _weights() -> str:
    current.warm()
    return current.weights_problem()


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        log.exception("the database does not answer")
        return "does not answer"
    return ""


def _storage() -> str:
    try:
        with tempfile.TemporaryFile(dir=settings.DATA_DIR) as file:
            file.write(b"ready?")
    except OSError as error:
        return f"cannot be written: {error.strerror}"
    return ""


def _queue() -> str:
    return "" if current.runner().takes_photos else "full, or stopping"


CHECKS: dict[str, Callable[[], str]] = {
    "weights": _weights,
    "database": _database,
    "storage": _storage,
    "queue": _queue,
}
