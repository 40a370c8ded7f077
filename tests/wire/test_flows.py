"""Made-up requests one after the other, along the links of docs/openapi/v1.yaml, with one balance to keep.

What a removal charges is missing from the account afterwards, to the hundredth; the same request under the
same Idempotency-Key is charged once; a photo given to the improvement programme costs nothing, nor does any
refusal.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis.generation.stateful import run_state_machine_as_test
from tests.wire.made_up import (
    CASES,
    CHOSEN,
    charged,
    credits_left,
    give_a_photo,
    hundredths,
    leave_out_nonsense,
    schema,
    serve,
)
from tests.wire.served import PATIENCE_S, Served

STEPS = 10
SETTINGS = settings(
    max_examples=max(1, CASES // STEPS),
    stateful_step_count=STEPS,
    phases=[Phase.generate],
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
_numbers = itertools.count()


class Flow(schema.as_state_machine()):  # type: ignore[misc]
    """One flow. The server, its balance and the ids that were used live through all flows."""

    served: Served
    left = 0
    first_bodies: ClassVar[dict[str, str]] = {}
    counted: ClassVar[Counter[str]] = Counter()
    failures: ClassVar[list[str]] = []

    def get_call_kwargs(self, _case: Any) -> dict[str, Any]:
        headers = {"X-Api-Key": self.served.tokens["alice"]}
        return {"base_url": f"{self.served.url}/v1.0", "headers": headers, "timeout": PATIENCE_S}

    def before_call(self, case: Any) -> None:
        give_a_photo(case)
        if case.path == "/removebg":
            leave_out_nonsense(case)
        if case.path == "/removebg" and "Idempotency-Key" not in (case.headers or {}):
            case.headers = {**(case.headers or {}), "Idempotency-Key": f"flow-{next(_numbers)}"}

    def validate_response(self, response: Any, case: Any, *_: Any, **__: Any) -> None:
        try:
            self._check(response, case)
        except BaseException as failure:
            # Kept, because the library tries once more, and may then speak of that alone.
            self.failures.append(f"{failure}\n{case.as_curl_command()}")
            raise

    def _check(self, response: Any, case: Any) -> None:
        headers = {"X-Api-Key": self.served.tokens["alice"]}
        case.validate_response(response, checks=CHOSEN, headers=headers)
        kind = type(self)
        name = f"{case.path} {response.status_code}"
        if case.path == "/account" and response.status_code == 200:
            assert hundredths(response.json()) == kind.left
        if case.path == "/removebg":
            name += self._check_repetition(response, case)
        kind.left -= charged(response)
        kind.counted[name] += 1
        assert credits_left(self.served) == kind.left, (case, response.status_code)

    def _check_repetition(self, response: Any, case: Any) -> str:
        """An id that was answered is answered again for the same request only, and charged no more."""
        used = case.headers["Idempotency-Key"].strip()
        if not used:
            assert "x-repeated" not in response.headers
            return " without an id"
        body = repr(case.body)
        if response.status_code == 200:
            assert ("x-repeated" in response.headers) == (used in self.first_bodies)
            self.first_bodies.setdefault(used, body)
        elif self.first_bodies.get(used) == body:
            raise AssertionError(f"the same request under {used} was refused: {response.text}")
        return " repeated" if "x-repeated" in response.headers else ""


def test_flows(tmp_path: Path) -> None:
    served = serve(tmp_path / "data")
    try:
        Flow.served, Flow.left = served, credits_left(served)
        while Flow.counted.total() < CASES and not Flow.failures:
            # What this server answers depends on what it was asked before, as it should. The library calls
            # that flaky when it notices, and begins anew.
            with contextlib.suppress(FlakyStrategyDefinition):
                run_state_machine_as_test(Flow, settings=SETTINGS)
    finally:
        served.stop()
    print(*Flow.failures, sep="\n")
    print(f"{Flow.counted.total()} requests: {dict(sorted(Flow.counted.items()))}")
    assert Flow.failures == []
    assert Flow.counted["/removebg 200"]
    # Which links are followed is chance; among a hundred requests it may never be this one.
    assert Flow.counted["/removebg 200 repeated"] or CASES < 1000
    assert Flow.counted["/account 200"]
    assert Flow.counted["/removebg 400"]
