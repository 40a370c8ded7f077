"""Taking the answers to "Was this article helpful?", and counting them for the owner."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone
from limits import RateLimitItemPerHour
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from offcut.server.website.help.models import Vote

ANSWERS_AN_HOUR = 60
"""How many answers one network address may give: enough for an office, too few to drown the others."""

_VOTER = "help_voter"
_lock = threading.Lock()
# In this process's memory: there is one web process.
_limiter = FixedWindowRateLimiter(MemoryStorage())


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers to one article in one language."""

    slug: str
    language: str
    yes: int
    no: int
    words: int

    @property
    def percent(self) -> int:
        """How many of a hundred said yes."""
        return round(100 * self.yes / (self.yes + self.no))


def vote_of(request: HttpRequest, slug: str) -> Vote | None:
    """Return the answer that this session gave to an article. Begins no session."""
    voter = request.session.get(_VOTER)
    return None if voter is None else Vote.objects.filter(voter=voter, slug=slug).first()


def cast(request: HttpRequest, slug: str, language: str, *, is_helpful: bool, words: str | None) -> Vote:
    """Keep this session's answer to an article, in place of one it gave before.

    `words` None leaves the words as they are.
    """
    voter = uuid.UUID(request.session.setdefault(_VOTER, str(uuid.uuid4())))
    values = {"language": language, "is_helpful": is_helpful, "at": timezone.now()}
    if words is not None:
        values["words"] = words
    vote, _ = Vote.objects.update_or_create(voter=voter, slug=slug, defaults=values)
    return vote


def may_answer(address: str) -> bool:
    """Count one answer from a network address; False when it has given too many within the hour."""
    with _lock:
        return _limiter.hit(RateLimitItemPerHour(ANSWERS_AN_HOUR), address)


def forget() -> None:
    """Begin counting anew for every address."""
    _limiter.storage.reset()


def tallies() -> list[Tally]:
    """Return the counts of every article and language that has an answer, those with most "no" first."""
    rows = Vote.objects.order_by().values("slug", "language")
    rows = rows.annotate(
        yes=Count("pk", filter=Q(is_helpful=True)),
        no=Count("pk", filter=Q(is_helpful=False)),
        words=Count("pk", filter=~Q(words="")),
    )
    return sorted((Tally(**row) for row in rows), key=lambda tally: (-tally.no, tally.slug, tally.language))
