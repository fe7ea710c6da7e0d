"""Imports that can be undone: what each replaced, what refused it, what its files were; the catalog's own writer lock"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from shopsync_pipeline.db.schema import UtcDateTime

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

IMPORT_COLUMNS = (
    ('kind', sa.String(length=16), 'delivery'), ('number', sa.Integer(), None), ('products', sa.Integer(), None),
    ('files', sa.Text(), '[]'), ('changes', sa.Text(), '{}'), ('refusals', sa.Text(), '[]'),
    ('notices', sa.Text(), '[]'), ('approved_by', sa.Text(), None), ('approved_at', UtcDateTime(), None),
    ('approval_reason', sa.Text(), None), ('rolled_back_by', sa.Text(), None), ('rolled_back_at', UtcDateTime(), None),
    ('rollback_reason', sa.Text(), None), ('restores', sa.String(length=36), None),
)
DOCUMENTS = (('catalog_product', 'document'), ('catalog_product', 'origins'), ('catalog_change', 'before_document'),
             ('catalog_change', 'before_origins'))
WRITER_LOCK: tuple[sa.Column[Any], ...] = (
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('what', sa.String(length=16), nullable=False, server_default='shop'),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('process', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=36), nullable=False),
    sa.Column('taken_at', UtcDateTime(), nullable=False),
    sa.Column('seen_at', UtcDateTime(), nullable=False),
)


def upgrade() -> None:
    # Plain ADD COLUMN, which neither database needs to rewrite a table for: a catalog may hold half a gigabyte.
    for name, kind, default in IMPORT_COLUMNS:
        op.add_column('catalog_import', sa.Column(name, kind, nullable=default is None, server_default=default))
    op.add_column('catalog_product', sa.Column('origins', sa.Text(), nullable=False, server_default='{}'))
    op.add_column('quarantine', sa.Column('kind', sa.String(length=16), nullable=False, server_default='row'))
    number_the_imports()
    op.create_index(op.f('ix_catalog_import_shop_id_number'), 'catalog_import', ['shop_id', 'number'], unique=True)
    op.create_index(op.f('ix_catalog_import_shop_id_delivery_digest'), 'catalog_import', ['shop_id', 'delivery_digest'])

    op.create_table('catalog_change',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('product_key', sa.String(length=512), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('groups', sa.String(length=255), nullable=False),
    sa.Column('before_digests', sa.String(length=255), nullable=True),
    sa.Column('before_import_id', sa.String(length=36), nullable=True),
    sa.Column('before_document', sa.Text(), nullable=True),
    sa.Column('before_origins', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('shop_id', 'number', 'product_key', name=op.f('pk_catalog_change'))
    )
    op.create_index(op.f('ix_catalog_change_shop_id_product_key'), 'catalog_change', ['shop_id', 'product_key'])
    op.create_table('catalog_feed_row',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('feed', sa.String(length=255), nullable=False),
    sa.Column('sku', sa.String(length=255), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('mfgpartno', sa.Text(), nullable=True),
    sa.Column('manufacturer', sa.Text(), nullable=True),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'feed', 'sku', 'place', name=op.f('pk_catalog_feed_row'))
    )
    op.create_table('catalog_feed_change',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('feed', sa.String(length=255), nullable=False),
    sa.Column('sku', sa.String(length=255), nullable=False),
    sa.Column('before', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'number', 'feed', 'sku', name=op.f('pk_catalog_feed_change'))
    )
    op.create_table('delivery_file',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('file', sa.String(length=1024), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('mtime_ns', sa.BigInteger(), nullable=False),
    sa.Column('surveys', sa.Text(), nullable=False),
    sa.Column('seen_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'file', name=op.f('pk_delivery_file'))
    )
    remake_writer_lock(WRITER_LOCK, ['shop_id', 'what'])
    for table, column in DOCUMENTS:
        store_plainly(table, column)


def store_plainly(table: str, column: str) -> None:
    """PostgreSQL's own compression takes twice as long as all else that a switch of the catalog does (measured)."""
    if op.get_context().dialect.name != 'postgresql':
        return
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text(f'ALTER TABLE {table} ALTER COLUMN {column} SET COMPRESSION lz4'))
    except sa.exc.DBAPIError:
        # A server before version 14, or one that was built without lz4.
        connection.execute(sa.text(f'ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL'))


def number_the_imports() -> None:
    """The current import of each shop gets the first number: what those before it replaced was never kept."""
    catalog_import = sa.table('catalog_import', sa.column('state', sa.String), sa.column('number', sa.Integer))
    op.execute(catalog_import.update().where(catalog_import.c.state == 'current').values(number=1))


def remake_writer_lock(columns: tuple[sa.Column[Any], ...], keys: list[str]) -> None:
    """Another primary key; locks that are held stay held."""
    connection = op.get_bind()
    kept = [dict(row) for row in connection.execute(sa.text('SELECT * FROM writer_lock')).mappings()]
    op.drop_table('writer_lock')
    made = op.create_table('writer_lock', *[column._copy() for column in columns],
                           sa.PrimaryKeyConstraint(*keys, name=op.f('pk_writer_lock')))
    names = [column.name for column in columns]
    for row in kept:
        if row.get('what', 'shop') == 'shop':
            values = ', '.join(f':{name}' for name in names if name in row)
            into = ', '.join(name for name in names if name in row)
            connection.execute(sa.text(f'INSERT INTO {made.name} ({into}) VALUES ({values})'), row)


def downgrade() -> None:
    remake_writer_lock(tuple(column for column in WRITER_LOCK if column.name != 'what'), ['shop_id'])
    for table in ('delivery_file', 'catalog_feed_change', 'catalog_feed_row'):
        op.drop_table(table)
    op.drop_index(op.f('ix_catalog_change_shop_id_product_key'), 'catalog_change')
    op.drop_table('catalog_change')
    op.drop_index(op.f('ix_catalog_import_shop_id_delivery_digest'), 'catalog_import')
    op.drop_index(op.f('ix_catalog_import_shop_id_number'), 'catalog_import')
    op.drop_column('quarantine', 'kind')
    op.drop_column('catalog_product', 'origins')
    for name, _, _ in reversed(IMPORT_COLUMNS):
        op.drop_column('catalog_import', name)
