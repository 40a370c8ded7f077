"""The first tables."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("credits", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Buyer",
            fields=[
                (
                    "team",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="buyer",
                        serialize=False,
                        to="accounts.team",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("address", models.TextField(blank=True, verbose_name="address")),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                ("tax_number", models.CharField(blank=True, max_length=40, verbose_name="tax number")),
            ],
            options={
                "verbose_name": "buyer",
                "verbose_name_plural": "buyers",
            },
        ),
        migrations.CreateModel(
            name="Seller",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("address", models.TextField(blank=True, verbose_name="address")),
                ("country", models.CharField(blank=True, max_length=2, verbose_name="country")),
                ("tax_number", models.CharField(blank=True, max_length=40, verbose_name="tax number")),
                ("tax_name", models.CharField(default="VAT", max_length=20, verbose_name="name of the tax")),
                (
                    "tax_rate",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[django.core.validators.MaxValueValidator(10000)],
                        verbose_name="tax rate, in 1/100 percent",
                    ),
                ),
                (
                    "reverse_charge_note",
                    models.CharField(
                        default="Reverse charge",
                        max_length=200,
                        verbose_name="note for buyers abroad with a tax number",
                    ),
                ),
                ("payment_instructions", models.TextField(blank=True, verbose_name="how to pay by hand")),
            ],
            options={
                "verbose_name": "seller",
                "verbose_name_plural": "seller",
            },
        ),
        migrations.CreateModel(
            name="Order",
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
                            ("subscribe", "Subscription"),
                            ("renew", "Renewal"),
                            ("upgrade", "Upgrade"),
                            ("pack", "Pack"),
                        ],
                        max_length=10,
                        verbose_name="what",
                    ),
                ),
                ("renewal", models.CharField(blank=True, max_length=40)),
                ("list_price", models.PositiveIntegerField(verbose_name="list price")),
                (
                    "unused",
                    models.PositiveIntegerField(default=0, verbose_name="unused part of the old period"),
                ),
                ("deducted", models.PositiveIntegerField(default=0, verbose_name="deducted")),
                (
                    "tax_rate",
                    models.PositiveIntegerField(default=0, verbose_name="tax rate, in 1/100 percent"),
                ),
                ("tax", models.PositiveIntegerField(verbose_name="tax")),
                ("total", models.PositiveIntegerField(verbose_name="total")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "To be paid"),
                            ("paid", "Paid"),
                            ("void", "Void"),
                            ("refunded", "Refunded"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("gateway", models.CharField(max_length=20, verbose_name="gateway")),
                ("gateway_reference", models.CharField(blank=True, max_length=200, verbose_name="reference")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("due_at", models.DateTimeField(verbose_name="due")),
                ("collected_at", models.DateTimeField(null=True)),
                ("paid_at", models.DateTimeField(null=True, verbose_name="paid")),
                ("actor_id", models.BigIntegerField(null=True, verbose_name="person")),
                (
                    "pack_terms",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="credits.packterms",
                    ),
                ),
                (
                    "plan_terms",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="credits.planterms",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="credits.subscription",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="accounts.team"
                    ),
                ),
            ],
            options={
                "verbose_name": "order",
                "verbose_name_plural": "orders",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_credit_note", models.BooleanField(default=False, verbose_name="credit note")),
                ("year", models.PositiveSmallIntegerField()),
                ("serial", models.PositiveIntegerField()),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                ("seller", models.JSONField(verbose_name="seller")),
                ("buyer", models.JSONField(verbose_name="buyer")),
                ("lines", models.JSONField(verbose_name="lines")),
                ("net", models.IntegerField(verbose_name="net")),
                ("tax_rate", models.PositiveIntegerField(verbose_name="tax rate")),
                ("tax", models.IntegerField(verbose_name="tax")),
                ("total", models.IntegerField(verbose_name="total")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="note")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="invoices",
                        to="payments.order",
                    ),
                ),
            ],
            options={
                "verbose_name": "invoice",
                "verbose_name_plural": "invoices",
                "ordering": ("-year", "-serial"),
            },
        ),
        migrations.CreateModel(
            name="Owed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("amount", models.IntegerField(verbose_name="amount")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                (
                    "order",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owed",
                        to="payments.order",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="owed", to="accounts.team"
                    ),
                ),
            ],
            options={
                "verbose_name": "money owed",
                "verbose_name_plural": "money owed",
            },
        ),
        migrations.CreateModel(
            name="RefundRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("asked_by_id", models.BigIntegerField(null=True, verbose_name="asked by")),
                ("words", models.TextField(blank=True, verbose_name="why")),
                (
                    "objections",
                    models.JSONField(default=list, verbose_name="what speaks against it by the rule"),
                ),
                ("decide_by", models.DateTimeField(verbose_name="to be decided by")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "To be decided"),
                            ("granted", "Granted"),
                            ("refused", "Refused"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided")),
                ("decided_by_id", models.BigIntegerField(null=True, verbose_name="decided by")),
                ("decision", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refund_requests",
                        to="payments.order",
                    ),
                ),
            ],
            options={
                "verbose_name": "refund request",
                "verbose_name_plural": "refund requests",
                "ordering": ("decide_by",),
            },
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "renew"), models.Q(("state", "void"), _negated=True)),
                fields=("subscription", "renewal"),
                name="one_renewal_a_billing_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(fields=("year", "serial"), name="one_invoice_a_number"),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                fields=("order", "is_credit_note"), name="one_invoice_an_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="refundrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("order",),
                name="one_waiting_request_an_order",
            ),
        ),
    ]
