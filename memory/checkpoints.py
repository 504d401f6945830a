"""Chat checkpoints: one SQLite file, plain types only, one checkpoint kept per finished conversation turn."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from errors import NotReady

BUSY_SECONDS = 30.0  # another process (the command line beside the page) may be writing


class ChatCheckpoints(SqliteSaver):
    """A SqliteSaver that can drop what lies behind a conversation's newest state."""

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Without this a long chat grows with the square of its turns: each step writes the whole state.

        Only for threads whose turn has ended: earlier checkpoints of a paused turn are needed to resume it.
        """
        if strategy == "delete":
            for thread_id in thread_ids:
                self.delete_thread(thread_id)
            return
        with self.cursor() as cursor:
            for thread_id in thread_ids:
                for table in ("writes", "checkpoints"):
                    cursor.execute(
                        f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_ns = '' AND checkpoint_id < "
                        "(SELECT max(checkpoint_id) FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '')",
                        (thread_id, thread_id),
                    )

    def close(self) -> None:
        self.conn.close()


def open_checkpoints(path: Path) -> ChatCheckpoints:
    """Open (or make) the file.

    Raises:
        NotReady: it cannot be opened or written.
    """
    try:
        connection = sqlite3.connect(path, check_same_thread=False, timeout=BUSY_SECONDS)
        saver = ChatCheckpoints(connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        saver.setup()
    except sqlite3.Error as error:
        raise NotReady(
            f"The chats in {path} cannot be opened. Free space or rights there, "
            "or set GAMEFORGE_HOME to another folder.",
            detail=str(error),
        ) from error
    return saver
