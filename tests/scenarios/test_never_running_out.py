"""The three ways of never running out, each over twelve months of the same customer's needs."""

from __future__ import annotations

import pytest
from django.utils import timezone

from offcut.server.credits.advice import Way
from offcut.server.credits.history import advice_for, used_by_month
from offcut.server.credits.rules import Source

NEEDS = [15, 17, 16, 15, 18, 16, 35, 15, 16, 17, 32, 15]
"""Images a month: usually fewer than 20, with two peaks."""
MAIL = "80 % of this period's credits are used"
DAYS = [f"{2027 + month // 12}-{month % 12 + 1:02d}-15" for month in range(13)]


def test_a_plan_slightly_larger_than_needed_rolls_its_rest_over(story) -> None:
    story.it_is(DAYS[0])
    story.sign_up()
    story.chooses(story.plan(20, "3.90"))
    for month, need in enumerate(NEEDS):
        assert story.uses(need) == need, f"ran out in month {month}"
        story.until(DAYS[month + 1])
    # The last months' rest, the gift, and the grant of the thirteenth.
    assert story.credits == 12 * 20 + 1 - sum(NEEDS) + 20
    assert "All credits are used up" not in story.subjects
    assert "Some unused credits could not be carried over" not in story.subjects


def test_upgrading_on_the_80_percent_mail_and_downgrading_when_credits_pile_up(story) -> None:
    story.it_is(DAYS[0])
    story.sign_up()
    small, large = story.plan(17, "3.50"), story.plan(50, "8.90")
    story.chooses(small)
    changes = []
    for month, need in enumerate(NEEDS):
        heeded = story.subjects.count(MAIL)
        for done in range(need):
            assert story.uses(1) == 1, f"ran out in month {month}"
            story.worker()
            if story.subjects.count(MAIL) > heeded and need - done > story.credits:
                story.chooses(large)
                changes.append("up")
            heeded = story.subjects.count(MAIL)
        if story.subscription.terms.plan == large and story.credits > 30:
            story.chooses(small)
            changes.append("down")
        story.until(DAYS[month + 1])
    # One peak needs the larger plan; what it left over carries the customer through the next.
    assert changes == ["up", "down"]
    assert "All credits are used up" not in story.subjects
    assert story.subscription.terms.plan == small


def test_a_pack_as_a_backup_is_touched_only_when_the_subscription_is_used_up(story) -> None:
    story.it_is(DAYS[0])
    story.sign_up()
    story.chooses(story.plan(16, "3.50", rollover=0))
    story.buys(story.pack(50, "19.90"))
    for month, need in enumerate(NEEDS):
        before = story.of(Source.PAY_AS_YOU_GO)
        assert story.uses(need) == need, f"ran out in month {month}"
        from_pack = before - story.of(Source.PAY_AS_YOU_GO)
        gift = 1 if month == 1 else 0
        assert from_pack == max(0, need - 16 - gift)
        story.until(DAYS[month + 1])
    assert story.of(Source.PAY_AS_YOU_GO) == 50 - sum(max(0, need - 16) for need in NEEDS) + 1
    assert story.subjects.count("The subscription credits are used up") == sum(need >= 16 for need in NEEDS)


@pytest.mark.parametrize(
    ("credit_count", "rollover", "way"),
    [(16, 0, Way.LARGER_PLAN), (20, 5, Way.STAY), (50, 5, Way.SMALLER_PLAN)],
)
def test_the_advice_names_the_way_that_fits(story, credit_count: int, rollover: int, way: Way) -> None:
    story.it_is(DAYS[0])
    story.sign_up()
    plans = {
        (16, 0): story.plan(16, "3.50", rollover=0),
        (20, 5): story.plan(20, "3.90"),
        (50, 5): story.plan(50, "8.90"),
    }
    backup = story.pack(50, "19.90")
    story.chooses(plans[credit_count, rollover])
    story.buys(backup)
    for month, need in enumerate(NEEDS):
        story.uses(need)
        story.until(DAYS[month + 1])
    advice = advice_for(story.team.pk, now=timezone.now())
    # January began before the account opened: eleven whole months speak.
    assert used_by_month(story.team.pk, now=timezone.now()) == [100 * need for need in NEEDS[1:]]
    assert (advice.way, advice.month_count) == (way, 11)
