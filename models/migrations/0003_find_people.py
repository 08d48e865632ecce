"""Whoever writes is found by the platform's user id without regard to case, at every event."""

from tortoise import migrations
from tortoise.migrations import operations as ops

FIND = "CREATE INDEX identities_by_name ON identities (platform, lower(user_id));"


class Migration(migrations.Migration):
    dependencies = [("models", "0002_guards")]

    operations = [ops.RunSQL(FIND, "DROP INDEX identities_by_name;")]
