"""The tables. Times are integer milliseconds since 1970 (UTC), JSON is stored as its bytes.

Both are so because the two databases disagree about everything richer (docs/decisions.md).
"""

import sqlalchemy as sa

from wegent.protocol.states import HOLDS_SLOT

metadata = sa.MetaData()

# SQLite numbers rows by itself only where the column is exactly INTEGER PRIMARY KEY.
Row = sa.BigInteger().with_variant(sa.Integer, "sqlite")

users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("is_admin", sa.Boolean, nullable=False),
    sa.Column("default_device", Row, sa.ForeignKey("devices.row", ondelete="SET NULL", use_alter=False)),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("device_id", sa.Text),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("revoked_at", sa.BigInteger),
    # The row is a chain of tokens: the present one, and the one before it until its own end.
    sa.Column("generation", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("renewed_at", sa.BigInteger),
)

device_codes = sa.Table(
    "device_codes",
    metadata,
    # Of the device code itself only the hash is kept: who reads the table cannot ask for a token.
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("user_code", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("scopes", sa.Text, nullable=False),
    sa.Column("device_id", sa.Text),
    # Who decided; null until then.
    sa.Column("user_id", sa.Text, sa.ForeignKey("users.id", ondelete="CASCADE")),
    sa.Column("is_denied", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("row", Row, primary_key=True, autoincrement=True),
    # No foreign key: users and devices name each other, and users are never deleted.
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("device_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("is_name_given", sa.Boolean, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("slots", sa.Integer, nullable=False),
    sa.Column("about", sa.LargeBinary, nullable=False),
    sa.Column("session", sa.Text),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("instance", sa.Text, nullable=False),
    sa.Column("connection", sa.BigInteger, nullable=False),
    sa.Column("last_seen", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("user_id", "device_id"),
    sqlite_autoincrement=True,
)

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("row", Row, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("history_session", sa.Text),
    sa.Column("history_device", Row),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    # Unread while something worth seeing happened (a turn ended, an approval was asked) after it was last seen.
    sa.Column("noted_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("seen_at", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("tasks_of_user", "user_id", "updated_at"),
    sqlite_autoincrement=True,
)

subtasks = sa.Table(
    "subtasks",
    metadata,
    # The identity column is the queue's order.
    sa.Column("position", Row, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("task_id", sa.Text, sa.ForeignKey("tasks.id", ondelete="CASCADE"), nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("is_cloud", sa.Boolean, nullable=False),
    # The device that it waits for or runs on; null while it waits for one of many, or when that was deleted.
    sa.Column("device", Row, sa.ForeignKey("devices.row", ondelete="SET NULL")),
    sa.Column("device_id", sa.Text, nullable=False),
    # What a device of the user's must have to take it; null where it was sent to one device, or to the cloud.
    sa.Column("labels", sa.LargeBinary),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.BigInteger, nullable=False),
    sa.Column("shell", sa.Text, nullable=False),
    # Where it wants to work, as options.workdir says, so that the database compares it with a device's folders.
    sa.Column("folder", sa.Text),
    sa.Column("prompt", sa.LargeBinary, nullable=False),
    sa.Column("options", sa.LargeBinary, nullable=False),
    sa.Column("failed_offers", sa.Integer, nullable=False),
    sa.Column("waiting_reason", sa.Text),
    sa.Column("offered_at", sa.BigInteger),
    sa.Column("cancelled_at", sa.BigInteger),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("stored_seq", sa.BigInteger, nullable=False),
    # Moves whenever stored output or the live log's being open changes; settling checks it (settle.py).
    sa.Column("log_version", sa.BigInteger, nullable=False),
    sa.Column("seq", sa.BigInteger),
    sa.Column("error", sa.LargeBinary),
    sa.Column("result", sa.LargeBinary),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("ended_at", sa.BigInteger),
    sa.UniqueConstraint("user_id", "client_id"),
    sa.Index("subtasks_of_device", "device", "state", "position"),
    sa.Index("subtasks_of_task", "task_id", "position"),
    sa.Index("subtasks_of_user", "user_id", "state"),
    sa.Index("subtasks_by_state", "state", "is_cloud", "position"),
    sqlite_autoincrement=True,
)

_holds_slot = subtasks.c.state.in_([sa.literal_column(f"'{state}'") for state in sorted(HOLDS_SLOT)])

one_active_turn = sa.Index(
    "one_active_turn", subtasks.c.task_id, unique=True, sqlite_where=_holds_slot, postgresql_where=_holds_slot
)
"""Turns of one task never run at the same time: the database itself refuses the second."""

_waits_for_any = sa.and_(subtasks.c.labels.is_not(None), subtasks.c.device.is_(None))

sa.Index(
    "subtasks_for_any",
    subtasks.c.user_id,
    subtasks.c.state,
    subtasks.c.position,
    sqlite_where=_waits_for_any,
    postgresql_where=_waits_for_any,
)

wanted_labels = sa.Table(
    "wanted_labels",
    metadata,
    # The same as the subtask's ``labels``, a row each, so that the database compares them with a device's.
    sa.Column("subtask_id", sa.Text, sa.ForeignKey("subtasks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("label", sa.Text, primary_key=True),
)

chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("subtask_id", sa.Text, sa.ForeignKey("subtasks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("is_late", sa.Boolean, primary_key=True),
    sa.Column("first_seq", sa.BigInteger, primary_key=True),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("events", sa.LargeBinary, nullable=False),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("subtask_id", sa.Text, sa.ForeignKey("subtasks.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("choices", sa.LargeBinary, nullable=False),
    sa.Column("choice", sa.Text),
    sa.Column("answered_by", sa.Text),
    sa.Column("answered_at", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False),
)

inputs = sa.Table(
    "inputs",
    metadata,
    sa.Column("row", Row, primary_key=True, autoincrement=True),
    sa.Column("subtask_id", sa.Text, sa.ForeignKey("subtasks.id", ondelete="CASCADE"), nullable=False),
    sa.Column("client_id", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("acked_at", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("subtask_id", "client_id"),
    sqlite_autoincrement=True,
)

files = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False, index=True),
)
