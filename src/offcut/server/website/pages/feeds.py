"""The Atom feed of what is said about incidents."""

from __future__ import annotations

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _

from offcut.server.website.pages.models import IncidentUpdate


class IncidentFeed(Feed):
    """The latest fifty updates, newest first."""

    feed_type = Atom1Feed

    def title(self) -> str:
        """What feed readers call it."""
        return _("Offcut: status")

    def subtitle(self) -> str:
        """What it is about."""
        return _("Incidents and maintenance")

    def link(self) -> str:
        """The page it belongs to."""
        return reverse("pages:status")

    def items(self) -> QuerySet[IncidentUpdate]:
        """The updates."""
        return IncidentUpdate.objects.select_related("incident").order_by("-at", "-id")[:50]

    def item_title(self, item: IncidentUpdate) -> str:
        """The incident, and how far it has come."""
        return f"{item.incident.title}: {item.get_stage_display()}"

    def item_description(self, item: IncidentUpdate) -> str:
        """What is said."""
        return item.text

    def item_link(self, item: IncidentUpdate) -> str:
        """The incident's place on the status page."""
        return item.incident.get_absolute_url()

    def item_guid(self, item: IncidentUpdate) -> str:
        """A name that stays, whatever the address becomes."""
        return f"urn:offcut:incident-update:{item.pk}"

    def item_pubdate(self, item: IncidentUpdate) -> datetime:
        """When it was said."""
        return item.at

    def item_updateddate(self, item: IncidentUpdate) -> datetime:
        """The same: what was said is not changed."""
        return item.at
