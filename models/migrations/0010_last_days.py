from tortoise import fields, migrations
from tortoise.indexes import PartialIndex
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0009_licence_and_call_out_guards")]

    initial = False

    operations = [
        ops.AddField(model_name="Person", name="leaves_on", field=fields.DateField(null=True)),
        ops.AddIndex(
            model_name="Person",
            index=PartialIndex(
                fields=["leaves_on"], name="persons_leaving", condition={"active": True}
            ),
        ),
    ]
