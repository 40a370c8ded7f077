"""What readers think of the articles."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Vote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("voter", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("slug", models.SlugField(max_length=60, verbose_name="article")),
                ("language", models.CharField(max_length=10, verbose_name="language")),
                ("is_helpful", models.BooleanField(verbose_name="helpful")),
                ("words", models.TextField(blank=True, max_length=1000, verbose_name="words")),
                ("at", models.DateTimeField(verbose_name="when")),
            ],
            options={
                "verbose_name": "answer to an article",
                "verbose_name_plural": "answers to articles",
                "ordering": ("-at", "-id"),
                "constraints": [
                    models.UniqueConstraint(fields=("voter", "slug"), name="one_vote_an_article")
                ],
            },
        ),
    ]
