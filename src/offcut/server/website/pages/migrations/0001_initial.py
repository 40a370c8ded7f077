"""Tables for health history, incidents, letters and legal texts."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import offcut.server.website.pages.models.legal_texts


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HealthDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(unique=True, verbose_name="day")),
                ("up_s", models.FloatField(default=0, verbose_name="up, in s")),
                ("down_s", models.FloatField(default=0, verbose_name="down, in s")),
                ("removal_count", models.PositiveIntegerField(default=0, verbose_name="photos asked for")),
                ("failure_count", models.PositiveIntegerField(default=0, verbose_name="failures of ours")),
            ],
            options={
                "verbose_name": "day of the health history",
                "verbose_name_plural": "days of the health history",
                "ordering": ("-day",),
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=120, verbose_name="title")),
                (
                    "impact",
                    models.CharField(
                        choices=[
                            ("maintenance", "Maintenance"),
                            ("minor", "Slower or partly broken"),
                            ("major", "Out of order"),
                        ],
                        default="minor",
                        max_length=12,
                        verbose_name="impact",
                    ),
                ),
                ("began_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="began")),
                ("over_at", models.DateTimeField(editable=False, null=True, verbose_name="over since")),
            ],
            options={
                "verbose_name": "incident",
                "verbose_name_plural": "incidents",
                "ordering": ("-began_at",),
            },
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(unique=True, verbose_name="when")),
                ("is_up", models.BooleanField(verbose_name="up")),
                ("answer_ms", models.FloatField(null=True, verbose_name="answered within, in ms")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
                ("queue_waiting", models.PositiveIntegerField(null=True, verbose_name="photos waiting")),
                ("removal_count", models.PositiveIntegerField(default=0, verbose_name="photos asked for")),
                ("failure_count", models.PositiveIntegerField(default=0, verbose_name="failures of ours")),
                ("bucket_counts", models.JSONField(default=list)),
                ("counters", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "reading",
                "verbose_name_plural": "readings",
                "ordering": ("-at",),
            },
        ),
        migrations.CreateModel(
            name="IncidentUpdate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("planned", "Planned"),
                            ("investigating", "Looking into it"),
                            ("found", "Cause found"),
                            ("watching", "Put right, being watched"),
                            ("over", "Over"),
                        ],
                        default="investigating",
                        max_length=13,
                        verbose_name="stage",
                    ),
                ),
                ("text", models.TextField(max_length=4000, verbose_name="text")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="updates",
                        to="pages.incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "update",
                "verbose_name_plural": "updates",
                "ordering": ("-at", "-id"),
            },
        ),
        migrations.CreateModel(
            name="LegalText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("terms", "Terms of service"),
                            ("privacy", "Privacy"),
                            ("cookies", "Cookies"),
                            ("refunds", "Refunds"),
                            ("imprint", "Imprint"),
                        ],
                        max_length=10,
                        verbose_name="page",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=offcut.server.website.pages.models.legal_texts.all_languages,
                        max_length=10,
                        verbose_name="language",
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        help_text="Markdown. HTML is shown as it is written, not obeyed.", verbose_name="text"
                    ),
                ),
                ("is_finished", models.BooleanField(default=False, editable=False, verbose_name="finished")),
                ("changed_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
            ],
            options={
                "verbose_name": "legal text",
                "verbose_name_plural": "legal texts",
                "ordering": ("kind", "language"),
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "language"), name="one_text_a_language")
                ],
            },
        ),
        migrations.CreateModel(
            name="Letter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="name")),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail address")),
                (
                    "topic",
                    models.CharField(
                        choices=[
                            ("question", "A question about using it"),
                            ("fault", "Something does not work"),
                            ("billing", "Credits, plans and invoices"),
                            ("sales", "Many photos, or an offer for a company"),
                            ("privacy", "My data"),
                            ("other", "Something else"),
                        ],
                        default="question",
                        max_length=10,
                        verbose_name="about",
                    ),
                ),
                ("text", models.TextField(max_length=5000, verbose_name="message")),
                ("language", models.CharField(blank=True, max_length=10, verbose_name="language")),
                (
                    "written_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="written"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "To be answered"), ("answered", "Answered"), ("junk", "Junk")],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("closed_at", models.DateTimeField(editable=False, null=True, verbose_name="closed")),
                ("note", models.TextField(blank=True, verbose_name="own note")),
                (
                    "mail_due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, null=True, verbose_name="mail due"
                    ),
                ),
                (
                    "mail_attempts",
                    models.PositiveSmallIntegerField(
                        default=0, editable=False, verbose_name="attempts to mail"
                    ),
                ),
                ("mailed_at", models.DateTimeField(editable=False, null=True, verbose_name="mailed")),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="signed in as",
                    ),
                ),
            ],
            options={
                "verbose_name": "letter",
                "verbose_name_plural": "letters",
                "ordering": ("-written_at",),
                "indexes": [models.Index(fields=["mail_due_at"], name="letters_to_mail")],
            },
        ),
    ]
