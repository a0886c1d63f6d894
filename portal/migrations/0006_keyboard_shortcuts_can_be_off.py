from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("portal", "0005_plainer_labels")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="keyboard_shortcuts",
            field=models.BooleanField(
                default=True,
                help_text="One key acts at once: / searches, j and k move in a list, x selects a row.",
                verbose_name="keyboard shortcuts",
            ),
        ),
    ]
