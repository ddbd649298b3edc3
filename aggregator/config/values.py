"""The kinds of value a config key can have: how each is read, checked, and described to editors."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from aggregator.clean.slugs import DEVICES, SLUG, better_slug, slug_hint
from aggregator.clean.urls import LOCAL, is_file, is_web_url

T = TypeVar("T")

DURATION = re.compile(r"0*([0-9]+)([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SIZE = re.compile(r"0*([0-9]+)(KiB|MiB|GiB)?")
BYTES = {None: 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
LONGEST, OLDEST = timedelta(days=3650), timedelta(days=36500)
LARGEST = 1024**3  # a body is held in memory
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2, token
HOST = re.compile(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
LEGAL = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")
NO_ADDRESS = "{value} cannot be an address; use a-z, 0-9 and hyphens"
DEVICE = "{value} is the name of a device on Windows, and no folder can have it there; choose another"
FIELDS = re.compile(r"\{([^{}]*)\}")
ATTRIBUTION_FIELDS = ("source.title", "source.url", "author", "credit", "title", "rights")


class Keys(BaseModel):
    """A mapping of the config file: unknown keys are mistakes, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def wrong(message: str, concealed: str = "") -> PydanticCustomError:
    """A complaint whose words are shown as they are; `{value}` in it becomes the value that was written.

    `concealed` stands for a `message` that lets the value be guessed, where the value is a secret.
    """
    return PydanticCustomError("value", message, {"concealed": concealed or message})


def must_be(check: Callable[[str], T], expected: str) -> Callable[[Any], T]:
    """A reader of text values: `check` raises for what it does not take; what is no text is named by `expected`."""

    def read(value: Any) -> T:
        if not isinstance(value, str):
            raise wrong("{value} must be text" + expected)
        return check(value)

    return read


def duration(value: str, longest: timedelta = LONGEST, in_words: str = "ten years") -> timedelta:
    """`90s 5m 1h 7d` as a time span."""
    match = DURATION.fullmatch(value)
    if not match:
        raise wrong("{value} is not a duration; write a number and s, m, h or d, such as 30m")
    seconds = int(match[1][:12]) * SECONDS[match[2]]
    if seconds > longest.total_seconds():
        raise wrong(f"{{value}} is longer than {in_words}; write a shorter duration")
    return timedelta(seconds=seconds)


def positive_duration(value: str) -> timedelta:
    """A duration of at least one second."""
    return _some(duration(value))


def age(value: str) -> timedelta:
    """How old an entry may be: at least one second, and as long as there has been anything to poll."""
    return _some(duration(value, OLDEST, "a hundred years"))


def _some(span: timedelta) -> timedelta:
    if not span:
        raise wrong("{value} is no time at all; write at least 1s")
    return span


