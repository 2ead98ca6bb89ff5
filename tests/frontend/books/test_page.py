"""What of a page is read, what is passed over, and where it stands."""

from __future__ import annotations

import pytest

from hierbatch.errors import BookError
from hierbatch.frontend.books.book import SCENE_BREAK_S
from hierbatch.frontend.books.markup import page_from_text
from hierbatch.frontend.books.page import Page, read_page
from tests.frontend.books.shelf import page


def read(body: str) -> Page:
    return read_page(page_from_text(page(body), "p.xhtml"), "p.xhtml")


def texts(body: str) -> list[str]:
    return [block.text for block in read(body).blocks]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # inline markup leaves no trace, block markup separates
        ("<p>A <em>very</em> <b>bold</b><i>ly</i> word.</p>", ["A very boldly word."]),
        ("<div>One<p>Two</p>Three</div>", ["One", "Two", "Three"]),
        ("<ul><li>One</li><li><p>Two</p></li></ul>", ["One", "Two"]),
        ("<p>One<br/>two</p>", ["One, two"]),
        ("<p><span class='line'>One</span><span class='line'>two</span></p>", ["One, two"]),
        (
            "<p>soft\u00adhyphen, zero\u200bwidth, word\u2060joiner, no\u00a0break</p>",
            ["softhyphen, zerowidth, wordjoiner, no break"],
        ),
        ("<p>a &lt;b&gt; c</p>", ["a <b> c"]),
        ("<p>\u1112\u1161\u11ab\u1100\u1173\u11af</p>", ["한글"]),
        ("<p>before<!-- comment -->after<?pi x?>end</p>", ["beforeafterend"]),
        # never text
        ("<script>x()</script><style>p{}</style><p>a<img src='x' alt='a picture'/>b</p>", ["ab"]),
        ("<p>a<svg><text>drawn</text></svg>b<math><mi>x</mi></math>c</p>", ["abc"]),
        ("<nav><ol><li>Contents</li></ol></nav><p>text</p>", ["text"]),
        ("<p hidden='hidden'>no</p><p style='display: none'>no</p><p>yes</p>", ["yes"]),
        # lines and stanzas of verse, and paragraphs that only empty lines separate
        (
            "<p>Grey sky<br/>grey sea;<br/>and one “sail”<br/>he saw.</p>",
            ["Grey sky, grey sea; and one “sail”, he saw."],
        ),
        ("<p>Ann Lee<br/>(Version by Ben)</p>", ["Ann Lee (Version by Ben)"]),
        ("<p>하늘은 회색<br/>바다는 잿빛</p>", ["하늘은 회색, 바다는 잿빛"]),
        ("<p>One.<br/><br/>Two<br/> <br/> Three<br/>four</p>", ["One.", "Two", "Three, four"]),
        ("<p><span>One</span><br/><span>two</span></p>", ["One, two"]),
        (
            f"<p>{'a line of prose that some program has wrapped at its '}<br/>{'full width goes on.'}</p>".replace(
                "a line", "a very long line"
            ),
            ["a very long line of prose that some program has wrapped at its full width goes on."],
        ),
        ("<pre class='poem'>Still hill\n  still mill</pre>", ["Still hill, still mill"]),
        ("<h2>A<br/><br/>B</h2>", ["A. B"]),
        # ruby: a reading in place of characters without one, else the base
        ("<p><ruby>漢<rp>(</rp><rt>한</rt><rp>)</rp>字<rt>자</rt></ruby>를</p>", ["한자를"]),
        ("<p><ruby><rb>金剛</rb><rt><b>금강</b></rt></ruby>을</p>", ["금강을"]),
        ("<p>He saw <ruby>東京<rt>Tokyo</rt></ruby> twice.</p>", ["He saw Tokyo twice."]),
        ("<p><ruby>東京<rt>とうきょう</rt></ruby>에 갔다.</p>", ["東京에 갔다."]),
        ("<p><ruby>word<rt>gloss</rt></ruby> and <ruby>word<rp>(</rp><rt>•</rt></ruby>s.</p>", ["word and words."]),
        # code and tables
        ("<pre>x = 1</pre><p>Call <code>print</code> now.</p>", ["Call print now."]),
        ("<pre class='poem'>Tyger, tyger</pre>", ["Tyger, tyger"]),
        ("<table><tr><td>1</td><td>2</td></tr></table><p>text</p>", ["text"]),
        ("<table><tr><td>A letter</td></tr><tr><td>in one column</td></tr></table>", ["A letter", "in one column"]),
        # plays and other prose in tables
        (
            "<table><tr><td epub:type='z3998:persona'>Anna</td><td>Well?</td></tr>"
            "<tr><td>Ben</td><td>Let it <i>sing</i>.</td></tr><tr><td/><td><i>They wait.</i></td></tr></table><p>x</p>",
            ["Anna: Well?", "Ben: Let it sing.", "They wait.", "x"],
        ),
        (
            "<table><tbody><tr><th>ANN.</th><td><p>Come in!</p><p>Sit down.</p></td></tr>"
            "<tr><th>BEN.</th><td>Not now, no.</td></tr></tbody></table>",
            ["ANN.", "Come in!", "Sit down.", "BEN. Not now, no."],
        ),
        (
            "<table><tr><td>The whole page is set in a table of two columns.</td><td>This is the second of them.</td>"
            "</tr></table>",
            ["The whole page is set in a table of two columns.", "This is the second of them."],
        ),
        ("<table><tr><th>Year</th><th>Sum</th></tr><tr><td>1901</td><td>5 kg</td></tr></table><p>x</p>", ["x"]),
        # figures: pictures with their captions go, words stay
        ("<figure><img src='a'/><figcaption>Fig. 1</figcaption></figure><p>text</p>", ["text"]),
        ("<figure><blockquote><p>A motto.</p></blockquote></figure>", ["A motto."]),
        # page numbers
        ("<p>to<span epub:type='pagebreak' title='12'>12</span>gether</p>", ["together"]),
        ("<p>to<span class='pagenum'>[12]</span>gether</p>", ["together"]),
        ("<p>to<span role='doc-pagebreak'>12</span>gether</p>", ["together"]),
        ("<div class='pagebreak'><p>A chapter on a new page.</p></div>", ["A chapter on a new page."]),
        # references to notes, in all their dresses
        ("<p>word<a epub:type='noteref' href='#n1'>1</a>.</p>", ["word."]),
        ("<p>word<a role='doc-noteref' href='#n1'>*</a>.</p>", ["word."]),
        ("<p>word<a epub:type='noteref' href='#n1'>[note 4]</a>.</p>", ["word."]),
        ("<p>word<sup><a href='n.xhtml#n1'>[12]</a></sup>.</p>", ["word."]),
        ("<p>word<a href='#n1'><sup>3</sup></a>.</p>", ["word."]),
        ("<p>word<a href='#n1'>[3]</a>.</p>", ["word."]),
        ("<p>word<sup>3</sup>.</p>", ["word."]),
        ("<p>word<a class='footnote-ref' href='#n1'>a</a>.</p>", ["word."]),
        # and what only looks like one
        ("<p>See <a href='c5.xhtml#s'>5</a>, please.</p>", ["See 5, please."]),
        ("<p>E = mc<sup>2</sup> and the end of<sup>2</sup> it.</p>", ["E = mc² and the end of it."]),
        ("<p>10<sup>3</sup> kg on 5 m<sup>2</sup> on the 1<sup>st</sup></p>", ["10³ kg on 5 m² on the 1st"]),
        ("<p>The <a epub:type='noteref' href='#n1'>Templars</a> came.</p>", ["The Templars came."]),
        # notes themselves
        ("<p>text</p><aside epub:type='footnote' id='n1'><p>1. A note.</p></aside>", ["text"]),
        ("<p>text</p><div class='footnotes'><p>1. A note.</p></div>", ["text"]),
        ("<p>text</p><section role='doc-endnotes'><p>1. A note.</p></section>", ["text"]),
        ("<p>꿈(夢境 : 꿈 속 - 편집자 주*)에서 깨었다.</p>", ["꿈에서 깨었다."]),
        # front and back matter by type
        ("<section epub:type='titlepage'><h1>Title</h1></section><p>text</p>", ["text"]),
        ("<section epub:type='copyright-page'><p>©</p></section><p>text</p>", ["text"]),
        ("<section epub:type='preface'><p>A word before.</p></section>", ["A word before."]),
        ("<section epub:type='dedication'><p>To my wife.</p></section>", ["To my wife."]),
        (
            "<section class='pg-boilerplate pgheader' id='pg-header'><p>Project Gutenberg</p></section><p>text</p>",
            ["text"],
        ),
        # sections by heading, up to the next heading of the same rank
        (
            "<h2>One</h2><p>a</p><h3>Notes</h3><p>1. x</p><h4>More</h4><p>y</p><h2>Two</h2><p>b</p>",
            ["One", "a", "Two", "b"],
        ),
        ("<h2>각주</h2><p>1. 주석</p>", []),
        # an epub:switch reads its default
        ("<div><case>formula</case><default>words</default></div>", ["words"]),
    ],
)
def test_what_is_read(body: str, expected: list[str]) -> None:
    assert texts(body) == expected


