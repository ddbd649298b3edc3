"""Who an entry is by and where it came from, in the words of a template."""

from __future__ import annotations

import re
from functools import lru_cache

from aggregator.clean.text import one_line
from aggregator.model import Entry, Origin, Person

# What stands before the names of others that tell the same story.
ALSO = {"zh": "另见报道：", "": "Also reported by: "}
FIELD = re.compile(r"\{([a-z.]+)\}")
MAIL_THEN_NAME = re.compile(r"(\S+@\S+)\s*\((.+)\)")
NAME_THEN_MAIL = re.compile(r"(.+?)\s*[<(](\S+@[^\s>)]+)[>)]")
MAIL = re.compile(r"[^\s@<>()\"]+@[^\s@<>()\"]+")
# An addr-spec as RFC 4287 §3.2.3 wants it (RFC 2822 §3.4.1), without quoted names and addresses in brackets.
ADDR_SPEC = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")


@lru_cache(1024)  # most entries of a feed are by the same few
def person(name: str, email: str | None, uri: str | None) -> Person | None:
    """A person as Atom has it, from a name that may be an RFC 822 address (RSS `author`); None when nameless."""
    text = one_line(name, 200)
    mail = one_line(email or "", 200)
    match = MAIL_THEN_NAME.fullmatch(text)
    if match:
        text, mail = match[2].strip(), mail or match[1]
    else:
        match = NAME_THEN_MAIL.fullmatch(text)
        if match:
            text, mail = match[1].strip(' "'), mail or match[2]
    if MAIL.fullmatch(text):
        text, mail = text.partition("@")[0], mail or text
    text = text or mail.partition("@")[0].strip()
    return Person(text, mail if ADDR_SPEC.fullmatch(mail) else None, uri) if text else None


def also(language: str) -> str:
    """What stands before the names of others that tell the same story, in this language (BCP 47), else in English."""
    return ALSO.get(language.partition("-")[0].lower(), ALSO[""])


def visible_line(template: str, entry: Entry, origin: Origin, authors: tuple[Person, ...]) -> str:
    """The line that stands under an entry, as plain text."""
    words = {
        "source.title": origin.title,
        "source.url": origin.html_url or origin.self_url or "",
        "author": ", ".join(author.name for author in authors),
        "credit": entry.credit.name if entry.credit else origin.title,
        "title": entry.title,
        "rights": entry.rights or origin.rights or "",
    }
    return one_line(FIELD.sub(lambda match: words.get(match[1], match[0]), template))


def tag(template: str, entry: Entry, source_title: str) -> str:
    """A category that the config gives an entry; "" where the entry has not got what the template names."""
    words = {
        "source.title": source_title,
        "author": entry.authors[0].name if entry.authors else "",
        "credit": entry.credit.name if entry.credit else "",
        "language": entry.language or "",
        "title": entry.title,
    }
    if any(not words.get(name, name) for name in FIELD.findall(template)):
        return ""
    return one_line(FIELD.sub(lambda match: words.get(match[1], match[0]), template), 200)
