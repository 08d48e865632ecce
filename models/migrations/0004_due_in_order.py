"""The index of what is due holds the whole order of claiming, so that a claim reads only its own."""

from tortoise import migrations
from tortoise.indexes import PartialIndex
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0003_find_people")]

    operations = [
        ops.RemoveIndex("Delivery", name="deliveries_due"),
        ops.AddIndex(
            "Delivery",
            PartialIndex(
                fields=["channel", "priority", "not_before", "id"],
                name="deliveries_due",
                condition={"state": "queued"},
            ),
        ),
    ]