def size(value: Any) -> int:
    """`512KiB 10MiB`, or a plain number of bytes, as bytes."""
    match = SIZE.fullmatch(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if not match or not int(match[1][:12]):
        raise wrong("{value} is not a size; write a number and KiB, MiB or GiB, such as 10MiB")
    many = int(match[1][:12]) * BYTES[match[2]]
    if many > LARGEST:
        raise wrong("{value} is more than 1GiB; write a smaller size")
    return many


def web_url(value: str) -> str:
    """An absolute http(s) address."""
    if not is_web_url(value):
        raise wrong("{value} is not a web address; write one that begins with http:// or https://")
    return value


def source_url(value: str) -> str:
    """An absolute http(s) address, or that of a local file: `file:` and a path."""
    if is_file(value) and not value.startswith("file://"):
        path(value.removeprefix(LOCAL))
        return value
    if is_file(value):
        raise wrong("{value} is not the address of a file; write file: and the path, such as file:lists/blogs.opml")
    return web_url(value)


def base_url(value: str) -> str:
    """The site's own address: http(s), no query, no fragment, without the slash at its end."""
    parts = urlsplit(web_url(value))
    if "?" in value or "#" in value or "@" in parts.netloc:
        raise wrong("{value} must be a bare address such as https://planet.example.org")
    return value.rstrip("/")


def slug(value: str) -> str:
    """The name of a category, which stands in its address."""
    if value == "all":
        raise wrong("{value} is taken: it is the page that shows everything; choose another")
    if value in DEVICES:
        raise wrong(DEVICE)
    if not SLUG.fullmatch(value):
        raise wrong("{value} cannot be an address; " + slug_hint(value), NO_ADDRESS)
    return value


def source_id(value: str) -> str:
    """The id of a source, which stands in its address."""
    if value in DEVICES:
        raise wrong(DEVICE)
    if not SLUG.fullmatch(value):
        better = better_slug(value)
        raise wrong(f'{{value}} cannot be an address; write "{better}"' if better else NO_ADDRESS, NO_ADDRESS)
    return value


def time_zone(value: str) -> str:
    """A zone of the IANA time zone database."""
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise wrong("{value} is not a time zone; write one such as Europe/Berlin or Asia/Shanghai") from None
    return value


def language(value: str) -> str:
    """A language tag (BCP 47)."""
    if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", value):
        raise wrong("{value} is not a language tag; write one such as en, de or zh-CN")
    return value


def plain_text(value: str) -> str:
    """A title or the like: not empty, one line."""
    text = " ".join(value.split())
    if not text:
        raise wrong("is empty; write some text or leave the key out")
    return legal(text)


def legal(value: str) -> str:
    """Text that can stand in XML 1.0 (§2.2), and so in what is published."""
    if not LEGAL.fullmatch(value):
        raise wrong("{value} holds a character that no feed may hold; remove it")
    return value


def path(value: str) -> Path:
    """A path of this machine; an empty one would be the working directory, said by mistake."""
    if not value or "\0" in value:
        raise wrong("{value} is not a path; write one such as var/public")
    return Path(legal(value))


def attribution(value: Any) -> str | bool:
    """The template of the visible line, or false for none."""
    if value is False:
        return False
    if not isinstance(value, str):
        raise wrong("{value} must be a template such as 'Source: {source.title}', or false")
    for name in FIELDS.findall(value):
        if name not in ATTRIBUTION_FIELDS:
            known = ", ".join(ATTRIBUTION_FIELDS)
            raise wrong("{value} uses an unknown field; the known ones, in braces, are " + known)
    return legal(value)


def store_url(value: str) -> str:
    """Where the store is; SQLite, as a file."""
    if not re.fullmatch(r"sqlite:///[^\x00\ud800-\udfff]+", value):
        raise wrong("{value} is not a store this version knows; write sqlite:///var/aggregator.db")
    return value


def network_or_host(value: str) -> str:
    """A network (CIDR), an address, or a host name in lower case."""
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        pass
    if not HOST.fullmatch(value.lower()) or value.replace(".", "").isdigit():
        raise wrong("{value} is neither a network nor a host name; write one such as 10.0.0.0/8 or wiki.lan")
    return value.lower()


def network(value: str) -> str:
    """A network (CIDR) or an address."""
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise wrong("{value} is not a network; write one such as 10.0.0.0/8 or 192.168.1.7") from None


def hubs(value: Any) -> tuple[str, ...]:
    """The WebSub hubs: `own`, addresses, or both in a list; false for none."""
    if value is False:
        return ()
    named = one_or_many(value)
    if not isinstance(named, tuple) or not all(
        hub == "own" or (isinstance(hub, str) and is_web_url(hub)) for hub in named
    ):
        raise wrong("{value} is not a hub; write own, the address of a hub, a list of these, or false")
    return tuple(dict.fromkeys(named))


def header_name(value: str) -> str:
    """A field name (RFC 9110 §5.1)."""
    if not HEADER_NAME.fullmatch(value):
        raise wrong("{value} is not a header name; write one such as X-Api-Key")
    return value


def header_value(value: str) -> str:
    """A field value (RFC 9110 §5.5): visible ASCII, and spaces that are not at its ends."""
    if not value or not value.isascii() or not value.isprintable() or value != value.strip():
        raise wrong("must be one line of ASCII text without spaces around it; write what the publisher gave you")
    return value


def user_name(value: str) -> str:
    """A user name of Basic authentication (RFC 7617 §2): a colon would end it."""
    if ":" in header_value(value):
        raise wrong("must not hold a colon; what follows it is the password")
    return value


def as_tuple(value: Any) -> Any:
    """A YAML list as the tuple it is kept as; anything else stays, for the validator to name."""
    return tuple(value) if isinstance(value, list) else value


def one_or_many(value: Any) -> Any:
    """Where a list is wanted, one value alone will do."""
    return (value,) if isinstance(value, str) else as_tuple(value)


def at_least_one(value: Any) -> Any:
    """A list that must not be empty; pydantic's own bound complains of members with mistakes too."""
    if value in ([], None):
        raise wrong("is empty; list at least one source with its url")
    return as_tuple(value)


def spell_duration(span: timedelta) -> str:
    """A duration as the config writes it."""
    seconds = int(span.total_seconds())
    unit, length = next((unit, length) for unit, length in reversed(SECONDS.items()) if seconds % length == 0)
    return f"{seconds // length}{unit}"


def schema(**words: Any) -> WithJsonSchema:
    """What editors are told of a value: text, where nothing else is said."""
    return WithJsonSchema({"type": "string", **words})


def _text(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **schema})


