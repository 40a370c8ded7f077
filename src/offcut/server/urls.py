"""Every address of the server."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from offcut.server.health import healthz

# The operator's pages are entered by the same door as all others: throttled, with the second factor.
admin.site.login = secure_admin_login(admin.site.login)
admin.site.site_header = "Offcut"
admin.site.site_title = "Offcut"
admin.site.index_title = "Operator"

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("offcut.server.api.urls")),
    path("operator/act-as/", include("hijack.urls")),
    path("operator/", admin.site.urls),
    path("account/", include("allauth.urls")),
    path("notices/", include("offcut.server.credits.notices.urls")),
    path("", include("offcut.server.accounts.urls")),
]

# The website: every page carries its language in its address.
urlpatterns += i18n_patterns(
    path("", include("offcut.server.website.images.urls")),
    # Until the website has a front page, the first page is the account's.
    path("", RedirectView.as_view(pattern_name="accounts:overview"), name="home"),
)
