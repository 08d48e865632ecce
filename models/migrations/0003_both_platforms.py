from tortoise import migrations
from tortoise.migrations import operations as ops
from models.sealed import SealedText
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index, PartialIndex

class Migration(migrations.Migration):
    dependencies = [('models', '0002_guards')]

    initial = False

    operations = [
        ops.CreateModel(
            name='PlatformMonth',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('platform', fields.CharField(max_length=16)),
                ('month', fields.DateField()),
                ('kind', fields.CharField(max_length=8)),
                ('used', fields.BigIntField(db_default=0)),
                ('warned', fields.SmallIntField(db_default=0)),
                ('exhausted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'platform_months', 'app': 'models', 'unique_together': (('platform', 'month', 'kind'),), 'pk_attr': 'id', 'table_description': 'Calls (`api`) or pushes received (`push`) of one organisation in one local month.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Todo',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('approval_id', fields.BigIntField()),
                ('person', fields.ForeignKeyField('models.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='todos', on_delete=OnDelete.CASCADE)),
                ('source_id', fields.CharField(unique=True, max_length=64)),
                ('platform_id', fields.CharField(null=True, max_length=128)),
                ('state', fields.CharField(db_default='wanted', max_length=16)),
                ('attempts', fields.SmallIntField(db_default=0)),
                ('retry_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('reason', fields.CharField(null=True, max_length=255)),
            ],
            options={'table': 'todos', 'app': 'models', 'unique_together': (('approval_id', 'person'),), 'indexes': [Index(fields=['state', 'retry_at'])], 'pk_attr': 'id', 'table_description': "One approval in one person's list. `source_id` makes creating it idempotent there."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='UnitGroup',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('unit', fields.ForeignKeyField('models.Unit', source_field='unit_id', db_constraint=True, to_field='id', related_name='groups', on_delete=OnDelete.CASCADE)),
                ('door', fields.CharField(max_length=32)),
                ('title', fields.CharField(db_default='', max_length=128)),
                ('secret', SealedText(place='unit_groups.secret')),
                ('secret_index', fields.CharField(max_length=64)),
                ('active', fields.BooleanField(db_default=True)),
                ('added_by', fields.ForeignKeyField('models.Person', source_field='added_by_id', null=True, db_constraint=True, to_field='id', related_name='groups_added', on_delete=OnDelete.SET_NULL)),
                ('added_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'unit_groups', 'app': 'models', 'unique_together': (('door', 'secret_index'),), 'pk_attr': 'id', 'table_description': 'One group chat of one unit.'},
            bases=['Model'],
        ),
        ops.AlterModelOptions(
            name='Delivery',
            options={'table': 'deliveries', 'app': 'models', 'indexes': [PartialIndex(fields=['channel', 'priority', 'not_before', 'id'], name='deliveries_due', condition={'state': 'queued'}), PartialIndex(fields=['person_id'], name='deliveries_sending', condition={'state': 'sending'}), Index(fields=['person_id', 'claimed_at'], name='deliveries_person'), Index(fields=['message_id'], name='deliveries_message')], 'pk_attr': 'id', 'table_description': "One content to one person, or to one unit's group chat, on one channel."},
        ),
        ops.AlterField(
            model_name='Delivery',
            name='person',
            field=fields.ForeignKeyField('models.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='Delivery',
            name='group',
            field=fields.ForeignKeyField('models.UnitGroup', source_field='group_id', null=True, db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddField(
            model_name='Delivery',
            name='platform_id',
            field=fields.CharField(null=True, db_index=True, max_length=255),
        ),
        ops.AddField(
            model_name='Identity',
            name='union_id',
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AlterField(
            model_name='Send',
            name='platform_message_id',
            field=fields.CharField(null=True, db_index=True, max_length=512),
        ),
        ops.AddField(
            model_name='Send',
            name='asked_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Send',
            name='code',
            field=fields.CharField(null=True, db_index=True, max_length=8),
        ),
        ops.AddField(
            model_name='Send',
            name='repeatable',
            field=fields.BooleanField(db_default=True),
        ),
    ]
