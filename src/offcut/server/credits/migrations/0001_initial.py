"""The first tables."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "team",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="account",
                        serialize=False,
                        to="accounts.team",
                    ),
                ),
                ("opened_at", models.DateTimeField(editable=False, verbose_name="opened")),
                ("latest_at", models.DateTimeField(editable=False)),
                ("next_lapse_at", models.DateTimeField(editable=False, null=True)),
                ("period_lot_id", models.BigIntegerField(editable=False, null=True)),
                ("period_spent", models.BigIntegerField(default=0, editable=False)),
            ],
            options={
                "verbose_name": "account",
                "verbose_name_plural": "accounts",
            },
        ),
        migrations.CreateModel(
            name="Pack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("is_offered", models.BooleanField(default=True, verbose_name="on the price list")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
            ],
            options={
                "verbose_name": "pack",
                "verbose_name_plural": "packs",
                "ordering": ("position", "id"),
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Plan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("is_offered", models.BooleanField(default=True, verbose_name="on the price list")),
                ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                (
                    "billing_months",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "month"), (12, "year")], default=1, verbose_name="paid every"
                    ),
                ),
            ],
            options={
                "verbose_name": "plan",
                "verbose_name_plural": "plans",
                "ordering": ("position", "id"),
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("request_id", models.CharField(max_length=200, verbose_name="id")),
                ("content_hash", models.CharField(max_length=64)),
                ("amount", models.BigIntegerField(verbose_name="amount")),
                ("is_preview", models.BooleanField(default=False, verbose_name="preview")),
                ("size", models.CharField(blank=True, max_length=40, verbose_name="size")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("captured", "Captured"),
                            ("released", "Released"),
                            ("lapsed", "Lapsed"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("captured", models.BigIntegerField(default=0, verbose_name="captured")),
                ("held_at", models.DateTimeField(verbose_name="held")),
                ("lapses_at", models.DateTimeField(verbose_name="lapses")),
                ("pieces", models.JSONField(default=list)),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="credits.account",
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="holds",
                        to="accounts.apikey",
                    ),
                ),
            ],
            options={
                "verbose_name": "hold",
                "verbose_name_plural": "holds",
            },
        ),
        migrations.CreateModel(
            name="KeyMonth",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateTimeField()),
                ("used", models.BigIntegerField()),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="months",
                        to="accounts.apikey",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("free_preview", "Free previews"),
                            ("subscription", "Subscription"),
                            ("enterprise", "Enterprise"),
                            ("gift", "Gift"),
                            ("adjustment", "Adjustment"),
                            ("pay_as_you_go", "Pay-as-you-go"),
                        ],
                        max_length=20,
                        verbose_name="source",
                    ),
                ),
                ("reference", models.CharField(max_length=100, verbose_name="reference")),
                ("granted", models.BigIntegerField(verbose_name="granted")),
                ("opened_at", models.DateTimeField(verbose_name="opened")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="ends")),
                ("available", models.BigIntegerField(verbose_name="available")),
                ("held", models.BigIntegerField(default=0, verbose_name="held")),
                ("is_open", models.BooleanField(default=True, verbose_name="not used up")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="credits.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "lot",
                "verbose_name_plural": "lots",
            },
        ),
        migrations.CreateModel(
            name="Entry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("grant", "Granted"),
                            ("hold", "Held"),
                            ("capture", "Spent"),
                            ("release", "Given back"),
                            ("lapse", "Lapsed"),
                            ("cut", "Cut by the roll-over cap"),
                            ("term", "End moved"),
                            ("correct", "Corrected"),
                        ],
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("available_change", models.BigIntegerField(default=0, verbose_name="available")),
                ("held_change", models.BigIntegerField(default=0, verbose_name="held")),
                ("expires_at", models.DateTimeField(null=True, verbose_name="ends")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("actor_id", models.BigIntegerField(null=True, verbose_name="person")),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="credits.account",
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="credits.entry",
                        verbose_name="corrects",
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="credits.hold",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="credits.lot"
                    ),
                ),
            ],
            options={
                "verbose_name": "entry",
                "verbose_name_plural": "entries",
            },
        ),
        migrations.CreateModel(
            name="PackTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("price", models.PositiveIntegerField(verbose_name="price, in 1/100")),
                ("currency", models.CharField(default="USD", max_length=3, verbose_name="currency")),
                ("written_at", models.DateTimeField(auto_now_add=True, verbose_name="written")),
                ("actor_id", models.BigIntegerField(editable=False, null=True, verbose_name="person")),
                (
                    "amount",
                    models.BigIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="credits, in 1/100",
                    ),
                ),
                (
                    "validity_months",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        default=24,
                        help_text="Empty: for ever.",
                        null=True,
                        verbose_name="valid, in months",
                    ),
                ),
                (
                    "pack",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="terms", to="credits.pack"
                    ),
                ),
            ],
            options={
                "verbose_name": "terms",
                "verbose_name_plural": "terms",
                "ordering": ("-starts_at", "-id"),
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PlanTerms",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_at", models.DateTimeField(verbose_name="from")),
                ("price", models.PositiveIntegerField(verbose_name="price, in 1/100")),
                ("currency", models.CharField(default="USD", max_length=3, verbose_name="currency")),
                ("written_at", models.DateTimeField(auto_now_add=True, verbose_name="written")),
                ("actor_id", models.BigIntegerField(editable=False, null=True, verbose_name="person")),
                (
                    "monthly_amount",
                    models.BigIntegerField(
                        validators=[django.core.validators.MinValueValidator(1)],
                        verbose_name="credits a month, in 1/100",
                    ),
                ),
                (
                    "rollover_cap_multiple",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="0: credits end with the period.",
                        verbose_name="roll-over cap, in months",
                    ),
                ),
                ("grace_days", models.PositiveSmallIntegerField(default=7, verbose_name="grace, in days")),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="terms", to="credits.plan"
                    ),
                ),
            ],
            options={
                "verbose_name": "terms",
                "verbose_name_plural": "terms",
                "ordering": ("-starts_at", "-id"),
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Subscription",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("time_zone", models.CharField(max_length=64, verbose_name="time zone")),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("anchor_at", models.DateTimeField(verbose_name="counted from")),
                ("stretch", models.PositiveIntegerField(default=0)),
                ("period_index", models.PositiveIntegerField(default=0)),
                ("period_start", models.DateTimeField(verbose_name="period from")),
                ("period_end", models.DateTimeField(verbose_name="period to")),
                ("paid_months", models.PositiveIntegerField(verbose_name="months paid")),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("past_due", "Past due"), ("ended", "Ended")],
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("cancels_at_end", models.BooleanField(default=False, verbose_name="cancelled")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="credits.account",
                    ),
                ),
                (
                    "next_plan",
                    models.ForeignKey(
                        help_text="Chosen for the next billing date.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="credits.plan",
                    ),
                ),
                (
                    "renewal_terms",
                    models.ForeignKey(
                        help_text="Paid for, from the next billing date.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="credits.planterms",
                    ),
                ),
                (
                    "terms",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="subscriptions",
                        to="credits.planterms",
                    ),
                ),
            ],
            options={
                "verbose_name": "subscription",
                "verbose_name_plural": "subscriptions",
            },
        ),
        migrations.CreateModel(
            name="SubscriptionEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("deed", models.CharField(max_length=30, verbose_name="what")),
                ("detail", models.JSONField(default=dict, verbose_name="detail")),
                ("actor_id", models.BigIntegerField(null=True, verbose_name="person")),
                (
                    "subscription",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="credits.subscription",
                    ),
                ),
            ],
            options={
                "verbose_name": "subscription event",
                "verbose_name_plural": "subscription events",
                "ordering": ("id",),
            },
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["lapses_at", "account"], name="open_holds"
            ),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("key__isnull", False)), fields=["key", "held_at"], name="holds_of_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.UniqueConstraint(fields=("account", "request_id"), name="one_hold_an_id"),
        ),
        migrations.AddConstraint(
            model_name="keymonth",
            constraint=models.UniqueConstraint(fields=("key", "month"), name="one_row_a_key_and_month"),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                condition=models.Q(("is_open", True)), fields=["account", "expires_at"], name="open_lots"
            ),
        ),
        migrations.AddIndex(
            model_name="lot",
            index=models.Index(
                condition=models.Q(("is_open", True)), fields=["expires_at"], name="ending_lots"
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.UniqueConstraint(fields=("account", "reference"), name="one_lot_a_reference"),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(("available__gte", 0)), name="lot_available_not_below_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="lot",
            constraint=models.CheckConstraint(
                condition=models.Q(("held__gte", 0)), name="lot_held_not_below_zero"
            ),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["account", "at"], name="entries_by_moment"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                condition=models.Q(("corrects__isnull", False)),
                fields=["corrects"],
                name="corrections_of_entry",
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=models.Q(("state", "ended"), _negated=True),
                fields=["period_end"],
                name="subscriptions_running",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscription",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "ended"), _negated=True),
                fields=("account",),
                name="one_running_subscription",
            ),
        ),
    ]