DURATION_SCHEMA = _text(pattern="^[0-9]+[smhd]$", examples=["30s", "5m", "1h", "7d"])
Text = Annotated[str, PlainValidator(must_be(plain_text, "; put it in quotes")), _text(minLength=1)]
Duration = Annotated[timedelta, PlainValidator(must_be(duration, " such as 30m or 1h")), DURATION_SCHEMA]
PositiveDuration = Annotated[
    timedelta, PlainValidator(must_be(positive_duration, " such as 30m or 1h")), DURATION_SCHEMA
]
Age = Annotated[timedelta, PlainValidator(must_be(age, " such as 30d or 365d")), DURATION_SCHEMA]
Size = Annotated[int, PlainValidator(size), WithJsonSchema({"type": ["string", "integer"], "examples": ["10MiB"]})]
WebUrl = Annotated[str, PlainValidator(must_be(web_url, ": an address")), _text(format="uri", pattern="^https?://")]
SourceUrl = Annotated[
    str, PlainValidator(must_be(source_url, ": an address")), _text(format="uri", pattern="^(https?://|file:)")
]
BaseUrl = Annotated[str, PlainValidator(must_be(base_url, ": an address")), _text(format="uri", pattern="^https?://")]
Slug = Annotated[str, PlainValidator(must_be(slug, "; put it in quotes")), _text(pattern=f"^{SLUG.pattern}$")]
SourceId = Annotated[str, PlainValidator(must_be(source_id, "; put it in quotes")), _text(pattern=f"^{SLUG.pattern}$")]
Slugs = Annotated[
    tuple[Slug, ...],
    BeforeValidator(one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
TimeZone = Annotated[
    str, PlainValidator(must_be(time_zone, " such as Asia/Shanghai")), _text(examples=["Asia/Shanghai"])
]
Language = Annotated[str, PlainValidator(must_be(language, " such as zh-CN")), _text(examples=["en", "zh-CN"])]
Attribution = Annotated[str | bool, PlainValidator(attribution), WithJsonSchema({"type": ["string", "boolean"]})]
StoreUrl = Annotated[
    str,
    PlainValidator(must_be(store_url, "")),
    _text(pattern="^sqlite:///.+", examples=["sqlite:///var/aggregator.db"]),
]
FilePath = Annotated[Path, PlainValidator(must_be(path, "; put it in quotes")), _text(format="path", minLength=1)]
NetworkOrHost = Annotated[str, PlainValidator(must_be(network_or_host, "")), _text(examples=["10.0.0.0/8"])]
Network = Annotated[str, PlainValidator(must_be(network, "")), _text(examples=["127.0.0.0/8", "::1"])]
Hubs = Annotated[
    tuple[str, ...],
    PlainValidator(hubs),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": False},
                {"const": "own"},
                {"type": "string", "format": "uri", "pattern": "^https?://"},
                {"type": "array", "items": {"type": "string", "pattern": "^(own$|https?://)"}},
            ]
        }
    ),
]
HeaderName = Annotated[str, PlainValidator(must_be(header_name, "")), _text()]
UserName = Annotated[str, PlainValidator(must_be(user_name, "; put it in quotes")), _text(minLength=1)]
HeaderValue = Annotated[str, PlainValidator(must_be(header_value, "; put it in quotes")), _text(minLength=1)]
