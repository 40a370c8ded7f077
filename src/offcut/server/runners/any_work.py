"""Everything that a runner can be given, and the one function that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from offcut.server.runners.composing import ResultWork, compose_result
from offcut.server.runners.cutting import Finished, Work, cut_with
from offcut.server.runners.matting import FoundMatte, MatteWork, find_with
from offcut.server.runners.steps import Tell

if TYPE_CHECKING:
    from offcut.engine.models.networks import Networks

AnyWork: TypeAlias = Work | MatteWork | ResultWork
AnyResult: TypeAlias = Finished | FoundMatte

Do = Callable[[AnyWork, Tell], AnyResult]
"""Does a piece of work and tells each step as it begins. Telling may raise, which ends the work."""


def do_with(networks: Networks, model: str) -> Do:
    """The engine with these networks and the weights of that name, as a function."""
    cut, find = cut_with(networks, model), find_with(networks, model)

    def do(work: AnyWork, tell: Tell) -> AnyResult:
        if isinstance(work, MatteWork):
            return find(work, tell)
        if isinstance(work, ResultWork):
            return compose_result(work, tell)
        return cut(work, tell)

    return do
