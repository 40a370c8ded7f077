"""A subscription's turns: up, down, cancelled, unpaid, yearly, and under two policies of roll-over."""

from __future__ import annotations

import pytest
from django.utils import timezone

from offcut.errors import KeyRefusedError, SubscriptionError
from offcut.server.accounts.keys import make_key, take_over_key
from offcut.server.accounts.models import Membership, Person
from offcut.server.accounts.roles import Role
from offcut.server.accounts.teams import remove_member
from offcut.server.credits import subscriptions
from offcut.server.credits.rules import Source
from offcut.server.payments import orders, quotes
from offcut.server.payments.models import Order, OrderState


def test_an_upgrade_in_the_middle_of_the_month(story) -> None:
    story.it_is("2027-04-01")
    story.sign_up()
    small, large = story.plan(40, "9"), story.plan(200, "39")
    story.chooses(small)
    story.uses(30)
    story.until("2027-04-16")
    order = story.chooses(large)
    # Half of April's 9.00 is unused and comes off the new price.
    assert (order.list_price, order.unused, order.deducted, order.total) == (3900, 450, 450, 3450)
    assert story.of(Source.SUBSCRIPTION) == 10 + 200
    assert story.subscription.period_end.astimezone(story.zone).strftime("%m-%d") == "05-16"
    story.until("2027-05-17")
    assert story.of(Source.SUBSCRIPTION) == 10 + 200 + 200


def test_an_upgrade_from_a_dear_plan_leaves_money_for_the_next_order(story) -> None:
    story.it_is("2027-04-01")
    story.sign_up()
    dear, cheap = story.plan(40, "100"), story.plan(50, "20")
    story.chooses(dear)
    order = story.chooses(cheap)
    assert (order.total, order.state) == (0, OrderState.PAID)
    assert quotes.owed_to(story.team, "USD") == 8000
    pack = orders.order_pack(story.team, story.pack(10, "9"), now=timezone.now())
    assert (pack.total, pack.state) == (0, OrderState.PAID)
    assert story.of(Source.PAY_AS_YOU_GO) == 10
    assert quotes.owed_to(story.team, "USD") == 7100


def test_a_downgrade_waits_for_the_billing_date_and_the_new_cap_cuts(story) -> None:
    story.it_is("2027-01-31")
    story.sign_up()
    small, large = story.plan(40, "9"), story.plan(500, "89")
    story.chooses(large)
    story.until("2027-02-10")
    assert story.chooses(small) is None
    story.until("2027-02-27")
    assert story.of(Source.SUBSCRIPTION) == 500
    assert story.subscription.terms.plan == large
    story.until("2027-03-01")
    # 31 January + 1 month is 28 February. 5 × 40 of the 500 stay, and 40 come on top.
    assert story.subscription.period_start.astimezone(story.zone).strftime("%m-%d") == "02-28"
    assert story.of(Source.SUBSCRIPTION) == 200 + 40
    assert "Some unused credits could not be carried over" in story.subjects
    paid = Order.objects.filter(team=story.team, kind="renew", state=OrderState.PAID).get()
    assert paid.list_price == 900
    story.until("2027-04-01")
    assert story.subscription.period_start.astimezone(story.zone).strftime("%m-%d") == "03-31"


def test_cancelling_ends_subscription_credits_and_leaves_packs(story) -> None:
    story.it_is("2027-01-10")
    story.sign_up()
    story.chooses(story.plan(200, "39"))
    story.buys(story.pack(75, "49"))
    story.until("2027-01-20")
    subscriptions.cancel(story.subscription.pk, now=timezone.now())
    story.until("2027-02-10", hour=9)
    assert story.credits == 200 + 75 + 1
    # The very moment: nobody has to come by for it.
    story.it_is("2027-02-10", hour=10)
    assert story.credits == 75 + 1
    story.until("2027-02-12")
    assert story.subscription is None
    assert story.uses(80) == 76
    assert not Order.objects.filter(team=story.team, state=OrderState.OPEN).exists()


def test_a_cancellation_taken_back_in_time_changes_nothing(story) -> None:
    story.it_is("2027-01-10")
    story.sign_up()
    story.chooses(story.plan(200, "39"))
    subscriptions.cancel(story.subscription.pk, now=timezone.now())
    story.until("2027-02-01")
    subscriptions.resume(story.subscription.pk, now=timezone.now())
    story.until("2027-02-11")
    assert story.of(Source.SUBSCRIPTION) == 400
    with pytest.raises(SubscriptionError):
        subscriptions.resume(story.subscription.pk, now=timezone.now())


def test_a_failed_renewal_that_is_paid_in_the_grace_time(story) -> None:
    story.it_is("2027-01-10")
    story.sign_up()
    story.chooses(story.plan(200, "39"))
    story.uses(50)
    story.pays_at_once = False
    story.until("2027-02-13")
    assert story.subscription.state == "past_due"
    assert story.subjects.count("The payment for your plan did not arrive") == 1
    assert story.of(Source.SUBSCRIPTION) == 150
    assert story.uses(10) == 10
    story.pays()
    assert story.subscription.state == "active"
    assert story.of(Source.SUBSCRIPTION) == 140 + 200
    assert story.subscription.period_start.astimezone(story.zone).strftime("%m-%d") == "02-10"
    story.pays_at_once = True
    story.until("2027-03-11")
    assert story.of(Source.SUBSCRIPTION) == 140 + 200 + 200


