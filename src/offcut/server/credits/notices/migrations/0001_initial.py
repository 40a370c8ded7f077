"""The first tables."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Notice",
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
                            ("period_threshold", "80 % of the period's credits are used"),
                            ("subscription_used_up", "Subscription used up, pay-as-you-go begins"),
                            ("everything_used_up", "Everything is used up"),
                            ("renewed", "A new period has begun"),
                            ("rollover_cut", "The roll-over cap cut credits"),
                            ("lot_expiring", "Credits end in 14 days"),
                            ("payment_failed", "A payment failed"),
                        ],
                        max_length=30,
                        verbose_name="kind",
                    ),
                ),
                ("cause", models.CharField(max_length=120, verbose_name="cause")),
                ("data", models.JSONField(default=dict, verbose_name="data")),
                ("caused_at", models.DateTimeField(verbose_name="when")),
                ("addressed_at", models.DateTimeField(null=True)),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="accounts.team",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice",
                "verbose_name_plural": "notices",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sent", "Sent"),
                            ("switched_off", "Switched off"),
                            ("given_up", "Given up"),
                        ],
                        default="waiting",
                        max_length=12,
                        verbose_name="state",
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("due_at", models.DateTimeField(verbose_name="next attempt")),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent")),
                ("problem", models.CharField(blank=True, max_length=300, verbose_name="problem")),
                ("shown_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "notice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="notices.notice",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="Switch",
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
                            ("period_threshold", "80 % of the period's credits are used"),
                            ("subscription_used_up", "Subscription used up, pay-as-you-go begins"),
                            ("everything_used_up", "Everything is used up"),
                            ("renewed", "A new period has begun"),
                            ("rollover_cut", "The roll-over cap cut credits"),
                            ("lot_expiring", "Credits end in 14 days"),
                            ("payment_failed", "A payment failed"),
                        ],
                        max_length=30,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notice_switches",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("addressed_at__isnull", True)), fields=["id"], name="notices_to_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.UniqueConstraint(fields=("team", "kind", "cause"), name="one_notice_a_cause"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["due_at"], name="deliveries_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("notice", "person"), name="one_delivery_a_person"),
        ),
        migrations.AddConstraint(
            model_name="switch",
            constraint=models.UniqueConstraint(fields=("person", "kind"), name="one_switch_a_kind"),
        ),
    ]
