"""The keys by which the operator says what he expects of a source."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from aggregator.config.recipe_keys import FieldName
from aggregator.config.values import Age, Keys, one_or_many
from aggregator.model import Expectation


class ExpectKeys(Keys):
    """What a source must give; an incident begins where it does not."""

    min_items: Annotated[int, Field(ge=0, le=5000, strict=True)] = Field(
        0, description="How many items its document has at least; one with fewer is not taken."
    )
    max_age: Age | None = Field(None, description="How old its newest entry is at most.")
    required: Annotated[tuple[FieldName, ...], BeforeValidator(one_or_many)] = Field(
        (), description="Fields that every entry has from its publisher; one without is not taken."
    )


def expectation(own: ExpectKeys, defaults: ExpectKeys) -> Expectation:
    """What is expected of a source: its own words, and what it leaves out from the defaults."""

    def said(name: str) -> ExpectKeys:
        return own if name in own.model_fields_set else defaults

    max_age: timedelta | None = said("max_age").max_age
    required = tuple(dict.fromkeys(said("required").required))
    return Expectation(said("min_items").min_items, max_age, required)
