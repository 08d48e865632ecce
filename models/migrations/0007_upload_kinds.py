from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0006_candidate_guards')]

    initial = False

    operations = [
        ops.AddField(
            model_name='SheetUpload',
            name='kind',
            field=fields.CharField(db_default='people', max_length=16),
        ),
    ]
