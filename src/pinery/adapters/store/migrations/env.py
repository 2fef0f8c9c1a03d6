"""What Alembic runs: on the connection and in the transaction that ``upgrade`` was given."""

from __future__ import annotations

from alembic import context

from pinery.adapters.store.migrations import VERSION_TABLE
from pinery.adapters.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transaction_per_migration=False,
    transactional_ddl=False,
    render_as_batch=True,
)
context.run_migrations()
