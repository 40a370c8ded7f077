"""What other packages may want to hear about. Sent inside the transaction that does it.

`team_opened`: a team was made (`team`, `person`, `at_sign_up`: True for a person's own first team).
`team_closing`: a team is about to be closed for good (`team`); a receiver may raise to refuse.
`person_exporting`: a person's data is being gathered (`person`); a receiver returns (name, JSON value).
"""

from __future__ import annotations

from django.dispatch import Signal

team_opened = Signal()
team_closing = Signal()
person_exporting = Signal()
