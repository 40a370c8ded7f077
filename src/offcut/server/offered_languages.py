"""Which languages the website speaks. Settings ask this, so it needs none."""

from __future__ import annotations

from pathlib import Path

from django.conf.locale import LANG_INFO

LOCALE = Path(__file__).with_name("locale")


def offered() -> list[tuple[str, str]]:
    """Code and own name of each language that the website speaks, English first.

    A language is offered when its words are compiled (`make words`): adding one takes no line of code.
    """
    codes = sorted(file.parent.parent.name for file in LOCALE.glob("*/LC_MESSAGES/django.mo"))
    return [(code, LANG_INFO[code]["name_local"].capitalize()) for code in ["en", *codes]]


def offered_code(text: str) -> str:
    """The code of a language that is offered. Raises ValueError for another."""
    codes = [code for code, _name in offered()]
    if text not in codes:
        raise ValueError("one of " + ", ".join(codes))
    return text