@pytest.mark.parametrize(
    ("body", "skipped"),
    [
        ("<p>word<sup><a href='#n'>12</a></sup></p>", {"note reference": 2}),
        ("<pre>x = 1</pre><pre>y</pre>", {"code": 6}),
        ("<section epub:type='imprint'><p>Printed in 1901</p></section>", {"imprint": 15}),
        ("<h2>Notes</h2><p>1. One</p><p>2. Two</p>", {"note": 17}),
        ("<script>x()</script><img alt='a'/>", {}),
    ],
)
def test_what_is_passed_over_is_counted(body: str, skipped: dict[str, int]) -> None:
    assert dict(read(body).skipped) == skipped


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<h1>One</h1><h3>Two</h3>", [("One", 1), ("Two", 3)]),
        ("<h2>Chapter One<br/>The River</h2>", [("Chapter One. The River", 2)]),
        ("<h2>Chapter\n One:<br/>The River</h2>", [("Chapter One: The River", 2)]),
        ("<hgroup><h2>I</h2><p>The River</p></hgroup>", [("I", 2), ("The River", 2)]),
        ("<h1><img src='x' alt='Chapter One'/></h1>", [("Chapter One", 1)]),
    ],
)
def test_headings(body: str, expected: list[tuple[str, int]]) -> None:
    blocks = read(body).blocks
    assert [(block.text, block.level) for block in blocks] == expected
    assert {block.kind for block in blocks} == {"heading"}


