"""A delivery goes to a person or to a group, never to both or neither; groups have budgets too."""

from tortoise import migrations
from tortoise.migrations import operations as ops

ONE_RECEIVER = """
ALTER TABLE deliveries ADD CONSTRAINT deliveries_one_receiver
    CHECK ((person_id IS NULL) <> (group_id IS NULL));
CREATE INDEX deliveries_to_groups ON deliveries (address, claimed_at) WHERE person_id IS NULL;
"""

UNDO = """DROP INDEX deliveries_to_groups;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_one_receiver;
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0003_both_platforms")]

    operations = [ops.RunSQL(ONE_RECEIVER, UNDO)]
