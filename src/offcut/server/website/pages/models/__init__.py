"""What the pages keep: health history, incidents, letters, legal texts."""

from __future__ import annotations

from offcut.server.website.pages.models.health import HealthDay, Reading
from offcut.server.website.pages.models.incidents import Impact, Incident, IncidentUpdate, Stage
from offcut.server.website.pages.models.legal_texts import LegalKind, LegalText
from offcut.server.website.pages.models.letters import Letter, LetterState, Topic

__all__ = [
    "HealthDay",
    "Impact",
    "Incident",
    "IncidentUpdate",
    "LegalKind",
    "LegalText",
    "Letter",
    "LetterState",
    "Reading",
    "Stage",
    "Topic",
]
