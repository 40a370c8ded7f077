"""When each recurring job is due next."""

from __future__ import annotations

from django.db import models


class Round(models.Model):
    """One recurring job. Several workers may run: the one whose UPDATE moves `due_at` starts the job."""

    name = models.CharField(max_length=200, unique=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
