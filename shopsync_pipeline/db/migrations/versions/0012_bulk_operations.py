"""Bulk operations: what was started, which line carries what, how fast they were"""

import sqlalchemy as sa
from alembic import op

from shopsync_pipeline.db.schema import UtcDateTime

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('bulk_operation',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('shard_id', sa.String(length=36), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('run_id', sa.String(length=64), nullable=True),
    sa.Column('operation', sa.String(length=32), nullable=False),
    sa.Column('document', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('at_once', sa.Integer(), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('bytes', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('first_item', sa.String(length=64), nullable=True),
    sa.Column('last_item', sa.String(length=64), nullable=True),
    sa.Column('staged_path', sa.Text(), nullable=True),
    sa.Column('operation_id', sa.String(length=255), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('prepared_at', UtcDateTime(), nullable=False),
    sa.Column('starting_at', UtcDateTime(), nullable=True),
    sa.Column('started_at', UtcDateTime(), nullable=True),
    sa.Column('finished_at', UtcDateTime(), nullable=True),
    sa.PrimaryKeyConstraint('shard_id', name=op.f('pk_bulk_operation'))
    )
    op.create_index('ix_bulk_operation_shop_id_state', 'bulk_operation', ['shop_id', 'state'])
    op.create_index('ix_bulk_operation_plan_id', 'bulk_operation', ['plan_id'])
    op.create_table('bulk_line',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('shard_id', sa.String(length=36), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('ledger_id', sa.String(length=36), nullable=False),
    sa.PrimaryKeyConstraint('shard_id', 'line', name=op.f('pk_bulk_line'))
    )
    op.create_index('ix_bulk_line_ledger_id', 'bulk_line', ['ledger_id'], unique=True)
    op.create_table('bulk_speed',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('document', sa.String(length=64), nullable=False),
    sa.Column('start_seconds', sa.Float(), nullable=False),
    sa.Column('items_per_second', sa.Float(), nullable=False),
    sa.Column('measured_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'document', name=op.f('pk_bulk_speed'))
    )


def downgrade() -> None:
    op.drop_table('bulk_speed')
    op.drop_table('bulk_line')
    op.drop_table('bulk_operation')