def test_a_drawn_drop_capital_is_read() -> None:
    assert texts("<p><img src='t.png' alt='T'/>he river rose.</p>") == ["The river rose."]


@pytest.mark.parametrize("ornament", ["<hr/>", "<p>* * *</p>", "<p>⁂</p>", "<div>———</div>", "<p>……</p>"])
def test_a_scene_break_is_a_silence(ornament: str) -> None:
    first, second = read(f"<p>One.</p>{ornament}<p>Two.</p>").blocks
    assert (first.pause_after_s, second.pause_after_s) == (SCENE_BREAK_S, None)
    assert all(block.pause_after_s is None for block in read(f"<h1>One</h1>{ornament}<p>Two.</p>").blocks)


@pytest.mark.parametrize("empty", ["<p>&#160;</p>", "<p><br/></p>", "<p>\u00a0<br/></p>", "<div>&#160;</div>"])
def test_an_empty_paragraph_is_a_scene_break_unless_every_paragraph_has_one(empty: str) -> None:
    sparse = read(f"<p>One.</p>{empty}<p>Two.</p><p>Three.</p>").blocks
    assert [block.pause_after_s for block in sparse] == [SCENE_BREAK_S, None, None]
    spaced = read(f"<p>One.</p>{empty}<p>Two.</p>{empty}<p>Three.</p>{empty}<p>Four.</p>").blocks
    assert [block.pause_after_s for block in spaced] == [None] * 4
    assert [block.pause_after_s for block in read("<p>One.</p><p> </p><p></p><p>Two.</p>").blocks] == [None] * 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>One <break time='1.5s'/>two.</p>", ["One [pause:1.5] two."]),
        ("<p>One <break time='250ms'/>two.</p>", ["One [pause:0.25] two."]),
        ("<p>One <break/>two<break strength='none'/>.</p>", ["One [pause:0.4] two."]),
        ("<p>The <sub alias='World Wide Web'>WWW</sub> and H<sub>2</sub>O.</p>", ["The World Wide Web and H2O."]),
        ("<p>Code <say-as interpret-as='characters'>abc</say-as>.</p>", ["Code a b c."]),
        ("<p>Code <say-as interpret-as='digits'>107</say-as>.</p>", ["Code 1 0 7."]),
        ("<p>The <say-as interpret-as='ordinal'>12</say-as> day.</p>", ["The 12th day."]),
        ("<p>A <say-as interpret-as='cardinal'>12</say-as> <emphasis>big</emphasis> one.</p>", ["A 12 big one."]),
        ("<p>He said <lang xml:lang='fr'>oui</lang> <phoneme ph='x'>now</phoneme>.</p>", ["He said oui now."]),
    ],
)
def test_speech_markup(body: str, expected: list[str]) -> None:
    assert texts(body) == expected


