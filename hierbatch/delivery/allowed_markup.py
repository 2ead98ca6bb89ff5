"""Elements and attributes that are kept in the pages of an untrusted EPUB."""

from __future__ import annotations

HTML_ELEMENTS = frozenset({
    "a", "abbr", "acronym", "address", "area", "article", "aside", "audio", "b", "bdi", "bdo", "big", "blockquote",
    "body", "br", "caption", "center", "cite", "code", "col", "colgroup", "data", "dd", "del", "details", "dfn",
    "div", "dl", "dt", "em", "figcaption", "figure", "font", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "head",
    "header", "hgroup", "hr", "html", "i", "img", "ins", "kbd", "li", "link", "main", "map", "mark", "menu", "meta",
    "nav", "nobr", "ol", "p", "picture", "pre", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "section",
    "small", "source", "span", "strike", "strong", "style", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "time", "title", "tr", "track", "tt", "u", "ul", "var", "video", "wbr",
})  # fmt: skip
"""XHTML elements that are kept; others become `span`, except those in `DROPPED` or `WITH_FALLBACK`."""

DROPPED = frozenset({
    "script", "iframe", "frame", "frameset", "embed", "applet", "base", "param", "template", "portal", "input",
    "trigger",
})  # fmt: skip
"""Elements that are removed with their content."""

HTML_ATTRIBUTES = frozenset({
    "abbr", "align", "alt", "axis", "bgcolor", "border", "cellpadding", "cellspacing", "char", "charset", "class",
    "clear", "color", "colspan", "compact", "content", "controls", "coords", "datetime", "default", "dir", "face",
    "frame", "headers", "height", "hidden", "hreflang", "hspace", "id", "itemid", "itemprop", "itemref",
    "itemscope", "itemtype", "kind", "label", "lang", "loop", "media", "muted", "name", "nowrap", "open", "preload",
    "prefix", "property", "rel", "rev", "reversed", "role", "rowspan", "rules", "scope", "shape", "size", "sizes",
    "span", "start", "style", "summary", "tabindex", "title", "translate", "type", "typeof", "usemap", "valign",
    "value", "version", "vocab", "vspace", "width",
})  # fmt: skip
"""XHTML attributes that are kept, in addition to `aria-` and `data-` attributes and checked addresses."""

OPS_ELEMENTS = frozenset({
    "switch", "case", "default",
})  # fmt: skip
"""Elements of the EPUB namespace that are kept."""

DROPPED_SVG = frozenset({
    "script", "handler", "listener", "set", "discard",
})  # fmt: skip
"""SVG elements that are removed, in addition to animations, which can change addresses."""

WITH_FALLBACK = frozenset({
    "noscript", "object", "form", "fieldset", "canvas",
})  # fmt: skip
"""Elements that become `div`, so that their content is kept."""

RESOURCES = frozenset({
    "href", "src", "poster", "srcset", "data",
})  # fmt: skip
"""Attributes whose value is an address that a reading system loads or links to."""

HYPERLINKS = frozenset({
    "a", "area",
})  # fmt: skip
"""Elements whose address is opened only when the reader follows the link."""

KEPT_META = frozenset({
    "content-type", "default-style",
})  # fmt: skip
"""Values of `http-equiv` that are kept."""
