"""Whether an expression of the operator's is one: JMESPath, CSS selectors, XPath and RE2; what is wrong, in a line."""

from __future__ import annotations

import re
from functools import lru_cache

import jmespath
import re2
from cssselect import HTMLTranslator, SelectorError
from jmespath.exceptions import JMESPathError
from lxml import etree

_SILENT = re2.Options()
_SILENT.log_errors = False  # it writes to standard error itself
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@lru_cache(4096)
def fault(language: str, expression: str) -> str | None:
    """What is wrong with an expression in a language ("jmespath", "css", "xpath", "regex"); None when nothing is."""
    try:
        match language:
            case "jmespath":
                jmespath.compile(expression)
            case "css":
                etree.XPath(HTMLTranslator().css_to_xpath(expression))
            case "xpath":
                etree.XPath(expression)
            case "regex":
                re2.compile(expression, _SILENT)
    except re2.error as error:
        return error.args[0].decode("utf-8", "replace") if error.args else "no expression"
    except (JMESPathError, SelectorError, etree.XPathError, ValueError) as error:
        return " ".join(str(error).split())[:150] or type(error).__name__
    return None


def fault_in_template(template: str, language: str) -> str | None:
    """What is wrong with the paths in a template's braces."""
    if not template.strip():
        return "is empty"
    for path in PLACEHOLDER.findall(template):
        if not path.strip():
            return "holds empty braces"
        if language == "jmespath" and (said := fault(language, path)):
            return f"holds {{{path}}}, which is no path: {said}"
    rest = PLACEHOLDER.sub("", template)
    return "holds a brace without its other half" if "{" in rest or "}" in rest else None
