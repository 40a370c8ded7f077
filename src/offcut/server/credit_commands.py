"""`offcut admin credits …`: statement, grants and corrections, by the ledger's own functions."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer

from offcut.errors import OffcutError
from offcut.server.command_setup import django_ready, find_team

credit_app = typer.Typer(no_args_is_help=True, help="See a team's credits, grant some, correct an entry.")


@credit_app.command("statement")
def statement(
    team: int,
    since: Annotated[str, typer.Option(help="First day, YYYY-MM-DD; empty: from the beginning.")] = "",
) -> None:
    """The balance by source, then every line that changed it; the first column is the entry's number."""
    with django_ready():
        from django.utils import timezone

        from offcut.server.credits import statement as ledger
        from offcut.server.credits.amounts import credits_of

        number = find_team(team).pk
        now = timezone.now()
        balance = ledger.balance(number, at=now)
        for source, amount in balance.by_source.items():
            print(f"{source}\t{credits_of(amount)}")
        print(f"in all\t{credits_of(balance.total)}\theld\t{credits_of(balance.held)}")
        begin = _day(since) if since else datetime(2000, 1, 1, tzinfo=UTC)
        for line in ledger.statement(number, since=begin, until=now):
            parts = [
                str(line.entry_id or "-"),
                f"{line.at:%Y-%m-%dT%H:%M:%SZ}",
                line.what,
                f"lot {line.lot_id}",
                str(line.source),
                f"{'+' if line.change > 0 else ''}{credits_of(line.change)}",
                f"= {credits_of(line.owned)}",
                line.request_id,
                line.reason,
            ]
            print("\t".join(parts).rstrip())


@credit_app.command("grant")
def grant(
    team: int,
    count: Annotated[str, typer.Argument(metavar="CREDITS", help="How many, such as 10 or 0.25.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the credits.")],
    until: Annotated[str, typer.Option(help="Last day, YYYY-MM-DD; empty: they do not end.")] = "",
    grant_id: Annotated[
        str, typer.Option("--id", help="A name for this grant: the same again grants nothing twice.")
    ] = "",
) -> None:
    """Give a team credits."""
    with django_ready():
        from datetime import timedelta

        from django.utils import timezone

        from offcut.server.accounts.audit import write_down
        from offcut.server.credits import ledger
        from offcut.server.credits.amounts import amount_of
        from offcut.server.credits.rules import Source
        from offcut.server.credits.transactions import in_transaction

        found = find_team(team)
        amount = amount_of(count)
        ends_at = _day(until) + timedelta(days=1) if until else None
        reference = f"operator:{grant_id or secrets.token_hex(8)}"

        def work() -> int:
            lot = ledger.grant(
                found.pk,
                reference,
                Source.ADJUSTMENT,
                amount,
                now=timezone.now(),
                expires_at=ends_at,
                reason=reason,
            )
            write_down(
                "credits.granted", by=None, team=found, subject=f"lot {lot.pk}", amount=amount, reason=reason
            )
            return int(lot.pk)

        print(f"Granted {count} credits to {found.name}: lot {in_transaction(work)}.")


@credit_app.command(
    "correct",
    context_settings={"ignore_unknown_options": True},
)
def correct(
    entry: Annotated[int, typer.Argument(help="The entry's number, from the statement.")],
    change: Annotated[str, typer.Argument(help="What the lot gets, or loses with a minus: 1 or -0.25.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the correction.")],
) -> None:
    """Undo all or part of an entry by adding another that names it."""
    with django_ready():
        from django.utils import timezone

        from offcut.server.accounts.audit import write_down
        from offcut.server.credits import ledger
        from offcut.server.credits.amounts import amount_of
        from offcut.server.credits.transactions import in_transaction

        amount = amount_of(change)

        def work() -> tuple[int, int]:
            added = ledger.correct(entry, amount, reason=reason, actor_id=None, now=timezone.now())
            account = added.lot.account
            write_down(
                "credits.corrected",
                by=None,
                team=account.team,
                subject=f"entry {entry}",
                amount=amount,
                reason=reason,
            )
            return int(added.pk), int(account.team_id)

        number, team = in_transaction(work)
        print(f"Entry {entry} is corrected by {change} credits: entry {number}, team {team}.")


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise OffcutError(f"“{text}” is not a day.", hint="Write it as YYYY-MM-DD.") from None
