"""Style packs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "style_packs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("trigger", sa.String(length=80), nullable=False),
        sa.Column("current", sa.Integer(), nullable=True),
        sa.Column("deleted_at", sa.Float(precision=53), nullable=True),
        sa.Column("created_at", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_style_packs_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_style_packs")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_style_packs_project_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "style_pack_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pack_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("lora_sha256", sa.String(length=64), nullable=False),
        sa.Column("base", sa.JSON(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_style_pack_versions_job_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["pack_id"], ["style_packs.id"], name=op.f("fk_style_pack_versions_pack_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_style_pack_versions")),
        sa.UniqueConstraint("pack_id", "number", name=op.f("uq_style_pack_versions_pack_id_number")),
    )
    op.create_index(op.f("ix_style_pack_versions_job_id"), "style_pack_versions", ["job_id"])
    op.create_index(op.f("ix_style_pack_versions_lora_sha256"), "style_pack_versions", ["lora_sha256"])
