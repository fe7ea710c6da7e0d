"""Points that processes share, and what requests were seen to cost"""

import sqlalchemy as sa
from alembic import op

from shopsync_pipeline.db.schema import UtcDateTime

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('shop_points',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('maximum', sa.Float(), nullable=True),
    sa.Column('restore_rate', sa.Float(), nullable=True),
    sa.Column('level', sa.Float(), nullable=False),
    sa.Column('spent', sa.Float(), nullable=False),
    sa.Column('counted_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', name=op.f('pk_shop_points'))
    )
    op.create_table('points_holder',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('holder', sa.String(length=36), nullable=False),
    sa.Column('held', sa.Float(), nullable=False),
    sa.Column('waiting_since', UtcDateTime(), nullable=True),
    sa.Column('seen_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'holder', name=op.f('pk_points_holder'))
    )
    op.create_table('learned_cost',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('document', sa.String(length=64), nullable=False),
    sa.Column('highest', sa.Float(), nullable=False),
    sa.Column('before', sa.Float(), nullable=False),
    sa.Column('answers', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('usual', sa.Float(), nullable=False),
    sa.Column('learned_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'document', name=op.f('pk_learned_cost'))
    )


def downgrade() -> None:
    op.drop_table('learned_cost')
    op.drop_table('points_holder')
    op.drop_table('shop_points')
