import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # The tables are the gatekeeper's (its 0002) and stay as they are: processes of the release before go on using
    # them under the same names while a deployment is under way.

    initial = True

    dependencies = [
        ('gatekeeper', '0004_phases_go_to_stores'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='StorePhase',
                    fields=[
                        ('table', models.CharField(max_length=20, primary_key=True, serialize=False)),
                        ('phase', models.CharField(choices=[('mysql', 'MySQL alone'), ('dual_write', 'written to both, read from MySQL'), ('read_hbase', 'written to both, read from HBase'), ('hbase_only', 'HBase alone')], max_length=20)),
                        ('read_percentage', models.PositiveSmallIntegerField(default=0, help_text='Of the users for whom HBase answers; counts in read_hbase only', validators=[django.core.validators.MaxValueValidator(100)])),
                        ('generation', models.PositiveIntegerField(default=0, help_text='Grows with each change')),
                        ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('backfill_cursor', models.JSONField(blank=True, help_text='Up to where the back-fill has come', null=True)),
                        ('backfill_finished_at', models.DateTimeField(blank=True, null=True)),
                        ('compared_at', models.DateTimeField(blank=True, null=True)),
                        ('missing_count', models.PositiveBigIntegerField(default=0)),
                        ('extra_count', models.PositiveBigIntegerField(default=0)),
                        ('different_count', models.PositiveBigIntegerField(default=0)),
                        ('changed_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'db_table': 'gatekeeper_storephase',
                        'ordering': ['table'],
                    },
                ),
                migrations.CreateModel(
                    name='StorePhaseChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('phase', models.CharField(choices=[('mysql', 'MySQL alone'), ('dual_write', 'written to both, read from MySQL'), ('read_hbase', 'written to both, read from HBase'), ('hbase_only', 'HBase alone')], max_length=20)),
                        ('read_percentage', models.PositiveSmallIntegerField()),
                        ('generation', models.PositiveIntegerField()),
                        ('changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                        ('reason', models.CharField(blank=True, max_length=300)),
                        ('changed_by', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('store_phase', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='stores.storephase')),
                    ],
                    options={
                        'db_table': 'gatekeeper_storephasechange',
                        'ordering': ['-id'],
                    },
                ),
            ],
        ),
    ]
