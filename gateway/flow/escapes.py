"""How text is written inside JSON, XML and HTML by the template functions.

Source: reference/runtime/templates.md section 5; Apache commons-text StringEscapeUtils.
"""

from __future__ import annotations

import json
import re

_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_XML = str.maketrans({**_MARKUP, "'": "&apos;"})
_HTML = str.maketrans({**_MARKUP, "'": "&#39;"})

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_XML_11 = re.compile("[^\x01-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMERIC = re.compile("[\x7f-\x84\x86-\x9f]")
_NUMERIC_11 = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")


def escape_json(text: str) -> str:
    """Text as it stands between the quotes of a JSON string; slashes stay as they are."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def escape_xml(text: str) -> str:
    """Text for XML 1.0: characters that it forbids are left out."""
    return _numbered(_NUMERIC, _NOT_IN_XML.sub("", text).translate(_XML))


def escape_xml_11(text: str) -> str:
    """Text for XML 1.1: control characters become numeric references."""
    return _numbered(_NUMERIC_11, _NOT_IN_XML_11.sub("", text).translate(_XML))


def encode_html(text: str) -> str:
    return text.translate(_HTML)


def _numbered(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda match: f"&#{ord(match[0])};", text)
