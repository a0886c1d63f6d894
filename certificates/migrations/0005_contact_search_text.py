from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("certificates", "0004_adopted_orders"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="search_text",
            field=models.TextField(default="", editable=False),
        ),
    ]
