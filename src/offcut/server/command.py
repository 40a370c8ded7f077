"""`offcut serve` and `offcut admin …`. Django is loaded when a command runs, not when this is imported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offcut.errors import OffcutError
from offcut.server.command_setup import django_ready, find_team
from offcut.server.credit_commands import credit_app
from offcut.server.payment_commands import order_app, price_app, refund_app

if TYPE_CHECKING:
    from offcut.server.accounts.models import Person, Team

server_app = typer.Typer(no_args_is_help=True)
admin_app = typer.Typer(no_args_is_help=True, help="The operator's commands, on the server's own database.")
team_app = typer.Typer(no_args_is_help=True, help="Find a team, see it, suspend it.")
server_app.add_typer(admin_app, name="admin")
admin_app.add_typer(team_app, name="team")
admin_app.add_typer(credit_app, name="credits")
admin_app.add_typer(order_app, name="orders")
admin_app.add_typer(refund_app, name="refunds")
admin_app.add_typer(price_app, name="prices")


def add_to(app: typer.Typer) -> None:
    """Give the `offcut` command its `serve` and `admin`."""
    app.add_typer(server_app)


@server_app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on (OFFCUT_HOST).")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="The port (OFFCUT_PORT).")] = None,
) -> None:
    """Run website, API and worker. Everything is kept in OFFCUT_DATA_DIR."""
    # Options reach the web server and the worker the way all settings do.
    if host is not None:
        os.environ["OFFCUT_HOST"] = host
    if port is not None:
        os.environ["OFFCUT_PORT"] = str(port)
    with django_ready():
        from offcut.server.serving import serve as run

        # Each line is flushed: whoever reads our output through a pipe waits for the key.
        code = run(lambda line: print(line, flush=True))
    raise typer.Exit(code)


@admin_app.command("create-owner")
def create_owner(email: str, name: Annotated[str, typer.Option(help="The person's name.")] = "") -> None:
    """Make an owner of the website, or make one of somebody who is here already; prints a sign-in link."""
    with django_ready():
        from offcut.server.accounts.people import create_owner as create
        from offcut.server.accounts.sign_in_links import make_sign_in_link

        person = create(email, name)
        print(f"Sign in once, within a day: {make_sign_in_link(person)}")


@admin_app.command("sign-in-link")
def sign_in_link(email: str) -> None:
    """Print a link that signs this person in once. A second factor is still asked for."""
    with django_ready():
        from offcut.server.accounts.sign_in_links import make_sign_in_link

        print(make_sign_in_link(_person(email)))


@admin_app.command("reset-second-factor")
def reset_second_factor(email: str) -> None:
    """Remove authenticator app, passkeys and recovery codes of somebody who has lost them."""
    with django_ready():
        from allauth.mfa.models import Authenticator

        from offcut.server.accounts.audit import write_down

        person = _person(email)
        count, _ = Authenticator.objects.filter(user=person).delete()
        write_down("second_factor.reset", by=None, subject=f"person {person.pk}", count=count)
        print(f"{count} removed.")


@admin_app.command("revoke-key")
def revoke_key(prefix: str) -> None:
    """Switch an API key off for good; PREFIX is what it begins with (offcut_ and 8 letters)."""
    with django_ready():
        from offcut.server.accounts.keys import revoke_key_by_operator
        from offcut.server.accounts.models import ApiKey

        key = ApiKey.objects.select_related("team").filter(prefix=prefix).first()
        if key is None:
            raise OffcutError(f"No key begins with {prefix}.")
        revoke_key_by_operator(key, by=None)
        print(f"{key} is revoked.")


@admin_app.command("export-data-set")
def export_data_set(folder: Path) -> None:
    """Write the photos that teams gave to improve the networks, and a manifest, into a new FOLDER."""
    with django_ready():
        from offcut.server.removals.improvement import export_data_set as export

        print(f"{export(folder)} photos are in {folder}.")


@admin_app.command("audit")
def audit(
    team: Annotated[int | None, typer.Option(help="Only what was done in the team of this number.")] = None,
    person: Annotated[int | None, typer.Option(help="Only what the person of this number did.")] = None,
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many lines.")] = 50,
) -> None:
    """Who did what: the latest lines of the audit log, newest first."""
    with django_ready():
        from offcut.server.accounts.models import AuditEntry

        entries = AuditEntry.objects.all()
        if team is not None:
            entries = entries.filter(team_id=team)
        if person is not None:
            entries = entries.filter(actor_id=person)
        for entry in entries[:last]:
            print(_line(entry))


@team_app.command("find")
def find(text: str) -> None:
    """Teams by name, number, a member's address, or the beginning of a key."""
    with django_ready():
        from offcut.server.accounts.teams import find_teams

        teams = find_teams(text)
        for team in teams:
            print(f"{team.pk}\t{_state(team)}\t{team.name}")
        if not teams:
            raise OffcutError(f"No team fits “{text}”.")


@team_app.command("show")
def show(number: int) -> None:
    """A team with its people and keys."""
    with django_ready():
        team = find_team(number)
        print(f"{team.pk}\t{_state(team)}\t{team.name}\tmade {team.created_at:%Y-%m-%d}")
        if team.suspension_reason:
            print(f"reason\t{team.suspension_reason}")
        for member in team.memberships.select_related("person").order_by("id"):
            print(f"{member.role}\t{member.person.pk}\t{member.person.email}")
        for key in team.keys.order_by("id"):
            used = f"last used {key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never used"
            print(f"key\t{key.prefix}\t{'revoked' if key.revoked_at else used}\t{key.name}")


@team_app.command("suspend")
def suspend(number: int, reason: Annotated[str, typer.Option(help="Why; kept with the team.")]) -> None:
    """Stop a team's keys and spending until it is resumed."""
    with django_ready():
        from offcut.server.accounts.teams import suspend_team

        team = find_team(number)
        suspend_team(team, reason, by=None)
        print(f"{team.name} is suspended.")


@team_app.command("resume")
def resume(number: int) -> None:
    """End a team's suspension."""
    with django_ready():
        from offcut.server.accounts.teams import resume_team

        team = find_team(number)
        resume_team(team, by=None)
        print(f"{team.name} works again.")


def _person(email: str) -> Person:
    from offcut.server.accounts.models import Person

    person = Person.objects.filter(email=email.lower()).first()
    if person is None:
        raise OffcutError(f"Nobody has the address {email}.")
    return person


def _state(team: Team) -> str:
    if team.is_closed:
        return "closed"
    return "suspended" if team.is_suspended else "open"


def _line(entry: object) -> str:
    from offcut.server.accounts.models import AuditEntry

    assert isinstance(entry, AuditEntry)
    who = f"person {entry.actor_id}" if entry.actor_id else "console"
    if entry.acting_operator_id:
        who += f" (acted by person {entry.acting_operator_id})"
    team = f"team {entry.team_id}" if entry.team_id else ""
    parts = [f"{entry.at:%Y-%m-%dT%H:%M:%SZ}", who, entry.deed, entry.subject, team, str(entry.detail or "")]
    return "\t".join(parts).rstrip()
