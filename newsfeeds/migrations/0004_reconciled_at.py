from django.db import migrations, models


class Migration(migrations.Migration):
    """
    Rename an attribute; the column stays, so that the release before goes on working.
    """

    dependencies = [
        ("newsfeeds", "0003_pulled_tweets"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("feedfollow", "settled_at", "reconciled_at"),
                migrations.AlterField("feedfollow", "reconciled_at", models.DateTimeField(db_column="settled_at")),
            ]
        ),
    ]
