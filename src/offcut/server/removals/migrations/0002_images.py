"""Images, batches and backgrounds."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("removals", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("visitor", models.CharField(blank=True, editable=False, max_length=32)),
                (
                    "made_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
                    ),
                ),
                ("expires_at", models.DateTimeField(editable=False, verbose_name="kept until")),
                ("settings", models.JSONField(blank=True, null=True, verbose_name="settings")),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
            },
        ),
        migrations.CreateModel(
            name="Image",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("visitor", models.CharField(blank=True, editable=False, max_length=32)),
                (
                    "made_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
                    ),
                ),
                ("expires_at", models.DateTimeField(editable=False, verbose_name="kept until")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("working", "being worked on"),
                            ("done", "done"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("height", models.PositiveIntegerField(verbose_name="height")),
                ("bytes", models.PositiveBigIntegerField(default=0, verbose_name="bytes")),
                ("original_file", models.CharField(blank=True, editable=False, max_length=200)),
                ("first_matte_file", models.CharField(blank=True, editable=False, max_length=200)),
                ("matte_file", models.CharField(blank=True, editable=False, max_length=200)),
                ("belief_file", models.CharField(blank=True, editable=False, max_length=200)),
                ("matte_number", models.PositiveIntegerField(default=0, editable=False)),
                ("subject", models.CharField(blank=True, max_length=20, verbose_name="subject")),
                ("error_code", models.CharField(blank=True, max_length=60, verbose_name="error")),
                (
                    "attempt_count",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="tries"),
                ),
                ("claimed_by", models.CharField(blank=True, editable=False, max_length=32)),
                ("claimed_until", models.DateTimeField(editable=False, null=True)),
                ("done_at", models.DateTimeField(editable=False, null=True, verbose_name="done")),
                ("settings", models.JSONField(blank=True, null=True, verbose_name="settings")),
                ("strokes", models.JSONField(blank=True, default=list, verbose_name="strokes")),
                ("stroke_count", models.PositiveIntegerField(default=0)),
                ("paid_at", models.DateTimeField(editable=False, null=True, verbose_name="paid")),
                ("rating", models.CharField(blank=True, max_length=4, verbose_name="rating")),
                (
                    "is_contributed",
                    models.BooleanField(default=False, verbose_name="given to improve the networks"),
                ),
                (
                    "gone",
                    models.CharField(
                        blank=True,
                        choices=[("expired", "its time was over"), ("deleted", "somebody deleted it")],
                        max_length=10,
                        verbose_name="gone",
                    ),
                ),
                ("gone_at", models.DateTimeField(editable=False, null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="images",
                        to="removals.batch",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "verbose_name": "image",
                "verbose_name_plural": "images",
                "ordering": ("-made_at", "id"),
            },
        ),
        migrations.CreateModel(
            name="Background",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("visitor", models.CharField(blank=True, editable=False, max_length=32)),
                (
                    "made_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
                    ),
                ),
                ("expires_at", models.DateTimeField(editable=False, verbose_name="kept until")),
                ("file", models.CharField(editable=False, max_length=200, verbose_name="file")),
                ("width", models.PositiveIntegerField(verbose_name="width")),
                ("height", models.PositiveIntegerField(verbose_name="height")),
                ("bytes", models.PositiveBigIntegerField(default=0, verbose_name="bytes")),
                (
                    "team",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "verbose_name": "background",
                "verbose_name_plural": "backgrounds",
                "indexes": [models.Index(fields=["expires_at"], name="backgrounds_by_end")],
            },
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["expires_at"], name="batches_by_end"),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(fields=["state", "made_at"], name="images_by_state"),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(fields=["team", "made_at"], name="images_of_team"),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(fields=["visitor", "made_at"], name="images_of_visitor"),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(fields=["expires_at"], name="images_by_end"),
        ),
    ]
