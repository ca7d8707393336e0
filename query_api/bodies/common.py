"""What several answers share."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

ItemT = TypeVar("ItemT")


class Answer(BaseModel):
    """Root of every body: immutable, and no field that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Page(Answer, Generic[ItemT]):
    """One page of a list; hand `next_cursor` back as `cursor` for the page after it."""

    items: list[ItemT]
    next_cursor: str | None = Field(description="Opaque; null on the last page.")


class Problem(BaseModel):
    """An error as `application/problem+json` (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = Field(description="What is wrong, where, and what to do next.")
