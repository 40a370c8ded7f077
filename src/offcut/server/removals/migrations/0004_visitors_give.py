"""Visitors may give photos to improve the networks; an image knows the submission that was made of it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("removals", "0003_upload_id")]

    operations = [
        migrations.AlterField(
            model_name="submission",
            name="team",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="submissions",
                to="accounts.team",
            ),
        ),
        migrations.AddField(
            model_name="submission",
            name="visitor",
            field=models.CharField(blank=True, editable=False, max_length=32),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["visitor", "submitted_at"], name="submissions_of_visitor"),
        ),
        migrations.AddField(
            model_name="image",
            name="submission",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="removals.submission",
            ),
        ),
        migrations.RemoveField(model_name="image", name="is_contributed"),
    ]
