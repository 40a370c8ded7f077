"""The Content-Security-Policy of every page: nothing inline, nothing from another host."""

from __future__ import annotations

from csp.constants import NONE, SELF


def content_policy(form_targets: list[str]) -> dict[str, list[str]]:
    """The directives. `form_targets` are origins that a form of ours may end up at.

    Browsers apply form-action to redirects too, so a provider of social sign-in has to be named.
    """
    return {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # data: is the QR code of the authenticator app; blob: is a photo the person has just chosen.
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF, *form_targets],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
