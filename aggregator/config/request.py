"""The keys by which a source says how its document is asked for, where a plain GET does not do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, model_validator

from aggregator.config.tree import KeyPath, Tree
from aggregator.config.values import HeaderValue, Keys, header_name, legal, must_be, wrong
from aggregator.model import Asking

# What the connection needs is the client's own; `auth` has a key for the rest of what tells who asks.
NOT_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
MOST_BODY = 64 * 1024  # bytes


def own_header(value: str) -> str:
    """The name of a header that is not the connection's."""
    if header_name(value).lower() in NOT_OURS:
        raise wrong("{value} is set by the program itself; remove it")
    return value


def body(value: Any) -> Any:
    """What is posted: text as it is, or a value that becomes JSON."""
    if value is None or isinstance(value, bool | int | float):
        raise wrong("{value} must be text, or a mapping or list, which is sent as JSON")
    text = legal(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text.encode()) > MOST_BODY:
        raise wrong("is longer than 64KiB; write a shorter one")
    return value


HeaderName = Annotated[str, PlainValidator(must_be(own_header, "")), WithJsonSchema({"type": "string"})]
Body = Annotated[Any, AfterValidator(body), WithJsonSchema({"type": ["string", "object", "array"]})]


class RequestKeys(Keys):
    """How the document of a source is asked for."""

    method: Literal["GET", "POST"] | None = Field(None, description="GET or POST; default: POST where there is a body.")
    headers: dict[HeaderName, HeaderValue] = Field({}, description="Headers of the request, each with its value.")
    body: Body | None = Field(None, description="What is posted: text, or a mapping or list, which is sent as JSON.")

    @model_validator(mode="after")
    def _whole(self) -> RequestKeys:
        if self.method == "GET" and self.body is not None:
            raise wrong("says GET and has a body; a GET has none, so write POST, or put it into the query of url")
        return self


def asking(keys: RequestKeys | None, tree: Tree, path: KeyPath) -> Asking:
    """The request that these keys describe, which were written at `path`."""
    if keys is None:
        return Asking()
    headers = dict(keys.headers)
    posted = None
    if keys.body is not None or keys.method == "POST":
        posted, content_type = _posted(keys.body)
        if content_type and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = content_type
    return Asking(tuple(headers.items()), posted, tuple(_secrets(tree, path)))


def _posted(said: Any) -> tuple[bytes, str]:
    """The bytes of a body, and their type, where it is not told otherwise."""
    if said is None:
        return b"", ""
    if not isinstance(said, str):
        return json.dumps(said, ensure_ascii=False).encode(), "application/json"
    try:
        json.loads(said)
    except ValueError:
        return said.encode(), "application/x-www-form-urlencoded"
    return said.encode(), "application/json"


def _secrets(tree: Tree, path: KeyPath) -> Iterator[str]:
    """The values at this place, or below it, that were put in from the environment or from a file."""
    value: Any = tree.value
    for step in path:
        value = value.get(step) if isinstance(value, dict) else value[step]
    yield from _secret_texts(tree, path, value)


def _secret_texts(tree: Tree, path: KeyPath, value: Any) -> Iterator[str]:
    match value:
        case str():
            spot = tree.spots.get(path)
            if spot and spot.secret:
                yield value
        case dict():
            for name, one in value.items():
                yield from _secret_texts(tree, (*path, name), one)
        case list():
            for number, one in enumerate(value):
                yield from _secret_texts(tree, (*path, number), one)
