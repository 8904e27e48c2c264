from django.db import migrations


class Migration(migrations.Migration):
    # The database keeps all three tables. Two of them go on as models of the app `stores` (its 0001). Nobody reads
    # gatekeeper_phaseacknowledgement any more, but processes of the release before still write to it during a
    # deployment; a migration may drop it from 1 March 2027 on.

    dependencies = [
        ('gatekeeper', '0003_acknowledgement_expiry'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name='PhaseAcknowledgement'),
                migrations.DeleteModel(name='StorePhaseChange'),
                migrations.DeleteModel(name='StorePhase'),
            ],
        ),
    ]
