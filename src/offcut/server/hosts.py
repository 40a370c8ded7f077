"""By which host names the server may be asked: before anything else looks at them."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

from offcut.errors import HostNotAllowedError
from offcut.server.api import operations, views, wire
from offcut.server.health import healthz
from offcut.server.logs import RequestLogMiddleware

View = Callable[[HttpRequest], HttpResponse]

PROBES: dict[str, View] = {"/healthz": healthz, "/readyz": operations.readyz}
"""What a load balancer asks each machine by its address, which is no host that anybody has allowed."""


class HostMiddleware:
    """Answers probes whatever host they name, and API calls to a host that is not allowed as the API does.

    The first of all, because others ask for the host, too. What it answers itself has a request id and a line
    in the log like everything else.
    """

    def __init__(self, get_response: View) -> None:
        self._get_response = get_response
        self._refuse = RequestLogMiddleware(_refused)
        self._probes = {path: RequestLogMiddleware(probe) for path, probe in PROBES.items()}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = self._probes.get(request.path_info)
        if probe is not None:
            return probe(request)
        if wire.is_api_path(request.path_info) and not _is_allowed(request):
            return self._refuse(request)
        return self._get_response(request)


def _is_allowed(request: HttpRequest) -> bool:
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True


def _refused(request: HttpRequest) -> HttpResponse:
    host = request.headers.get("Host", "")[:100]
    return views.refused(request, HostNotAllowedError(f"This server does not answer to the host {host!r}."))
