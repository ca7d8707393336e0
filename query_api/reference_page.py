"""The API's reference as one page without scripts or anything from elsewhere, made from the OpenAPI description."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from query_api.examples import example_of

STYLE: Final = """
:root { color-scheme: light dark; --ink: light-dark(#1D2430, #E6E9ED); --muted: light-dark(#56606E, #A6AFBB);
  --ground: light-dark(#FFFFFF, #14171C); --raised: light-dark(#F4F5F7, #1D2229); --rule: light-dark(#DDE1E6, #323943);
  --accent: light-dark(#1F5FA8, #7DB2EE); }
body { font: 14px/1.5 "Source Sans 3", "Source Sans Pro", system-ui, sans-serif; color: var(--ink);
  background: var(--ground); margin: 32px auto; max-width: 960px; padding: 0 16px; }
h1 { font-size: 22px; margin-bottom: 4px; } h2 { font-size: 17px; margin: 32px 0 8px; }
p, td, th { color: var(--muted); } a { color: var(--accent); }
code, pre { font: 12px/1.5 "Source Code Pro", ui-monospace, monospace; }
details { border-top: 1px solid var(--rule); padding: 8px 0; }
summary { cursor: pointer; } summary code { font-size: 13px; font-weight: 600; color: var(--ink); }
table { border-collapse: collapse; margin: 8px 0; } td, th { text-align: left; padding: 2px 16px 2px 0;
  vertical-align: top; font-weight: 400; } td:first-child { color: var(--ink); white-space: nowrap; }
pre { background: var(--raised); border-radius: 4px; padding: 12px; overflow-x: auto; }
"""

PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>{style}</style></head>
<body><h1>{title}</h1><p>{summary}</p>
<p>Version {version}. The same for programs: <a href="openapi.json">openapi.json</a>.</p>
{sections}</body></html>
"""


def reference_page(description: Mapping[str, Any]) -> str:
    """Return the page; routes stand under their tags, in the order of the description."""
    sections: dict[str, list[str]] = {}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            tag = operation.get("tags", ["other"])[0]
            sections.setdefault(tag, []).append(_operation(method.upper(), path, operation, description))
    told = description["info"]
    return PAGE.format(
        title=escape(told["title"]),
        style=STYLE,
        summary=escape(told.get("summary", "")),
        version=escape(told["version"]),
        sections="\n".join(f"<h2>{escape(tag)}</h2>\n{''.join(parts)}" for tag, parts in sections.items()),
    )


def _operation(method: str, path: str, operation: Mapping[str, Any], description: Mapping[str, Any]) -> str:
    rows = "".join(_parameter(parameter) for parameter in operation.get("parameters", []))
    return (
        f"<details><summary><code>{method} {escape(path)}</code> {escape(operation.get('summary', ''))}</summary>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        + (f"<table>{rows}</table>" if rows else "")
        + _answer(operation, description)
        + "</details>\n"
    )


def _parameter(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    default = f"default {json.dumps(schema['default'])}" if schema.get("default") is not None else ""
    needed = "needed" if parameter.get("required") else default
    words = parameter.get("description", "")
    return (
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(words)}</td><td>{escape(needed)}</td></tr>"
    )


def _answer(operation: Mapping[str, Any], description: Mapping[str, Any]) -> str:
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json")
    if not content or not content.get("schema"):
        return ""
    example = example_of(content["schema"], description["components"]["schemas"])
    return f"<pre>{escape(json.dumps(example, indent=2, ensure_ascii=False))}</pre>"