def test_a_renewal_nobody_pays_ends_after_the_grace_time(story) -> None:
    story.it_is("2027-01-10")
    story.sign_up()
    story.chooses(story.plan(200, "39"))
    story.pays_at_once = False
    story.until("2027-02-17", hour=9)
    assert story.of(Source.SUBSCRIPTION) == 200
    story.it_is("2027-02-17", hour=10)
    assert story.of(Source.SUBSCRIPTION) == 0
    story.worker()
    assert story.subscription is None
    assert Order.objects.filter(team=story.team, state=OrderState.OPEN).count() == 0
    story.chooses(story.plan(40, "9"))
    assert story.of(Source.SUBSCRIPTION) == 40


def test_a_yearly_plan_is_paid_once_and_granted_by_the_month(story) -> None:
    story.it_is("2027-08-31")
    story.sign_up()
    story.chooses(story.plan(20, "42", months=12))
    starts = []
    for month in range(1, 12):
        day = f"{2027 + (7 + month) // 12}-{(7 + month) % 12 + 1:02d}-28"
        story.until(day)
        starts.append(story.subscription.period_start.astimezone(story.zone).strftime("%m-%d"))
        story.uses(15)
    assert starts == [
        "08-31",
        "09-30",
        "10-31",
        "11-30",
        "12-31",
        "01-31",
        "02-29",
        "03-31",
        "04-30",
        "05-31",
        "06-30",
    ]
    assert story.of(Source.SUBSCRIPTION) == 11 * 5
    assert Order.objects.filter(team=story.team).count() == 1
    story.until("2028-09-01")
    assert Order.objects.filter(team=story.team, state=OrderState.PAID).count() == 2
    assert (
        subscriptions.billing_end(story.subscription).astimezone(story.zone).strftime("%Y-%m-%d")
        == "2029-08-31"
    )


def test_a_yearly_plan_cancelled_early_goes_on_to_the_end_of_the_year(story) -> None:
    story.it_is("2027-01-10")
    story.sign_up()
    story.chooses(story.plan(40, "97.20", months=12))
    subscriptions.cancel(story.subscription.pk, now=timezone.now())
    story.until("2027-12-30")
    assert story.of(Source.SUBSCRIPTION) == 5 * 40 + 40
    story.it_is("2028-01-10", hour=10)
    assert story.of(Source.SUBSCRIPTION) == 0
    story.worker()
    assert story.subscription is None


def test_a_worker_away_for_months_makes_up_for_what_was_paid(story) -> None:
    story.it_is("2027-01-10")
    story.sign_up()
    story.chooses(story.plan(40, "97.20", months=12))
    story.it_is("2027-04-20")
    story.worker()
    assert story.of(Source.SUBSCRIPTION) == 4 * 40


def test_classic_and_no_roll_over_side_by_side(story) -> None:
    story.it_is("2027-01-10")
    classic, ending = story.plan(200, "39", rollover=5), story.plan(200, "35", rollover=0)
    left = {}
    for name, plan in (("Alice", classic), ("Bob", ending)):
        story.it_is("2027-01-10")
        story.sign_up(name)
        story.chooses(plan)
        story.uses(50)
        story.until("2027-02-09")
        assert story.of(Source.SUBSCRIPTION) == 150
        story.until("2027-02-11")
        left[name] = story.of(Source.SUBSCRIPTION)
        for month in range(3, 13):
            story.until(f"2027-{month:02d}-11")
        left[f"{name} after a year"] = story.of(Source.SUBSCRIPTION)
    assert left == {
        "Alice": 350,
        "Alice after a year": 5 * 200 + 200,
        "Bob": 200,
        "Bob after a year": 200,
    }


def test_a_team_member_leaves(story) -> None:
    story.it_is("2027-01-10")
    team = story.sign_up("Alice")
    alice = story.person
    bob = Person.objects.create_user("bob@example.org", "correct horse battery", name="Bob")
    membership = Membership.objects.create(team=team, person=bob, role=Role.MEMBER)
    key, token = make_key(team, "Bob's script", by=bob)
    story.buys(story.pack(10, "9"))
    assert story.uses(3, token) == 3
    remove_member(membership, by=bob)
    before = story.balance
    with pytest.raises(KeyRefusedError) as refusal:
        story.uses(1, token)
    assert refusal.value.code == "member_gone"
    assert story.balance == before
    # What Bob used stays in the team's report; an admin may answer for the key.
    take_over_key(key, by=alice)
    assert story.uses(1, token) == 1
    assert story.credits == 10 + 1 - 4


def test_the_clock_changes_of_a_zone_do_not_move_the_billing_hour(story) -> None:
    story.it_is("2027-03-10", hour=9)
    story.sign_up()
    story.chooses(story.plan(40, "9"))
    story.until("2027-04-12")
    assert story.subscription.period_start.astimezone(story.zone).strftime("%d %H:%M") == "10 09:00"
    assert story.subscription.period_start.hour == 7
