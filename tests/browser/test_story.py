"""One team's story: from signing up to running out, and on. People use the browser; time is helped on."""

from __future__ import annotations

import email
import email.policy
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Download, Page, expect

PASSWORD = "a long enough password"
PRICES = """
from offcut.server.credits.models import Pack, Plan
from django.utils import timezone
from offcut.server.payments.sellers import seller

plan = Plan.objects.create(name="Five {name}")
plan.terms.create(starts_at=timezone.now(), price=500, monthly_amount=500)
pack = Pack.objects.create(name="Three {name}")
pack.terms.create(starts_at=timezone.now(), price=300, amount=300)
selling = seller()
selling.payment_instructions = "Pay at the counter."
selling.save()
"""
SPEND = """
from django.utils import timezone
from offcut.server.accounts.models import Team
from offcut.server.credits import ledger

team = Team.objects.get(memberships__person__email="{address}")
for number in range({count}):
    name = f"by-the-api:{{number}}:{count}"
    ledger.hold(team.pk, name, 100, content_hash=name, now=timezone.now(), size="full asked")
    ledger.capture(team.pk, name, now=timezone.now())
"""
DELIVER = """
from django.utils import timezone
from offcut.server.credits.notices.delivery import deliver_due

deliver_due(timezone.now())
"""
OPERATOR = """
from offcut.server.accounts.people import create_owner
from offcut.server.accounts.sign_in_links import make_sign_in_link

answer = make_sign_in_link(create_owner("{address}"))
"""


def mails_to(server: Any, address: str) -> list[tuple[str, str]]:
    """Subject and text of the mails to an address, oldest first."""
    read = [email.message_from_string(text, policy=email.policy.default) for text in server.mails()]
    found = []
    for mail in read:
        body = mail.get_body(("plain",))
        if mail["To"] == address and body is not None:
            found.append((str(mail["Subject"]), body.get_content()))
    return found


def sign_up(page: Page, server: Any, address: str) -> None:
    page.goto("/account/signup/")
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name=re.compile("Sign Up", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("verif", re.IGNORECASE))
    _subject, text = mails_to(server, address)[-1]
    link = re.search(r"http://\S+/confirm-email/\S+", text)
    assert link is not None, text
    page.goto(link[0])
    page.get_by_role("button", name="Confirm").click()
    if "/login/" in page.url:
        page.get_by_label("Email").fill(address)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign In", exact=True).click()


def upload(page: Page, photo: Path) -> str:
    """Upload a photo as a page would, and open its page when it is cut out."""
    page.goto("/en/dashboard/")
    token = page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    answer = page.request.post(
        "/en/images/",
        multipart={"photo": {"name": photo.name, "mimeType": "image/jpeg", "buffer": photo.read_bytes()}},
        headers={"X-CSRFToken": token, "Accept": "application/json", "Referer": page.url},
    )
    assert answer.status == 201, answer.text()
    address = str(answer.json()["images"][0]["urls"]["page"])
    # An answer comes with every change: that the work has begun is one.
    for _ in range(20):
        waiting = page.request.get(address + "?wait=10", headers={"Accept": "application/json"})
        if waiting.json()["state"] not in ("waiting", "working"):
            break
    assert waiting.json()["state"] == "done", waiting.text()
    page.goto(address)
    return address


def full_size(page: Page) -> Download:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download full size").click()
    return download.value


def balance(page: Page) -> str:
    page.goto("/en/dashboard/")
    return page.locator(".figure strong").inner_text()


def confirm_payment(operator: Page, number: str) -> None:
    """The owner of the website marks the order as paid on the operator's pages."""
    operator.goto("/operator/payments/order/")
    operator.locator(f"input[name=_selected_action][value='{number}']").check()
    operator.locator("select[name=action]").select_option("mark_paid")
    operator.locator("button[name=index]").click()
    expect(operator.locator(".messagelist .success")).to_contain_text(number)


def order_number(page: Page) -> str:
    expect(page.get_by_role("heading", level=1)).to_contain_text("To be paid")
    expect(page.locator(".instructions")).to_contain_text("Pay at the counter.")
    return page.url.rstrip("/").rpartition("/")[2]


def test_from_signing_up_to_running_out_and_on(
    new_page: Callable[..., Page], server: Any, photo: Callable[..., Path]
) -> None:
    name = secrets.token_hex(4)
    address = f"{name}@example.org"
    server.run(PRICES.format(name=name))
    page, operator = new_page(), new_page()
    operator.goto(server.run(OPERATOR.format(address=f"owner-{name}@example.org")))
    operator.get_by_role("button", name="Sign in").click()

    sign_up(page, server, address)
    assert balance(page) == "1"
    first = upload(page, photo())
    assert Path(full_size(page).path()).stat().st_size > 10_000
    assert balance(page) == "0"
    expect(page.get_by_role("heading", name="Your credits are used up")).to_be_visible()
    page.goto(first)
    full_size(page)  # The same image again is free.

    page.goto("/en/dashboard/plan/")
    page.get_by_role("link", name=f"Choose Five {name}").click()
    page.get_by_role("button", name="Order, and see how to pay").click()
    confirm_payment(operator, order_number(page))
    assert balance(page) == "5"

    server.run(SPEND.format(address=address, count=3))
    upload(page, photo("coffee"))
    full_size(page)
    server.run(DELIVER)
    subject, text = mails_to(server, address)[-1]
    assert "80 %" in subject
    assert "1 are left" in text
    assert balance(page) == "1"
    expect(page.locator("#meter-words")).to_contain_text("(80 %)")
    expect(page.locator(".notice").first).to_contain_text("80 %")

    server.run(SPEND.format(address=address, count=1))
    server.run(DELIVER)
    assert "All credits are used up" in [subject for subject, _ in mails_to(server, address)]
    blocked = upload(page, photo("chelsea"))
    with page.expect_response(lambda answer: "/download" in answer.url) as refused:
        page.get_by_role("button", name="Download full size").click()
    assert refused.value.status == 402
    expect(page.get_by_role("alert").filter(has_text="credit")).to_be_visible()
    expect(page.get_by_role("link", name="Get credits")).to_be_visible()
    with page.expect_download() as preview:
        page.get_by_role("link", name="Download preview").click()
    assert Path(preview.value.path()).stat().st_size > 1_000
    assert balance(page) == "0"

    page.get_by_role("link", name="Buy a pack").click()
    page.get_by_role("link", name=f"Buy Three {name}").click()
    page.get_by_role("button", name="Order, and see how to pay").click()
    confirm_payment(operator, order_number(page))
    assert balance(page) == "3"
    page.goto(blocked)
    full_size(page)
    assert balance(page) == "2"
    page.goto("/en/dashboard/statement/")
    changes = page.locator("td.change").all_inner_texts()
    assert changes == ["−1", "+3", *["−1"] * 5, "+5", "−1", "+1"]
    page.goto("/en/dashboard/orders/")
    expect(page.get_by_text("Paid", exact=True)).to_have_count(2)
