"""What the browser calls an upload, so that one sent twice is kept once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("removals", "0002_images")]

    operations = [
        migrations.AddField(
            model_name="image",
            name="upload_id",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
    ]
