"""Conversations of one owner. Deleting a document deletes the chats about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Connection, Select, delete, func, insert, select
from sqlalchemy.engine import Row

from docagent.results import Turn
from docagent.store.database import Database
from docagent.store.results import require_document
from docagent.store.rows import missing, new_id, now, slice_of, to_text, to_time
from docagent.store.tables import chat_documents, chats, messages
from docagent.store.types import Chat, Message, Slice


class Chats:
    """Keeps the chats of one owner."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database
        self.owner = owner

    def create(self, document_ids: Sequence[str], title: str = "") -> Chat:
        """Start a chat about documents. Raises StoreError if the owner lacks one of them."""
        made = new_id()
        with self._database.write() as connection:
            values = {"id": made, "owner": self.owner, "title": to_text(title), "created": now()}
            connection.execute(insert(chats).values(**values))
            for position, document_id in enumerate(dict.fromkeys(document_ids)):
                require_document(connection, self.owner, document_id)
                connection.execute(
                    insert(chat_documents).values(
                        chat_id=made,
                        position=position,
                        owner=self.owner,
                        document_id=document_id,
                    )
                )
        return self.get(made)

    def get(self, chat_id: str) -> Chat:
        """A chat. Raises StoreError if the owner has none with that id."""
        with self._database.read() as connection:
            row = connection.execute(self._query().where(chats.c.id == chat_id)).first()
            if row is None:
                raise missing("chat", chat_id)
            return _to_chat(connection, row)

    def list(self, limit: int = 100, after: str | None = None) -> Slice[Chat]:
        """Chats, newest first. limit: 1 to 1000."""
        with self._database.read() as connection:
            return slice_of(
                connection,
                self._query(),
                (chats.c.created, chats.c.id),
                (limit, after, True),
                lambda row: _to_chat(connection, row),
            )

    def add(
        self,
        chat_id: str,
        role: Literal["user", "assistant"],
        text: str,
        turn: Turn | None = None,
    ) -> Message:
        """Add a message at the end of a chat. Raises StoreError if there is no such chat."""
        mine = self._query().where(chats.c.id == chat_id).with_for_update()
        last = select(func.max(messages.c.number)).where(messages.c.chat_id == chat_id)
        with self._database.write() as connection:
            if connection.execute(mine).first() is None:
                raise missing("chat", chat_id)
            message = Message(
                chat_id=chat_id,
                number=(connection.execute(last).scalar() or 0) + 1,
                role=role,
                text=to_text(text),
                turn=turn,
                created=to_time(now()),
            )
            values = message.model_dump(exclude={"turn"}) | {
                "turn": None if turn is None else turn.model_dump_json(),
                "created": message.created.timestamp(),
            }
            connection.execute(insert(messages).values(**values))
        return message

    def messages(self, chat_id: str) -> tuple[Message, ...]:
        """The messages of a chat in order. Raises StoreError if there is no such chat."""
        self.get(chat_id)
        query = select(messages).where(messages.c.chat_id == chat_id).order_by(messages.c.number)
        with self._database.read() as connection:
            return tuple(map(_to_message, connection.execute(query)))

    def delete(self, chat_id: str) -> None:
        """Delete a chat with its messages. Raises StoreError if there is no such chat."""
        mine = delete(chats).where(chats.c.owner == self.owner, chats.c.id == chat_id)
        with self._database.write() as connection:
            if not connection.execute(mine).rowcount:
                raise missing("chat", chat_id)
        self._database.erase_traces()

    def _query(self) -> Select[Any]:
        return select(chats).where(chats.c.owner == self.owner)


def _to_chat(connection: Connection, row: Row[Any]) -> Chat:
    about = (
        select(chat_documents.c.document_id)
        .where(chat_documents.c.chat_id == row.id)
        .order_by(chat_documents.c.position)
    )
    return Chat(
        id=row.id,
        owner=row.owner,
        title=row.title,
        document_ids=tuple(connection.execute(about).scalars()),
        created=to_time(row.created),
    )


def _to_message(row: Row[Any]) -> Message:
    values = dict(row._mapping)
    turn = None if row.turn is None else Turn.model_validate_json(row.turn)
    return Message(**values | {"turn": turn, "created": to_time(row.created)})
