"""The keys of `output.jekyll`: where posts for Jekyll go, and the templates they are written by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import jinja2
from pydantic import Field, PlainValidator, WithJsonSchema

from aggregator.config.values import FilePath, Keys, legal, must_be, wrong


def template(value: str) -> str:
    """A template in Jinja's words."""
    try:
        jinja2.Environment(autoescape=False).parse(legal(value))  # noqa: S701  (nothing is written with it)
    except jinja2.TemplateSyntaxError as error:
        said = (error.message or "mend it").replace("{", "").replace("}", "")
        raise wrong(
            f"line {error.lineno} of it is no template of Jinja's ({said.rstrip('.')}); write it anew"
        ) from None
    return value


Template = Annotated[str, PlainValidator(must_be(template, "; put it in quotes")), WithJsonSchema({"type": "string"})]


class JekyllKeys(Keys):
    """Posts for Jekyll, and for whatever else reads front matter."""

    dir: FilePath = Field(Path("var/jekyll"), description="The folder of the Jekyll site; posts go into its _posts.")
    front_matter: Template | None = Field(None, description="Template of what stands between the lines of hyphens.")
    body: Template | None = Field(None, description="Template of what follows them.")
    footer: Template | None = Field(None, description="Template of what follows the body and an empty line.")
    raw: bool = Field(
        False,
        strict=True,
        description="true gives the templates the text as its publisher wrote it, whatever it does to readers.",
    )
