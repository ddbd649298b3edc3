"""Answers requests for the published folder: which file in which coding, whole, in part, unchanged, moved or gone."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from http import HTTPStatus

from aggregator.web.answers import (
    GONE,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    PREFLIGHT,
    WRONG_METHOD,
    Answer,
    Fields,
    bare,
)
from aggregator.web.audience import Audience
from aggregator.web.codings import choose
from aggregator.web.conditional import FAILED, UNCHANGED, tags_of, verdict
from aggregator.web.deltas import Versions, asks_for_feed, without
from aggregator.web.folder import Moved, PublishedFolder, ReadyFile, Removed, Representation
from aggregator.web.headers import CACHE, COMMON, media_type

_PARTS_KEPT = 256


class FolderSite:
    """The published folder as a site. `answers` counts the answers by their status."""

    def __init__(self, folder: PublishedFolder, audience: Audience, clock: Callable[[], float]) -> None:
        """`audience` counts who fetches feeds; `clock` gives a steadily growing count of seconds."""
        self.folder = folder
        self.answers: Counter[int] = Counter()
        self._audience = audience
        self._clock = clock
        self._versions = Versions()
        self._parts: OrderedDict[tuple[bytes, bytes], Answer] = OrderedDict()

    def answer(self, method: str, path: str, fields: Fields, client: str) -> Answer:
        """What goes back for a request (RFC 9110 §9.3); for HEAD without its body. A Range is ignored, as §14.2 allows.

        `path` is decoded, `client` the address that asks. Raises OSError when the machine is at fault.
        """
        given = self._answer(method, path, fields, client)
        self.answers[given.code] += 1
        return given

    def _answer(self, method: str, path: str, fields: Fields, client: str) -> Answer:
        if method not in ("GET", "HEAD"):
            return PREFLIGHT if method == "OPTIONS" else WRONG_METHOD
        now = self._clock()
        match self.folder.find(path, now=now):
            case ReadyFile() as file:
                return self._file(file, fields, client, now)
            case Moved(location):
                # With an age, because a permanent redirect is else cached for as long as a cache likes.
                return bare(HTTPStatus.PERMANENT_REDIRECT, (b"location", location.encode("ascii")), CACHE)
            case Removed():
                return GONE
            case None:
                return NOT_FOUND

    def _file(self, file: ReadyFile, fields: Fields, client: str, now: float) -> Answer:
        if file.feed:
            self._audience.note(client, fields.get(b"user-agent", b""), now)
        coding = choose(fields.get(b"accept-encoding"), file.codings)
        if coding is None:
            return NOT_ACCEPTABLE
        form = file.form(coding)
        if file.feed and not self._versions.knows(file.name, form.etag):
            self._versions.remember(file.name, file.etags, file.body)
        status = verdict(fields, etag=form.etag, modified=file.modified)
        if status is UNCHANGED:
            return form.unchanged
        if status is FAILED:
            return bare(HTTPStatus.PRECONDITION_FAILED, (b"etag", form.etag))
        return (self._part(file, form, fields) if file.feed else None) or form.whole

    def _part(self, file: ReadyFile, form: Representation, fields: Fields) -> Answer | None:
        """The 226 (RFC 3229 §10.4.1) for a reader that asks for it with a version we know, if that saves anything."""
        if not asks_for_feed(fields.get(b"a-im")):
            return None
        held = self._versions.held(file.name, tags_of(fields.get(b"if-none-match", b"")))
        if held is None:
            return None
        base, version = held
        part = self._parts.get((form.etag, base))
        if part is None:
            part = _partial(file, form, base, without(file.name, file.body, version))
            self._parts[form.etag, base] = part
            if len(self._parts) > _PARTS_KEPT:
                self._parts.popitem(last=False)
        return part if len(part.body) < len(form.whole.body) else None


def _partial(file: ReadyFile, form: Representation, base: bytes, body: bytes) -> Answer:
    """A feed of new entries alone. Its ETag is that of the whole, which the reader now holds (RFC 3229 §10.5.1)."""
    headers = (
        (b"content-type", media_type(file.name).encode("ascii")),
        (b"content-length", str(len(body)).encode()),
        (b"im", b"feed"),
        (b"etag", form.etag),
        (b"delta-base", base),
        *((name, value) for name, value in form.whole.headers if name in (b"last-modified", b"link")),
        # Caches that do not know 226 must not give it to anybody else, nor may it be meddled with (§10.8).
        (b"cache-control", b"no-store, im, no-transform, max-age=60"),
        (b"vary", b"accept-encoding, a-im, if-none-match"),
        *COMMON,
    )
    return Answer(HTTPStatus.IM_USED, headers, body)
