"""Makers of inputs that try to exhaust or break the readers of books, texts, tables and sounds; one seed, one input."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile

Maker = Callable[[random.Random], tuple[str, bytes]]
"""Makes the file name suffix and the content of one input."""

SENTENCE = "The river was wide and slow there, and nobody spoke."
KOREAN = "강은 넓고 느렸다. 1,234명이 3시 30분에 건넜다."
RUNS = (
    " ", "\n", "\t", "<", ">", "&", "&#x41;", "&amp", "<!--", "<!-- -->", "<?xml ", "<?", "<![CDATA[", "</", "<b/>",
    "<p>", "<a ", "(", "[", "[[", "](", "![", "{", "*", "**a", "_a_", "*a ", "`", "~~", "#", "> ", "- ", "1. ", "|",
    '"', "'", "“", ".", "...", "!?", "—", "-", "1", "1,", "1/2 ", "a.", "A. ", "I", "MM", "가", "國", "一", "ㅋ", "あ",
    "Ж", "\u0301", "\u200b", "\u202e", "\U0001f600", "\\", "$1 ", "12:34 ", "www.a.b/", "a@b.c ", "[1]", "[^1]",
    "[^1]: a\n", "[pause:1]", "---\n", "Chapter I.\n", "제1장\n", "a-\n", "<br/>", "&nbsp;", "\u2028", "\x85", "\x0c",
)  # fmt: skip
LONGEST = 300_000


def run_of(rng: random.Random, longest: int = LONGEST) -> str:
    """Random run: one pattern repeated, or two alternating, up to a length."""
    unit = "".join(rng.sample(RUNS, rng.choice((1, 1, 2, 3))))
    return unit * (rng.randrange(longest // 10, longest) // len(unit))


def text(rng: random.Random) -> tuple[str, bytes]:
    """Plain text: sentences around a run of repeated patterns."""
    parts = [SENTENCE, run_of(rng), KOREAN, run_of(rng, 20_000), SENTENCE]
    joined = rng.choice(("\n\n", "\n", " ", "")).join(parts)
    return ".txt", joined.encode(rng.choice(("utf-8", "utf-16")))


def markdown(rng: random.Random) -> tuple[str, bytes]:
    """Markdown: unbalanced marks in long runs."""
    head = rng.choice(("", "# Title\n\n", "---\ntitle: A\nauthor: [B, C]\n---\n", "---\n" + run_of(rng, 20_000)))
    return ".md", f"{head}{SENTENCE}\n\n{run_of(rng)}{rng.choice(('', chr(10) * 2))}{SENTENCE}".encode()


def noise_text(rng: random.Random) -> tuple[str, bytes]:
    """Short random mixtures of all patterns."""
    mixed = "".join(rng.choice((*RUNS, "a", "word ", "\n\n", SENTENCE)) for _ in range(rng.randrange(3_000)))
    return rng.choice((".txt", ".md")), mixed.encode()


def byte_text(rng: random.Random) -> tuple[str, bytes]:
    """Random bytes, or text with random bytes in it."""
    data = bytearray((SENTENCE + "\n" + KOREAN).encode(rng.choice(("utf-8", "cp949"))) * 50)
    for _ in range(rng.randrange(1, 200)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return rng.choice((".txt", ".md")), bytes(data)


# EPUB

_CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
_METADATA = "<dc:title>T</dc:title><dc:creator>N</dc:creator><dc:language>en</dc:language>"


def page(body: str, head: str = '<?xml version="1.0"?>') -> str:
    """One page of a book."""
    return f'{head}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title></head><body>{body}</body></html>'


def package(
    pages: Mapping[str, str | bytes], *, metadata: str = _METADATA, spine: list[str] | None = None, nav: str = ""
) -> bytes:
    """Pack an EPUB.

    Args:
        pages: content of each page by name.
        metadata: content of the element `metadata`.
        spine: names of the pages in reading order.
        nav: content of the table of contents.
    """
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in pages)
    order = "".join(f'<itemref idref="{name}"/>' for name in (pages if spine is None else spine))
    opf = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{metadata}</metadata><manifest>'
        f'<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>{items}</manifest>'
        f"<spine>{order}</spine></package>"
    )
    listed = nav or "".join(f'<li><a href="{name}">{name}</a></li>' for name in pages)
    contents = page(f'<nav xmlns:epub="http://www.idpf.org/2007/ops" epub:type="toc"><ol>{listed}</ol></nav>')
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", _CONTAINER)
        archive.writestr("book.opf", opf)
        archive.writestr("nav.xhtml", contents)
        for name, content in pages.items():
            archive.writestr(name, content)
    return packed.getvalue()


def epub_run(rng: random.Random) -> tuple[str, bytes]:
    """A run of repeated patterns before, inside or after the content of a page."""
    run, body = run_of(rng, 900_000), f"<p>{SENTENCE}</p>"
    head = rng.choice(('<?xml version="1.0"?>', ""))
    made = rng.choice((page(body + run, head), run + page(body, head), page(f"<p>{run}</p>{body}", head)))
    return ".epub", package({"p.xhtml": made})


def epub_elements(rng: random.Random) -> tuple[str, bytes]:
    """Pages of very many empty elements."""
    element = rng.choice(("<b/>", "<p/>", "<br/>", "<td/>", '<a id="x"/>', "<ruby/>", "<h1/>", "<hr/>", "<p>a</p>"))
    made = page(f"<div>{element * rng.randrange(1_000, 245_000)}</div><p>{SENTENCE}</p>")
    return ".epub", package({f"p{number}.xhtml": made for number in range(rng.choice((1, 5, 20, 100)))})


def epub_attributes(rng: random.Random) -> tuple[str, bytes]:
    """Elements with very many or very long attributes."""
    form = rng.choice(('a{}="1"', "a{}", "a{}='>'", 'a{}="<"', "a{}<", 'data-{}="' + "x" * 50 + '"'))
    attributes = " ".join(form.format(number) for number in range(rng.randrange(100, 80_000)))
    return ".epub", package({"p.xhtml": page(f"<p {attributes}>{SENTENCE}</p><p>{SENTENCE}{rng.choice(('', '<i>'))}")})


def epub_contents(rng: random.Random) -> tuple[str, bytes]:
    """Tables of contents and reading orders out of all proportion."""
    pages = {"p.xhtml": page(f"<p>{SENTENCE}</p>" + "<b/>" * rng.randrange(10_000)), "q.xhtml": page(SENTENCE)}
    n = rng.randrange(1_000, 20_000)
    depth = rng.randrange(1, 200)
    nav = rng.choice(
        (
            "".join(f'<li><a href="p.xhtml#i{number}">One</a></li>' for number in range(n)),
            '<li><a href="p.xhtml">One</a></li>' * n,
            '<li><span>Part</span><ol><li><a href="p.xhtml">One</a></li></ol></li>' * (n // 2),
            '<li><a href="p.xhtml">1</a><ol>' * depth + "</ol></li>" * depth,
        )
    )
    return ".epub", package(pages, spine=rng.choice((["p.xhtml"] * n, ["p.xhtml", "q.xhtml"])), nav=nav)


def epub_structure(rng: random.Random) -> tuple[str, bytes]:
    """Books with every structure and fault that a random grammar gives."""
    names = [f"p{number}.xhtml" for number in range(rng.randrange(1, 8))]
    pages: dict[str, str | bytes] = {}
    for name in names:
        made = page(
            "".join(_block(rng, 0) for _ in range(rng.randrange(12))), rng.choice(("", '<?xml version="1.0"?>'))
        )
        pages[name] = made.encode(rng.choice(("utf-8", "utf-8", "utf-16", "cp949")), errors="replace")
    metadata = rng.choice((_METADATA, "", "<dc:title/>", f"<dc:title>{run_of(rng, 5_000)}</dc:title>", _METADATA * 3))
    spine = rng.choice((None, names[::-1], [*names, "gone.xhtml"], []))
    return ".epub", package(pages, metadata=metadata, spine=spine)


def _block(rng: random.Random, depth: int) -> str:
    inline = "".join(
        rng.choice(
            (
                "word ", SENTENCE, KOREAN, "&amp;", "&x;", "<br/>", "<b>bold</b>", "<ruby>漢<rt>한</rt></ruby>",
                '<a href="#n1">1</a>', '<a id="n1" href="p0.xhtml#r1">1</a>', "<sup>2</sup>", "<img alt='A'/>",
                "<math><mi>x</mi></math>", "<span class='line'>a line</span>", '<sub alias="doctor">Dr</sub>', "<o:p/>",
                '<phoneme alphabet="x-sampa" ph="h@">he</phoneme>', "</p>", "<i>", '<break time="1s"/>', "Привет ",
                "3 < 4", "&nbsp;",
            )
        )
        for _ in range(rng.randrange(8))
    )  # fmt: skip
    name = rng.choice(
        ("p", "p", "p", "h1", "h2", "div", "blockquote", "li", "td", "pre", "section", "aside", "hr", "x:y")
    )
    inner = _block(rng, depth + 1) if depth < 6 and rng.random() < 0.3 else ""
    attributes = rng.choice(("", "", ' id="n1"', ' class="line"', ' hidden=""', ' epub:type="footnote"', " a b=c"))
    table = f"<table><tr><td>{inline}</td><td>{inner}</td></tr></table>"
    return rng.choice((f"<{name}{attributes}>{inline}{inner}</{name}>", f"<{name}{attributes}>{inline}{inner}", table))


def epub_bytes(rng: random.Random) -> tuple[str, bytes]:
    """An EPUB with damaged bytes, or cut."""
    data = bytearray(epub_structure(rng)[1])
    for _ in range(rng.randrange(30)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return ".epub", bytes(data[: rng.choice((len(data), rng.randrange(len(data))))])


# Tables


def csv_table(rng: random.Random) -> tuple[str, bytes]:
    """CSV with long cells, ragged rows, open quotes, foreign encodings."""
    cell = rng.choice((run_of(rng), SENTENCE, '"' + run_of(rng, 3_000), "=1+1", "1e30", "\0", '"a""b"', KOREAN))
    separator = rng.choice((",", ",", ",", ";", "\t"))
    header = separator.join(rng.choice((("id", "text"), ("id", "id", "text"), ("text",), ("id", "text", "seed"))))
    rows = [separator.join((f"r{number}", cell, "x")[: rng.choice((2, 2, 2, 3))]) for number in range(rng.randrange(4))]
    return ".csv", "\n".join((header, *rows, "")).encode(rng.choice(("utf-8", "utf-8", "utf-16", "cp949")), "replace")


def json_table(rng: random.Random) -> tuple[str, bytes]:
    """JSON Lines with deep, huge, mixed or broken values."""
    depth = rng.choice((1, 20, 40, 900, 100_000))
    value = rng.choice(
        (
            "[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth, "[" * depth, "9" * rng.randrange(1, 6_000),
            "NaN", "1e400", '"\\ud800"', "null", "[1,[2]]", json.dumps(run_of(rng)), "true", '{"a":1,"a":2}',
        )
    )  # fmt: skip
    name = rng.choice(("text", "seed", "speed", "mood", "id", "language", "phonemes", "source"))
    first = f'{{"id": "a", "text": "{SENTENCE}", "{name}": {value}}}'
    second = rng.choice(("", '{"id": "b", "text": "Hi there.", "mood": "s", "seed": "x"}', "[]", "{", "null"))
    return ".jsonl", f"{first}\n{second}\n".encode(errors="surrogatepass")


def parquet_table(rng: random.Random) -> tuple[str, bytes]:
    """Parquet with odd types, metadata, text that is not UTF-8, or damaged bytes."""
    odd: tuple[pa.Array, ...] = (
        pa.array([[[1]], []]), pa.array([{"a": {"b": 1}}, None]), pa.array([b"\xff", b"x"]), pa.nulls(2),
        pa.array([2**63, 1], pa.uint64()), pa.array([float("nan"), 1e300]), _not_utf8(), pa.array([run_of(rng), "b"]),
        pa.array(["x", "y"]).dictionary_encode(), pa.array(["en", "xx"]), pa.array([True, None]),
    )  # fmt: skip
    name = rng.choice(("text", "language", "voice", "seed", "speed", "mood", "phonemes", "pause_after_s", "chapter"))
    columns = {"id": pa.array(["a", "b"]), "text": pa.array([SENTENCE, KOREAN]), name: rng.choice(odd)}
    stamp = rng.choice((None, b"", b"[]", b"{}", b"\xff", b"[" * 50_000, b'{"version": "9"}', b'{"version": 1}'))
    made = io.BytesIO()
    metadata = None if stamp is None else {b"hierbatch": stamp}
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), made)
    data = bytearray(made.getvalue())
    if rng.random() < 0.5:
        positions = rng.choice((range(len(data)), range(max(0, len(data) - 700), len(data))))
        for _ in range(rng.randrange(1, 8)):
            data[rng.choice(positions)] = rng.randrange(256)
    return ".parquet", bytes(data)


def _not_utf8() -> pa.Array:
    offsets = pa.py_buffer(struct.pack("<3i", 0, 2, 3))
    return pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"a\xffb")])


# Sounds


def sound(rng: random.Random) -> tuple[str, bytes]:
    """A sound file that is cut, damaged, or not what its name says."""
    samples = (np.random.default_rng(rng.randrange(1_000)).standard_normal(16_000) * 0.1).astype(np.float32)
    suffix, kind = rng.choice(((".flac", "FLAC"), (".wav", "WAV"), (".mp3", "MP3"), (".ogg", "OGG"), (".wav", "W64")))
    made = io.BytesIO()
    soundfile.write(made, samples, rng.choice((8_000, 16_000, 44_100)), format=kind)
    data = bytearray(made.getvalue())
    for _ in range(rng.choice((0, 1, 20, 500))):
        data[rng.choice((rng.randrange(60), rng.randrange(len(data))))] = rng.randrange(256)
    return suffix, bytes(data[: rng.choice((len(data), rng.randrange(len(data))))])


MAKERS: dict[str, Maker] = {
    "text": text,
    "markdown": markdown,
    "noise_text": noise_text,
    "byte_text": byte_text,
    "epub_run": epub_run,
    "epub_elements": epub_elements,
    "epub_attributes": epub_attributes,
    "epub_contents": epub_contents,
    "epub_structure": epub_structure,
    "epub_bytes": epub_bytes,
    "csv_table": csv_table,
    "json_table": json_table,
    "parquet_table": parquet_table,
    "sound": sound,
}
