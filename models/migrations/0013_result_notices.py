from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

GUARDS = """
CREATE UNIQUE INDEX result_notices_one_draft ON result_notices (posting_id)
 WHERE published_at IS NULL;
ALTER TABLE result_notices ADD CONSTRAINT result_notices_public
    CHECK (published_at IS NULL OR url <> '' AND tell_by IS NOT NULL);
ALTER TABLE postings ADD CONSTRAINT postings_notice
    CHECK ((notice_within IS NULL OR notice_within BETWEEN 1 AND 30)
           AND notice_open BETWEEN 1 AND 60);
ALTER TABLE interviews ADD CONSTRAINT interviews_notice
    FOREIGN KEY (notice_id) REFERENCES result_notices (id) ON DELETE RESTRICT;
"""
UNDO = """
ALTER TABLE interviews DROP CONSTRAINT interviews_notice;
ALTER TABLE postings DROP CONSTRAINT postings_notice;
ALTER TABLE result_notices DROP CONSTRAINT result_notices_public;
DROP INDEX result_notices_one_draft;
"""


class Migration(migrations.Migration):
    dependencies = [('models', '0012_renewals')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ResultNotice',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('posting', fields.ForeignKeyField('models.Posting', source_field='posting_id', db_constraint=True, to_field='id', related_name='notices', on_delete=OnDelete.RESTRICT)),
                ('text_hash', fields.CharField(max_length=64)),
                ('starts_on', fields.DateField()),
                ('open_until', fields.DateField()),
                ('prepared_by', fields.ForeignKeyField('models.Person', source_field='prepared_by_id', db_constraint=True, to_field='id', related_name='notices_prepared', on_delete=OnDelete.RESTRICT)),
                ('prepared_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('url', fields.CharField(db_default='', max_length=300)),
                ('published_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('published_by', fields.ForeignKeyField('models.Person', source_field='published_by_id', null=True, db_constraint=True, to_field='id', related_name='notices_published', on_delete=OnDelete.RESTRICT)),
                ('tell_by', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('covered', fields.SmallIntField(db_default=0)),
                ('passed', fields.SmallIntField(db_default=0)),
            ],
            options={'table': 'result_notices', 'app': 'models', 'indexes': [Index(fields=['posting_id', 'published_at'], name='result_notices_posting')], 'pk_attr': 'id', 'table_description': '结果公示: one list of results of a post that was made public; a draft until `published_at`.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Interview',
            name='decline_reason',
            field=fields.CharField(db_default='', max_length=16),
        ),
        ops.AddField(
            model_name='Interview',
            name='notice_id',
            field=fields.BigIntField(null=True, db_index=True),
        ),
        ops.AddField(
            model_name='Posting',
            name='notice_names',
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name='Posting',
            name='notice_open',
            field=fields.SmallIntField(db_default=7),
        ),
        ops.AddField(
            model_name='Posting',
            name='notice_url',
            field=fields.CharField(db_default='', max_length=300),
        ),
        ops.AddField(
            model_name='Posting',
            name='notice_within',
            field=fields.SmallIntField(null=True),
        ),
        ops.RunSQL(GUARDS, UNDO),
    ]
