from django.db import migrations, transaction

from accounts.models import search_key

BITE = 1_000


def fill(apps, schema_editor):
    """
    Give each profile with a nickname its key, a thousand in each transaction. Repeats safely.
    """
    lacking = apps.get_model('accounts', 'UserProfile').objects.filter(nickname_key='', nickname__gt='')
    after = 0
    while bite := list(lacking.filter(id__gt=after).order_by('id').values_list('id', 'nickname')[:BITE]):
        after = bite[-1][0]
        with transaction.atomic(using=schema_editor.connection.alias):
            for id, nickname in bite:
                # Somebody may choose another meanwhile, and then its key is written with it.
                lacking.filter(id=id, nickname=nickname).update(nickname_key=search_key(nickname))


class Migration(migrations.Migration):

    # One transaction over all profiles would keep everybody waiting who follows somebody.
    atomic = False

    dependencies = [
        ('accounts', '0004_search'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
