"""Nobody ever wrote it: a swap makes cells of its own, and the newest cell holds."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0016_chat_transfers")]

    initial = False

    operations = [ops.RemoveField(model_name="Shift", name="replaced_by")]
