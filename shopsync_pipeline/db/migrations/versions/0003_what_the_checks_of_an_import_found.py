"""What the data-quality checks of an import found"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('catalog_finding',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('import_id', sa.String(length=36), nullable=False),
    sa.Column('check_name', sa.String(length=64), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('examples', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'import_id', 'check_name', name=op.f('pk_catalog_finding'))
    )


def downgrade() -> None:
    op.drop_table('catalog_finding')
