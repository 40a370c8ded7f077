"""The id under which a photo was given, so that one that is sent again is kept once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("removals", "0004_visitors_give")]

    operations = [
        migrations.AddField(
            model_name="submission",
            name="repeat_id",
            field=models.CharField(editable=False, max_length=128, null=True),
        ),
        migrations.AddField(
            model_name="submission",
            name="content_hash",
            field=models.CharField(blank=True, editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(fields=("team", "repeat_id"), name="one_submission_an_id"),
        ),
    ]
