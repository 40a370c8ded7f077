"""Whether somebody always, or never, gives photos that went wrong to improve the networks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_api_kept_h")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="improvement_choice",
            field=models.CharField(blank=True, max_length=3, verbose_name="gives photos for improvement"),
        ),
    ]
