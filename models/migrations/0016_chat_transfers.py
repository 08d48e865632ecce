"""Who has a candidate's chat, and the wishes that it moves."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

# A chat goes one way at a time: of two colleagues who tap at once, one is told who has it.
GUARDS = """
CREATE UNIQUE INDEX kf_transfers_one ON kf_transfers (contact_id) WHERE state = 'asked';
CREATE INDEX kf_transfers_due ON kf_transfers (retry_at) WHERE state = 'asked';
"""
UNDO = """
DROP INDEX kf_transfers_due;
DROP INDEX kf_transfers_one;
"""


class Migration(migrations.Migration):
    dependencies = [('models', '0015_upload_links')]

    initial = False

    operations = [
        ops.CreateModel(
            name='KfTransfer',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('contact', fields.ForeignKeyField('models.KfContact', source_field='contact_id', db_constraint=True, to_field='id', related_name='transfers', on_delete=OnDelete.CASCADE)),
                ('task_id', fields.BigIntField(null=True, db_index=True)),
                ('target', fields.SmallIntField()),
                ('person', fields.ForeignKeyField('models.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='chats_taken', on_delete=OnDelete.RESTRICT)),
                ('asked_by', fields.ForeignKeyField('models.Person', source_field='asked_by_id', null=True, db_constraint=True, to_field='id', related_name='chats_moved', on_delete=OnDelete.RESTRICT)),
                ('state', fields.CharField(db_default='asked', max_length=16)),
                ('code', fields.IntField(db_default=0)),
                ('attempts', fields.SmallIntField(db_default=0)),
                ('asked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('retry_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('called_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'kf_transfers', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A wish that a chat goes to a colleague, into the pool, or back to the bot, and its end.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='KfContact',
            name='servicer',
            field=fields.CharField(db_default='', max_length=64),
        ),
        ops.AddField(
            model_name='KfContact',
            name='state_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(GUARDS, UNDO),
    ]
