"""Finding articles by words: accents and case do not matter, beginnings and small slips are understood.

Each word of the question is weighed by how rare it is among the articles, by where it stands in an article
(title, words for the search, summary, text), and by how well it fits. Pure: values in, values out.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

QUESTION_LENGTH_MAX = 100
TERMS_MAX = 8

_WORD = re.compile(r"[^\W_]+")
_WEIGHTS = {"title": 8.0, "words": 6.0, "summary": 3.0, "text": 1.0}
_EXACT, _BEGINNING, _WITHIN, _SLIP = 1.0, 0.7, 0.4, 0.4
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one article, by the name of the place it stands in (see _WEIGHTS)."""

    slug: str
    places: Mapping[str, str]


def plain(text: str) -> list[str]:
    """Return the words of a text without case and accents: "Où créer?" is ["ou", "creer"]."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return _WORD.findall("".join(letter for letter in folded if not unicodedata.combining(letter)))


class Index:
    """The words of the articles in one language."""

    def __init__(self, entries: Iterable[Entry], passed_over: Iterable[str] = ()) -> None:
        """Index `entries`; the words of `passed_over`, such as "how" and "my", say nothing of themselves."""
        self._passed_over = frozenset(word for text in passed_over for word in plain(text))
        self._weights: dict[str, dict[str, float]] = {}
        self._count = 0
        for entry in entries:
            self._count += 1
            for place, text in entry.places.items():
                # One word of a short title says more of the article than one of a long title.
                weight = _WEIGHTS[place]
                if place == "title":
                    weight *= 2 / math.sqrt(1 + len(set(plain(text)) - self._passed_over))
                # People without the right keys write Groesse for Größe.
                for word in {*plain(text), *plain(text.casefold().translate(_UMLAUTS))}:
                    weights = self._weights.setdefault(word, {})
                    weights[entry.slug] = weights.get(entry.slug, 0.0) + weight

    def find(self, question: str) -> list[str]:
        """Return the slugs of the articles that fit a question, the best first.

        An article that has less than half, by weight, of what the best one has of the question is left out.
        """
        words = list(dict.fromkeys(plain(question[:QUESTION_LENGTH_MAX])))
        terms = ([word for word in words if word not in self._passed_over] or words)[:TERMS_MAX]
        scores: dict[str, float] = {}
        shares: dict[str, float] = {}
        for term in terms:
            fitting = self._articles_of(term)
            rarity = math.log((self._count + 1) / max(1, len(fitting)))
            for slug, weight in fitting.items():
                scores[slug] = scores.get(slug, 0.0) + rarity * weight
                shares[slug] = shares.get(slug, 0.0) + rarity
        most = max(shares.values(), default=0.0)
        found = [slug for slug in scores if shares[slug] * 2 >= most]
        return sorted(found, key=lambda slug: (-scores[slug] * (shares[slug] / most) ** 2, slug))

    def _articles_of(self, term: str) -> dict[str, float]:
        """Return how strongly each article has the term: by the word of it that fits best."""
        best: dict[str, float] = {}
        for word, fit in self._fits(term).items():
            for slug, weight in self._weights[word].items():
                best[slug] = max(best.get(slug, 0.0), fit * weight)
        return best

    def _fits(self, term: str) -> dict[str, float]:
        fits = {word: fit for word in self._weights if (fit := _fit(term, word))}
        if not fits and len(term) >= 4:
            return dict.fromkeys(get_close_matches(term, self._weights, n=3, cutoff=0.75), _SLIP)
        return fits


def _fit(term: str, word: str) -> float:
    if term == word:
        return _EXACT
    if len(term) >= 2 and word.startswith(term):
        return _BEGINNING
    # A plural, or another ending, of a word that the articles have.
    if len(word) >= 4 and term.startswith(word) and len(term) - len(word) <= 2:
        return _BEGINNING
    # The second half of a German compound.
    return _WITHIN if len(term) >= 5 and term in word else 0.0
