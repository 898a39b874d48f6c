"""The tables of the reference ENT. Rebuilt at every start, never migrated.

People are computed from the seed (`population`) and named by their login; what they write is kept here.
Days are `YYYY-MM-DD`; instants `YYYY-MM-DDTHH:MM:SS`, the school's local time; both sort as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

METADATA = MetaData()


def _key() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _table(name: str, *items: SchemaItem) -> Table:
    """A table whose rows have numbers of their own; a number is never given twice, in SQLite either."""
    return Table(name, METADATA, _key(), *items, sqlite_autoincrement=True)


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, String, nullable=False, primary_key=key)


ACCOUNT = Table(
    "account",
    METADATA,
    _text("login", key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("cost", Integer, nullable=False),  # log2 of scrypt's n
    Column("renewed", Boolean, nullable=False),  # the password, since everybody has to
)

LESSON = _table(
    "lesson",
    _text("uai"),
    _text("class_name"),
    _text("subject"),
    _text("teacher"),
    _text("starts_at"),
    _text("ends_at"),
    _text("title"),
    _text("content"),  # empty: on the timetable, not yet written
    Index("lesson_by_class", "uai", "class_name", "starts_at"),
    Index("lesson_by_teacher", "teacher", "starts_at"),
)

HOMEWORK = _table(
    "homework",
    _text("uai"),
    _text("class_name"),
    _text("subject"),
    _text("teacher"),
    Column("lesson", Integer),  # the lesson in which it was set
    _text("title"),
    _text("content"),
    _text("set_on"),
    _text("due_on"),
    Column("to_hand_in", Boolean, nullable=False),
    Index("homework_by_class", "uai", "class_name", "due_on"),
    Index("homework_by_teacher", "teacher", "due_on"),
)
HOMEWORK_DONE = Table(
    "homework_done", METADATA, Column("homework", Integer, primary_key=True), _text("login", key=True)
)
HAND_IN = _table(
    "hand_in",
    Column("homework", Integer, nullable=False),
    _text("login"),
    _text("title"),
    _text("at"),
    Index("hand_in_by_homework", "homework", "login"),
)

COMMUNICATION = _table(
    "communication",
    _text("uai"),
    _text("author"),
    _text("subject"),
    _text("audience"),  # what was addressed: a login, a class, parents:<class>
    _text("last_at"),
)
PARTICIPATION = _table(
    "participation",
    Column("communication", Integer, nullable=False),
    _text("author"),
    _text("content"),
    _text("at"),
    Index("participation_by_communication", "communication", "id"),
)
RECIPIENT = Table(  # one row per mailbox that a communication lies in, its author's too
    "recipient",
    METADATA,
    Column("communication", Integer, primary_key=True),
    _text("login", key=True),
    _text("folder"),  # inbox, sent, drafts, trash
    Column("unread", Boolean, nullable=False),
    _text("last_at"),
    Index("recipient_by_folder", "login", "folder", "last_at"),
)

ATTACHMENT = _table(
    "attachment",
    _text("uai"),
    _text("kind"),  # lesson, homework, hand-in, participation
    Column("parent", Integer, nullable=False),
    _text("name"),
    _text("type"),
    Column("size_bytes", Integer, nullable=False),
    _text("digest"),  # where its bytes lie on disk
    Index("attachment_by_parent", "kind", "parent"),
)
DRAFT_FILE = Table(  # what came in before the form that it belongs to
    "draft_file",
    METADATA,
    Column("item", Integer, primary_key=True),
    _text("login", key=True),
    _text("name"),
    _text("type"),
    Column("size_bytes", Integer, nullable=False),
    _text("digest"),
)
FILE = _table(
    "file",
    _text("uai"),
    _text("owner"),
    _text("audience"),  # a login, a class, or everyone
    _text("name"),
    _text("type"),
    Column("size_bytes", Integer, nullable=False),
    _text("digest"),
    _text("at"),
    Index("file_by_audience", "uai", "audience", "id"),
    Index("file_by_owner", "owner"),
)

EVALUATION_PERIOD = _table("evaluation_period", _text("uai"), _text("name"), _text("starts_on"), _text("ends_on"))
EVALUATION_SERVICE = _table(  # a subject as one teacher teaches it to one class
    "evaluation_service",
    _text("uai"),
    _text("class_name"),
    _text("subject"),
    _text("teacher"),
    Index("evaluation_service_by_class", "uai", "class_name"),
)
EVALUATION = _table(
    "evaluation",
    Column("service", Integer, nullable=False),
    Column("period", Integer, nullable=False),
    _text("title"),
    _text("day"),
    Column("scale", Integer, nullable=False),
    Column("coefficient", Float, nullable=False),
    Column("average", Float),  # the class's
    Index("evaluation_by_service", "service"),
)
EVALUATION_RESULT = Table(
    "evaluation_result",
    METADATA,
    _text("login", key=True),
    Column("evaluation", Integer, primary_key=True),
    Column("mark", Float),  # none: not evaluated
)

ABSENCE_REASON = _table("absence_reason", _text("code"), _text("label"))
ABSENCE = _table(
    "absence",
    _text("uai"),
    _text("login"),  # the pupil
    _text("class_name"),
    _text("kind"),  # absence, late
    _text("starts_at"),
    _text("ends_at"),
    Column("reason", Integer),
    Column("justified", Boolean, nullable=False),
    _text("comment"),
    _text("author"),
    Column("register", Integer),
    Index("absence_by_pupil", "login", "starts_at"),
    Index("absence_by_school", "uai", "starts_at"),
)
REGISTER = _table(
    "register",
    _text("uai"),
    _text("class_name"),
    _text("teacher"),
    _text("at"),
    Column("absent", Integer, nullable=False),
    Index("register_by_school", "uai", "id"),
)

NEWS = _table(
    "news",
    _text("tenant"),  # a UAI, or the path of an academy or a local authority
    _text("title"),
    _text("content"),
    _text("author"),
    _text("at"),
    Index("news_by_tenant", "tenant", "id"),
)
NOTIFICATION = _table(
    "notification",
    _text("login"),
    _text("service"),
    _text("title"),
    _text("path"),  # under the school's portal
    _text("at"),
    Column("read", Boolean, nullable=False),
    Index("notification_by_login", "login", "id"),
    Index("notification_by_path", "path"),
)
CHAT_MESSAGE = _table(
    "chat_message",
    _text("uai"),
    _text("room"),
    _text("author"),
    _text("content"),
    _text("at"),
    Index("chat_message_by_room", "uai", "room", "id"),
)

HELD = Table(  # what is written and not given out yet
    "held",
    METADATA,
    _text("kind", key=True),  # lesson, homework, evaluation, news, participation
    Column("key", Integer, primary_key=True),
    _text("audience", key=True),  # from whom: everybody, or people with these rights
    _text("author"),
    Column("until", Float),  # on the clock of leases; none: until the pause ends
    Index("held_by_end", "until"),
)

# What several processes of one sandbox share.
SESSION = Table(
    "session",
    METADATA,
    _text("token", key=True),
    _text("login"),
    _text("persona"),
    Column("touched", Float, nullable=False),
    Index("session_by_silence", "touched"),
)
PORTAL_SESSION = Table(
    "portal_session",
    METADATA,
    _text("token", key=True),
    _text("session"),
    _text("csrf"),
    Index("portal_session_by_session", "session"),
)
ONE_TIME = Table(
    "one_time",
    METADATA,
    _text("token", key=True),
    _text("thing"),
    Column("until", Float, nullable=False),
    Index("one_time_by_end", "until"),
)
MOBILE_TOKEN = Table(  # codes, access and refresh tokens of the mobile app, by their SHA-256
    "mobile_token",
    METADATA,
    _text("digest", key=True),
    _text("kind"),
    _text("family"),
    _text("client"),
    _text("login"),
    _text("scope"),
    _text("session"),
    _text("redirect_uri"),
    _text("challenge"),
    _text("nonce"),
    Column("signed_on_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("used_at", Float),
    Index("mobile_token_by_family", "family"),
    Index("mobile_token_by_end", "until"),
)
MOBILE_KEY = Table("mobile_key", METADATA, _text("name", key=True), _text("pem"))
ALLOWANCE = Table("allowance", METADATA, _text("login", key=True), Column("due", Float, nullable=False))
MEASURE = Table(
    "measure",
    METADATA,
    _text("name", key=True),
    Column("until", Float),
    _text("options"),
    Column("since", Float, nullable=False),
)
LIMIT = Table("limit_now", METADATA, _text("name", key=True), Column("value", Float, nullable=False))
