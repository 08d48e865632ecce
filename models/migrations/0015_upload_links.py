"""Addresses of the page where a file can be sent through the browser."""

from __future__ import annotations

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0014_licence_gaps")]

    operations = [
        ops.CreateModel(
            name="UploadLink",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("ref", fields.CharField(unique=True, max_length=43)),
                (
                    "person",
                    fields.ForeignKeyField(
                        "models.Person",
                        source_field="person_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="upload_links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", fields.DatetimeField()),
                ("expires_at", fields.DatetimeField()),
                ("uses", fields.SmallIntField(db_default=0)),
            ],
            options={
                "table": "upload_links",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A way to send a file through the browser, in one person's "
                "name; nothing else opens with it.",
            },
            bases=["Model"],
        ),
    ]
