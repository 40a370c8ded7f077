"""A bounded queue in which teams take turns. Not thread-safe: the runner's lock guards it."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

from offcut.errors import QueueFullError, TeamQueueFullError

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """At most `places` items. Teams are served in turn, each team's own items in their order.

    The last eighth of the places is for teams that have nothing waiting: so one team alone cannot fill it
    all, and whoever comes with one photo while another sends a thousand is next but one.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.reserved = places // 8
        self._waiting: OrderedDict[int, deque[Item]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, team_id: int, item: Item) -> None:
        """Add an item behind its team's others. Raises QueueFullError, or TeamQueueFullError when only the
        reserved places are left and the team has something waiting."""
        own = self._waiting.get(team_id)
        if self._count >= self.places:
            raise QueueFullError("As many photos are waiting as this server can take.")
        if own and self._count >= self.places - self.reserved:
            raise TeamQueueFullError("Too many photos of this team are waiting.")
        self._waiting.setdefault(team_id, deque()).append(item)
        self._count += 1

    def take(self) -> Item:
        """Remove and return the next item; the team it belongs to goes to the end of the turn.

        Raises IndexError when there is none.
        """
        if not self._waiting:
            raise IndexError("nothing is waiting")
        team_id, own = self._waiting.popitem(last=False)
        item = own.popleft()
        if own:
            self._waiting[team_id] = own
        self._count -= 1
        return item

    def remove(self, team_id: int, item: Item) -> bool:
        """Take an item out of the queue, wherever it stands; False when it is not there (any more)."""
        own = self._waiting.get(team_id)
        if own is None or item not in own:
            return False
        own.remove(item)
        if not own:
            del self._waiting[team_id]
        self._count -= 1
        return True

    def clear(self) -> list[Item]:
        """Empty the queue; what was in it."""
        items = [item for own in self._waiting.values() for item in own]
        self._waiting.clear()
        self._count = 0
        return items
