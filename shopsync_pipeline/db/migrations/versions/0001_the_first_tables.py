"""The first tables"""

import sqlalchemy as sa
from alembic import op

from shopsync_pipeline.db.schema import UtcDateTime

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('base_product',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('product_key', sa.String(length=512), nullable=False),
    sa.Column('product_id', sa.String(length=255), nullable=False),
    sa.Column('seen_local', sa.String(length=255), nullable=False),
    sa.Column('seen_remote', sa.String(length=255), nullable=False),
    sa.Column('local_document', sa.Text(), nullable=False),
    sa.Column('remote_document', sa.Text(), nullable=False),
    sa.Column('links', sa.Text(), nullable=False),
    sa.Column('agreed_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'product_key', name=op.f('pk_base_product'))
    )
    with op.batch_alter_table('base_product', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_base_product_shop_id_product_id'), ['shop_id', 'product_id'], unique=True)

    op.create_table('catalog_import',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('import_id', sa.String(length=36), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('delivery_digest', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('started_at', UtcDateTime(), nullable=False),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.Column('counts', sa.Text(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('import_id', name=op.f('pk_catalog_import'))
    )
    with op.batch_alter_table('catalog_import', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_catalog_import_shop_id_started_at'), ['shop_id', 'started_at'], unique=False)

    op.create_table('catalog_product',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('product_key', sa.String(length=512), nullable=False),
    sa.Column('digests', sa.String(length=255), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('import_id', sa.String(length=36), nullable=False),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'product_key', name=op.f('pk_catalog_product'))
    )
    op.create_table('ledger',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('ledger_id', sa.String(length=36), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('run_id', sa.String(length=64), nullable=True),
    sa.Column('operation', sa.String(length=32), nullable=False),
    sa.Column('idempotency_key', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('request', sa.Text(), nullable=False),
    sa.Column('answer', sa.Text(), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.Column('requested_points', sa.Float(), nullable=True),
    sa.Column('actual_points', sa.Float(), nullable=True),
    sa.Column('sent_at', UtcDateTime(), nullable=False),
    sa.Column('settled_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('ledger_id', name=op.f('pk_ledger'))
    )
    with op.batch_alter_table('ledger', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_plan_id'), ['plan_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ledger_shop_id_state'), ['shop_id', 'state'], unique=False)

    op.create_table('ledger_item',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('ledger_id', sa.String(length=36), nullable=False),
    sa.Column('item_id', sa.String(length=64), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('product_key', sa.String(length=512), nullable=False),
    sa.Column('before', sa.Text(), nullable=False),
    sa.Column('sent', sa.Text(), nullable=False),
    sa.Column('after', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('ledger_id', 'item_id', name=op.f('pk_ledger_item'))
    )
    with op.batch_alter_table('ledger_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_item_shop_id_product_key'), ['shop_id', 'product_key'], unique=False)

    op.create_table('plan',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('inputs', sa.String(length=64), nullable=False),
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('run_id', sa.String(length=64), nullable=True),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('refusals', sa.Text(), nullable=False),
    sa.Column('approved_by', sa.Text(), nullable=True),
    sa.Column('approved_at', UtcDateTime(), nullable=True),
    sa.Column('approval_reason', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('plan_id', name=op.f('pk_plan'))
    )
    with op.batch_alter_table('plan', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_plan_shop_id_created_at'), ['shop_id', 'created_at'], unique=False)

    op.create_table('plan_item',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('item_id', sa.String(length=64), nullable=False),
    sa.Column('product_key', sa.String(length=512), nullable=False),
    sa.Column('lane', sa.String(length=16), nullable=False),
    sa.Column('operation', sa.String(length=32), nullable=False),
    sa.Column('cost', sa.Float(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('note', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('plan_id', 'seq', name=op.f('pk_plan_item'))
    )
    with op.batch_alter_table('plan_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_plan_item_plan_id_item_id'), ['plan_id', 'item_id'], unique=True)
        batch_op.create_index(batch_op.f('ix_plan_item_shop_id_product_key'), ['shop_id', 'product_key'], unique=False)

    op.create_table('push_progress',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('lane', sa.String(length=16), nullable=False),
    sa.Column('run_id', sa.String(length=64), nullable=True),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('confirmed', sa.Integer(), nullable=False),
    sa.Column('failed', sa.Integer(), nullable=False),
    sa.Column('set_aside', sa.Integer(), nullable=False),
    sa.Column('points', sa.Float(), nullable=False),
    sa.Column('throttled', sa.Integer(), nullable=False),
    sa.Column('seconds', sa.Float(), nullable=False),
    sa.Column('finished', sa.Boolean(), nullable=False),
    sa.Column('updated_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('plan_id', 'lane', name=op.f('pk_push_progress'))
    )
    op.create_table('quarantine',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('import_id', sa.String(length=36), nullable=False),
    sa.Column('row', sa.Integer(), nullable=False),
    sa.Column('file', sa.Text(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('column_name', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('import_id', 'row', name=op.f('pk_quarantine'))
    )
    op.create_table('shop',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('location_id', sa.Text(), nullable=False),
    sa.Column('location_name', sa.Text(), nullable=False),
    sa.Column('restore_rate', sa.Float(), nullable=True),
    sa.Column('bucket_size', sa.Float(), nullable=True),
    sa.Column('described_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', name=op.f('pk_shop'))
    )
    op.create_table('snapshot',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('snapshot_id', sa.String(length=36), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('started_at', UtcDateTime(), nullable=False),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.Column('products', sa.Integer(), nullable=False),
    sa.Column('removed', sa.Integer(), nullable=False),
    sa.Column('points', sa.Float(), nullable=False),
    sa.Column('error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('snapshot_id', name=op.f('pk_snapshot'))
    )
    with op.batch_alter_table('snapshot', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_snapshot_shop_id_kind_state_started_at'), ['shop_id', 'kind', 'state', 'started_at'], unique=False)

    op.create_table('snapshot_product',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('product_id', sa.String(length=255), nullable=False),
    sa.Column('custom_id', sa.String(length=512), nullable=True),
    sa.Column('handle', sa.String(length=255), nullable=False),
    sa.Column('skus', sa.Text(), nullable=False),
    sa.Column('digests', sa.String(length=255), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('links', sa.Text(), nullable=False),
    sa.Column('updated_at', UtcDateTime(), nullable=False),
    sa.Column('read_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'product_id', name=op.f('pk_snapshot_product'))
    )
    op.create_table('sync_conflict',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('conflict_id', sa.String(length=36), nullable=False),
    sa.Column('product_key', sa.String(length=512), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('dispute', sa.Text(), nullable=False),
    sa.Column('strategy', sa.String(length=32), nullable=True),
    sa.Column('faces', sa.Text(), nullable=False),
    sa.Column('resolution', sa.String(length=16), nullable=True),
    sa.Column('resolved_by', sa.Text(), nullable=True),
    sa.Column('resolved_at', UtcDateTime(), nullable=True),
    sa.Column('first_seen', UtcDateTime(), nullable=False),
    sa.Column('last_seen', UtcDateTime(), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=True),
    sa.PrimaryKeyConstraint('conflict_id', name=op.f('pk_sync_conflict'))
    )
    with op.batch_alter_table('sync_conflict', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sync_conflict_shop_id_state_product_key'), ['shop_id', 'state', 'product_key'], unique=False)

    op.create_table('writer_lock',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('process', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=36), nullable=False),
    sa.Column('taken_at', UtcDateTime(), nullable=False),
    sa.Column('seen_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', name=op.f('pk_writer_lock'))
    )


def downgrade() -> None:
    op.drop_table('writer_lock')
    with op.batch_alter_table('sync_conflict', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sync_conflict_shop_id_state_product_key'))

    op.drop_table('sync_conflict')
    op.drop_table('snapshot_product')
    with op.batch_alter_table('snapshot', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_snapshot_shop_id_kind_state_started_at'))

    op.drop_table('snapshot')
    op.drop_table('shop')
    op.drop_table('quarantine')
    op.drop_table('push_progress')
    with op.batch_alter_table('plan_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_plan_item_shop_id_product_key'))
        batch_op.drop_index(batch_op.f('ix_plan_item_plan_id_item_id'))

    op.drop_table('plan_item')
    with op.batch_alter_table('plan', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_plan_shop_id_created_at'))

    op.drop_table('plan')
    with op.batch_alter_table('ledger_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ledger_item_shop_id_product_key'))

    op.drop_table('ledger_item')
    with op.batch_alter_table('ledger', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ledger_shop_id_state'))
        batch_op.drop_index(batch_op.f('ix_ledger_plan_id'))

    op.drop_table('ledger')
    op.drop_table('catalog_product')
    with op.batch_alter_table('catalog_import', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_catalog_import_shop_id_started_at'))

    op.drop_table('catalog_import')
    with op.batch_alter_table('base_product', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_base_product_shop_id_product_id'))

    op.drop_table('base_product')
