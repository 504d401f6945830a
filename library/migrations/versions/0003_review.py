"""Review states with their history, versions as a graph, bin, tags and collections, search columns"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("current_version_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("words", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("colour", sa.String(length=16), nullable=True),
        sa.Column("deleted_at", sa.Float(precision=53), nullable=True),
    ):
        op.add_column("assets", column)
    op.create_index(op.f("ix_assets_current_version_id"), "assets", ["current_version_id"])
    op.create_index(op.f("ix_assets_project_id_deleted_at"), "assets", ["project_id", "deleted_at"])
    op.add_column("versions", sa.Column("state", sa.String(length=16), nullable=False, server_default="new"))
    op.add_column("versions", sa.Column("origin", sa.String(length=16), nullable=False, server_default="generated"))

    op.create_table(
        "version_parents",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["versions.id"], name=op.f("fk_version_parents_parent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_version_parents_version_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("version_id", "parent_id", name=op.f("pk_version_parents")),
    )
    op.create_index(op.f("ix_version_parents_parent_id"), "version_parents", ["parent_id"])

    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(length=16), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("who", sa.String(length=100), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("undoes", sa.String(length=32), nullable=True),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_changes_asset_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_changes_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["versions.id"], name=op.f("fk_changes_version_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    for columns in (["project_id", "id"], ["asset_id"], ["step"], ["undoes"]):
        op.create_index(op.f(f"ix_changes_{'_'.join(columns)}"), "changes", columns)

    op.create_table(
        "labels",
        sa.Column("asset_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name=op.f("fk_labels_asset_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("asset_id", "kind", "name", name=op.f("pk_labels")),
    )
    op.create_index(op.f("ix_labels_kind_name"), "labels", ["kind", "name"])

    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as events:
        events.alter_column("job_id", existing_type=sa.Integer(), nullable=True)

    newest = "(SELECT max(versions.id) FROM versions WHERE versions.asset_id = assets.id)"
    op.execute(f"UPDATE assets SET current_version_id = {newest}")
    prompt = "(SELECT prompt FROM versions WHERE versions.id = assets.current_version_id)"
    op.execute(f"UPDATE assets SET words = lower(subject || ' ' || coalesce({prompt}, ''))")
    state = "(SELECT assets.state FROM assets WHERE assets.current_version_id = versions.id)"
    op.execute(f"UPDATE versions SET state = {state} WHERE id IN (SELECT current_version_id FROM assets)")
