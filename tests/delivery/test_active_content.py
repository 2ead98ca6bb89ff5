"""Scripts, handlers and remote resources of a foreign page are removed; its text, pictures and links stay."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from hierbatch.delivery.active_content import clean_page, clean_style, is_local
from hierbatch.delivery.allowed_markup import HTML_ELEMENTS

_OPEN = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xmlns:xlink="http://www.w3.org/1999/xlink"'
_ACTIVE = re.compile(
    rb"<[a-z:]*script|\son[a-z]+=|javascript:|iframe|example\.org/(?!read)|srcdoc|http-equiv=.refresh", re.I
)


def cleaned(body, head="", attributes=""):
    root = etree.fromstring(f"{_OPEN}{attributes}><head><title>t</title>{head}</head><body>{body}</body></html>")
    n_removed = clean_page(root)
    return etree.tostring(root.getroottree()), n_removed


@pytest.mark.parametrize(
    "active",
    [
        "<script>alert(1)</script>",
        '<script src="a.js"/>',
        '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        '<svg xmlns="http://www.w3.org/2000/svg"><a xlink:href="javascript:alert(1)"><text>a</text></a></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><set attributeName="href" to="javascript:alert(1)"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><image xlink:href="https://example.org/a.png"/></svg>',
        '<svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(https://example.org/a.svg#b)"/></svg>',
        '<img src="x.png" onerror="alert(1)"/>',
        '<img src="https://example.org/a.png"/>',
        '<img src="//example.org/a.png"/>',
        '<img src="\\\\example.org/a.png"/>',
        '<img src=" &#9;h&#10;ttps://example.org/a.png"/>',
        '<img srcset="a.png 1x, https://example.org/a.png 2x" src="a.png"/>',
        '<video poster="https://example.org/a.png" src="a.mp4"/>',
        '<a href="java&#10;script:alert(1)">a</a>',
        '<a href="JavaScript:alert(1)">a</a>',
        '<a href="data:text/html,&lt;script>alert(1)&lt;/script>">a</a>',
        '<p ONCLICK="alert(1)">a</p>',
        '<p style="background: url(https://example.org/a.png)">a</p>',
        '<p style="background: \\75 rl(https://example.org/a.png)">a</p>',
        '<iframe src="page.xhtml"/>',
        '<object data="https://example.org/a.swf"><p>kept</p></object>',
        '<form action="https://example.org/post"><p>kept</p></form>',
        '<p data="https://example.org/" background="https://example.org/">a</p>',
        '<div xml:base="https://example.org/">a</div>',
        '<epub:trigger action="show" ref="a"/>',
        '<x:y xmlns:x="urn:unknown" href="https://example.org/">kept</x:y>',
    ],
)
def test_what_is_active_is_gone_and_the_text_around_it_stays(active):
    page, n_removed = cleaned(f"<p>before</p>{active}between<p>after</p>")
    assert n_removed > 0
    assert not _ACTIVE.search(page), page
    assert b"before" in page
    assert b"between" in page
    assert b"after" in page
    if "kept" in active:
        assert b"kept" in page


@pytest.mark.parametrize(
    "head",
    [
        '<base href="https://example.org/"/>',
        '<link rel="stylesheet" href="https://example.org/a.css"/>',
        '<meta http-equiv="refresh" content="0;url=https://example.org/"/>',
        "<style>@import 'https://example.org/a.css'; p { color: red }</style>",
    ],
)
def test_remote_parts_of_a_head_are_gone(head):
    page, n_removed = cleaned("<p>a</p>", head=head)
    assert n_removed
    assert not _ACTIVE.search(page), page


def test_a_harmless_page_is_unchanged():
    body = (
        '<section epub:type="chapter" id="a" class="b" aria-label="c" data-x="d" lang="en" xml:lang="en">'
        '<h1 style="color: red">One</h1><p>Text with <em>emphasis</em><a href="https://example.org/read">link</a>'
        '<a href="mailto:a@b.c">mail</a><a href="#n" epub:type="noteref">1</a></p><img src="../a.png" alt="a"/>'
        '<img src="data:image/png;base64,AA//AA=="/><table><tr><td colspan="2">c</td></tr></table>'
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><use xlink:href="#a"/><text x="1">t</text></svg>'
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>x</mi></math><ruby>a<rt>b</rt></ruby></section>'
    )
    head = '<link rel="stylesheet" href="a.css" type="text/css"/><meta charset="utf-8"/><style>p { color: red }</style>'
    root = etree.fromstring(f"{_OPEN}><head>{head}</head><body>{body}<!-- a comment --></body></html>")
    before = etree.tostring(root)
    assert clean_page(root) == 0
    assert etree.tostring(root) == before


def test_instructions_around_a_page_that_name_another_place_are_emptied():
    root = etree.fromstring(f'<?xml-stylesheet href="https://example.org/a.css"?>{_OPEN}><body><p>a</p></body></html>')
    assert clean_page(root) == 1
    assert b"example" not in etree.tostring(root.getroottree())


@pytest.mark.parametrize(
    ("style", "wanted"),
    [
        ("p { background: url('https://example.org/a.png') }", "p { background: url('') }"),
        ("@import url(//example.org/a.css);", "@import url();"),
        ("p { color: expression(alert(1)) }", "p { color: alert(1)) }"),
        ("@namespace svg url(http://www.w3.org/2000/svg); p { color: red }", None),
        ("@font-face { src: url(fonts/a.woff) } p::before { content: '\\201C' }", None),
        ("p { background: url(data:image/png;base64,AA//AA==) } /* see a */", None),
    ],
)
def test_style_sheets_keep_only_what_is_local(style, wanted):
    text, n_removed = clean_style(style)
    assert text == (style if wanted is None else wanted)
    assert bool(n_removed) is (wanted is not None)


@given(st.text(alphabet="/\\:\n\t ahtps.#?", max_size=12))
def test_no_address_with_a_host_or_a_scheme_counts_as_local(text):
    joined = re.sub(r"[\x00-\x20]", "", text)
    if is_local(text):
        assert not joined.startswith(("//", "\\\\", "/\\", "\\/"))
        assert not re.match(r"[a-z][a-z0-9+.-]*:", joined)


def test_many_removed_elements_take_linear_time():
    page, n_removed = cleaned("<script/>x" * 100_000)
    assert n_removed == 100_000
    assert page.count(b"x") >= 100_000


def test_no_listed_element_runs_code():
    assert not HTML_ELEMENTS & {"script", "iframe", "object", "embed", "applet", "base", "form", "frame"}
