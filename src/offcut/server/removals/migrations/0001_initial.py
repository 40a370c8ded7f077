"""The first tables of this package."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "key_prefix",
                    models.CharField(
                        blank=True, editable=False, max_length=24, verbose_name="given with the key"
                    ),
                ),
                (
                    "submitted_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="given"
                    ),
                ),
                ("file", models.CharField(editable=False, max_length=200, verbose_name="file")),
                ("filename", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("tag", models.CharField(blank=True, max_length=200, verbose_name="tag")),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("height", models.PositiveIntegerField(verbose_name="height")),
                ("bytes", models.PositiveIntegerField(verbose_name="bytes")),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submissions",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "verbose_name": "submission",
                "verbose_name_plural": "submissions",
                "ordering": ("-submitted_at",),
                "indexes": [models.Index(fields=["team", "submitted_at"], name="submissions_of_team")],
            },
        ),
    ]
