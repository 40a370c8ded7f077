"""The rows of credits. Which module may write which row is said in README.md."""

from offcut.server.credits.models.book import Account, Entry, Hold, HoldState, KeyMonth, Kind, Lot
from offcut.server.credits.models.plans import (
    Pack,
    PackTerms,
    Plan,
    PlanTerms,
    Subscription,
    SubscriptionEvent,
    SubscriptionState,
)

__all__ = [
    "Account",
    "Entry",
    "Hold",
    "HoldState",
    "KeyMonth",
    "Kind",
    "Lot",
    "Pack",
    "PackTerms",
    "Plan",
    "PlanTerms",
    "Subscription",
    "SubscriptionEvent",
    "SubscriptionState",
]
