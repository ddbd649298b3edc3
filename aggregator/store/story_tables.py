"""The tables of stories: what entries are known by, which of them tell one story, and which of those a page shows."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, Text
from sqlmodel import Field, SQLModel

from aggregator.store.tables import ROW, table_of


def _entry_key() -> Column[int]:
    reference = ForeignKey("entry.number", ondelete="CASCADE")
    return Column(ROW, reference, primary_key=True, autoincrement=False)


class SignatureRow(SQLModel, table=True):
    """What an entry's story is compared by (`clean.stories.Traits`, packed)."""

    __tablename__ = "signature"

    entry_number: int = Field(sa_column=_entry_key())
    traits: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class MarkRow(SQLModel, table=True):
    """The first entry of a period that had a mark, which is where copies of it are looked for.

    Periods are four weeks of `published`, counted from 1970: what is written stays close together, however much is
    kept. The entry may be gone since, or have changed.
    """

    __tablename__ = "mark"
    __table_args__ = {"sqlite_with_rowid": False}

    period: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    mark: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entry_number: int = Field(sa_column=Column(BigInteger, nullable=False))


class StoryRow(SQLModel, table=True):
    """An entry that tells a story which others tell too; those have the same `story`. No source tells one twice.

    It joined for its likeness to the entry `like`, `by` what (`clean.stories.By`), and how far their texts were apart.
    The entry that a story began with is like none.
    """

    __tablename__ = "story"
    __table_args__ = (Index("ix_story_story", "story", "entry_number", "source_id"),)

    entry_number: int = Field(sa_column=_entry_key())
    story: int = Field(sa_column=Column(BigInteger, nullable=False))
    source_id: str = Field(sa_column=Column(Text, nullable=False))
    like: int | None = Field(default=None, sa_column=Column(BigInteger))
    by: str | None = Field(default=None, sa_column=Column(Text))
    distance: float | None = Field(default=None, sa_column=Column(Float))


class FaceRow(SQLModel, table=True):
    """The entry by which a page tells a story, so that another one never takes its place under its readers' eyes."""

    __tablename__ = "face"
    __table_args__ = {"sqlite_with_rowid": False}

    page: str = Field(sa_column=Column(Text, primary_key=True))
    story: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entry_number: int = Field(sa_column=Column(BigInteger, nullable=False))


class BuiltRow(SQLModel, table=True):
    """The latest entry of all that were kept when a page was built last: what readers cannot have seen came later."""

    __tablename__ = "built"

    page: str = Field(sa_column=Column(Text, primary_key=True))
    latest: int = Field(sa_column=Column(BigInteger, nullable=False))


SIGNATURE, MARK, STORY = table_of(SignatureRow), table_of(MarkRow), table_of(StoryRow)
FACE, BUILT = table_of(FaceRow), table_of(BuiltRow)
