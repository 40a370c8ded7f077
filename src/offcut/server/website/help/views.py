"""The pages of the help centre."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from offcut.server.website.help import live, voting
from offcut.server.website.help.articles import TOPICS, Article, Shelf, shelf, shelves
from offcut.server.website.help.forms import FeedbackForm
from offcut.server.website.help.markdown import fill
from offcut.server.website.help.search import QUESTION_LENGTH_MAX, Entry, Index
from offcut.server.website.help.wording import words_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """All topics, or with `?q=` what was found; for htmx only that part of the page."""
    here = _shelf()
    question = request.GET.get("q", "")[:QUESTION_LENGTH_MAX].strip()
    words = words_of(here.language)
    found = [here.articles[slug] for slug in index(here.language).find(question)] if question else []
    context = {
        "shelf": here,
        "question": question,
        "found": found,
        "question_length_max": QUESTION_LENGTH_MAX,
        "topics": [
            {"slug": topic, "icon": icon, "name": words.topic(topic), "articles": here.about(topic)}
            for topic, icon in TOPICS.items()
        ],
    }
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    answer = render(request, "help/results.html" if is_part else "help/home.html", context)
    # The part must not come out of a cache when the whole page is asked for.
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One article, with its live parts as they are for this reader now."""
    here, chosen = _article(slug)
    return _article_page(request, here, chosen)


@require_POST
def feedback(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep an answer, and come back to the article."""
    here, chosen = _article(slug)
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return _article_page(request, here, chosen, form=form, status=400)
    if not voting.may_answer(get_adapter(request).get_client_ip(request)):
        return render(request, "429.html", status=429)
    voting.cast(
        request,
        slug,
        here.language,
        is_helpful=form.cleaned_data["answer"] == "yes",
        words=form.cleaned_data["words"] if "words" in request.POST else None,
    )
    return redirect(reverse("help:article", args=[slug]) + "#feedback")


@cache
def index(language: str) -> Index:
    """The search of a language that has articles."""
    entries = [
        Entry(
            article.slug,
            {
                "title": article.title,
                "words": " ".join(article.words),
                "summary": article.summary,
                "text": article.page.text,
            },
        )
        for article in shelves()[language].articles.values()
    ]
    return Index(entries, words_of(language).passed_over)


def _shelf() -> Shelf:
    return shelf(translation.get_language() or "")


def _article(slug: str) -> tuple[Shelf, Article]:
    here = _shelf()
    if slug not in here.articles:
        raise Http404
    return here, here.articles[slug]


def _article_page(
    request: HttpRequest, here: Shelf, chosen: Article, *, form: FeedbackForm | None = None, status: int = 200
) -> HttpResponse:
    words = words_of(here.language)
    vote = voting.vote_of(request, chosen.slug)
    context: dict[str, Any] = {
        "article": chosen,
        "content": fill(
            chosen.page,
            value_of=partial(live.value, words=words),
            block_of=partial(live.block, request=request, words=words),
        ),
        "topic": words.topic(chosen.topic),
        "neighbours": here.about(chosen.topic),
        "related": here.related(chosen),
        "vote": vote,
        "question_length_max": QUESTION_LENGTH_MAX,
        "form": form or FeedbackForm(initial={"words": vote.words} if vote else None),
    }
    return render(request, "help/article.html", context, status=status)
