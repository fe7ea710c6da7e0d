"""Alembic's entry: migrations run on the connection that `Database.upgrade` hands over, in its transaction."""

from alembic import context

from shopsync_pipeline.db.schema import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("Run migrations with `shopsync db upgrade`, which knows the database from the settings.")
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