def test_a_break_between_paragraphs_is_the_pause_of_the_first() -> None:
    blocks = read("<p>One.</p><break time='2s'/><p>Two.</p><p><break time='3s'/></p>").blocks
    assert [(block.text, block.pause_after_s) for block in blocks] == [("One.", 2.0), ("Two.", 3.0)]


def test_pronunciations_of_the_markup_and_emphasis() -> None:
    found = read(
        "<p>A <phoneme alphabet='ipa' ph='liːd'>lead</phoneme> "
        "<span xmlns:ssml='http://www.w3.org/2001/10/synthesis' ssml:ph='nɔrθ' ssml:alphabet='x-sampa'>N.</span> "
        "<emphasis>so</emphasis></p>"
    )
    words = [(word.word, word.phonemes, word.alphabet) for word in found.pronunciations]
    assert words == [("lead", "liːd", "ipa"), ("N.", "nɔrθ", "sampa")]
    assert found.n_emphases == 1


def test_skipped_elements_leave_no_state_behind() -> None:
    hidden = "<h1 hidden=''>no</h1><pre>x = 1</pre><table><tr><td>1</td><td>2</td></tr></table>"
    assert texts(f"{hidden}<p>One\ntwo</p><table><tr><td>3</td></tr><tr><td>4</td></tr></table>") == [
        "One two",
        "3",
        "4",
    ]


def test_text_that_a_user_keeps() -> None:
    body = "<p>text</p><aside epub:type='footnote'><p>A note.</p></aside><h2>Notes</h2><p>One.</p>"
    found = read_page(page_from_text(page(body), "p.xhtml"), "p.xhtml", keep=frozenset({"note"}))
    assert [block.text for block in found.blocks] == ["text", "A note.", "Notes", "One."]


def test_anchors_give_the_block_at_or_after_them() -> None:
    found = read(
        "<section id='s'><h2 id='h'>One</h2><p>a <span id='inside'>b</span></p></section>"
        "<div class='pagenum' id='skipped'>3</div><p><a name='old'></a>c</p><div id='end'/>"
    )
    assert dict(found.anchors) == {"s": 0, "h": 0, "inside": 1, "skipped": 2, "old": 2, "end": 3}


def test_every_block_has_a_place_of_its_own() -> None:
    blocks = read("<p id='a'>1</p><p>2</p><p>3</p>\n<p>4</p><div id='a2'>5<p>6</p>7</div>").blocks
    places = [block.source_ref for block in blocks]
    assert places[0] == "p.xhtml#a"
    assert len(set(places)) == len(places) == 7


def test_deep_nesting_is_read_or_refused_but_never_cut() -> None:
    assert texts("<div>" * 200 + "<p>deep</p>" + "</div>" * 200) == ["deep"]
    with pytest.raises(BookError, match="nested more than 255 deep"):
        texts("<div>" * 5000 + "deep" + "</div>" * 5000)
