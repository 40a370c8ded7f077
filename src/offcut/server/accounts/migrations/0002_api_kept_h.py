"""For how many hours a team has photos of the API kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="team",
            name="api_kept_h",
            field=models.PositiveIntegerField(default=0, verbose_name="hours that API images are kept"),
        ),
    ]
