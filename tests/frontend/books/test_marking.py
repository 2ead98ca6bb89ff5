import pytest
from lxml import etree

from hierbatch.frontend.books.marking import wrap_sentences
from hierbatch.frontend.books.markup import page_from_text
from hierbatch.frontend.books.page import read_page
from hierbatch.frontend.books.sentence_spans import SentenceSpan, find_sentences
from tests.frontend.books.shelf import page


def marked(body, sentences):
    """A page with the sentences of its blocks wrapped: for each block a list of them, in order."""
    root = page_from_text(page(body), "p")
    before = "".join(root.itertext())
    read = read_page(root, "p")
    for number, (segments, texts) in reversed(list(enumerate(zip(read.segments, sentences, strict=True)))):
        ids = {f"s{number}-{n}": text for n, text in enumerate(texts)}
        assert wrap_sentences(segments, find_sentences("".join(segment.text for segment in segments), ids))
    assert "".join(root.itertext()) == before
    return root


def spans(root):
    return {
        span.get("id"): "".join(span.itertext())
        for span in root.iter("{*}span")
        if (span.get("id") or "").startswith("s")
    }


def inside(root):
    """The body's content without namespaces."""
    (body,) = root.iter("{*}body")
    text = etree.tostring(body, encoding="unicode")
    return (
        text[text.index(">") + 1 : text.rindex("</")]
        .replace(' xmlns="http://www.w3.org/1999/xhtml"', "")
        .replace(' xmlns:epub="http://www.idpf.org/2007/ops"', "")
    )


def test_sentences_are_wrapped_with_their_marks():
    root = marked("<p>One here. “Two!” he said… Three?</p>", [["One here.", "“Two!” he said…", "Three?"]])
    assert inside(root) == (
        '<p><span id="s0-0">One here.</span> <span id="s0-1">“Two!” he said…</span> <span id="s0-2">Three?</span></p>'
    )


def test_markup_inside_a_sentence_is_kept_as_it_is():
    root = marked(
        '<p class="x">He <em id="e">really <b>did</b></em> it.<img src="a.png" alt="Ahem"/> Yes.</p>',
        [["He really did it.", "Yes."]],
    )
    assert inside(root) == (
        '<p class="x"><span id="s0-0">He <em id="e">really <b>did</b></em> it.<img src="a.png" alt="Ahem"/></span> '
        '<span id="s0-1">Yes.</span></p>'
    )


def test_an_element_over_a_border_is_split_and_its_id_names_the_first_part():
    root = marked('<p>A <em id="e" class="c">one. Two</em> b.</p>', [["A one.", "Two b."]])
    assert inside(root) == (
        '<p><span id="s0-0">A <em id="e" class="c">one.</em></span><em class="c"> </em>'
        '<span id="s0-1"><em class="c">Two</em> b.</span></p>'
    )


def test_what_is_not_read_stays_where_it_is():
    body = '<p>One.<a epub:type="noteref" href="#n">1</a> Two<!-- c --> goes on.</p><p>Three<br/>four.</p>'
    root = marked(body, [["One.", "Two goes on."], ["Three four."]])
    assert spans(root)["s0-1"] == "Two goes on."
    assert spans(root)["s1-0"] == "Threefour."
    text = inside(root)
    assert text.count("noteref") == text.count("<br/>") == text.count("<!-- c -->") == 1


def test_blocks_without_an_element_of_their_own_are_wrapped_too():
    root = marked(
        "<div>Alone here.<p>In a paragraph.</p>After it. Twice.</div>",
        [["Alone here."], ["In a paragraph."], ["After it.", "Twice."]],
    )
    assert inside(root) == (
        '<div><span id="s0-0">Alone here.</span><p><span id="s1-0">In a paragraph.</span></p>'
        '<span id="s2-0">After it.</span> <span id="s2-1">Twice.</span></div>'
    )


def test_a_drawn_capital_belongs_to_its_sentence():
    root = marked('<p><img src="t.png" alt="T"/>he cat. It sat.</p>', [["The cat.", "It sat."]])
    assert inside(root).startswith('<p><span id="s0-0"><img src="t.png" alt="T"/>he cat.</span>')


@pytest.mark.parametrize(
    ("text", "sentences", "wanted"),
    [
        ("A\n  broken\tline. B.", ["A broken line.", "B."], ["A\n  broken\tline.", "B."]),
        ("Cafe\u0301 no\u00adir. B.", ["Café noir.", "B."], ["Cafe\u0301 no\u00adir.", "B."]),
        ("오늘도 갔다. 내일도.", ["오늘도 갔다.", "내일도."], ["오늘도 갔다.", "내일도."]),
        ("He (note) went. Then.", ["He went.", "Then."], ["He (note) went.", "Then."]),  # a note was cut out of it
        ("I", ["1"], ["I"]),  # a Roman number is read as a number
        ("The same. The same.", ["The same.", "The same."], ["The same.", "The same."]),
        ("  Only.  ", ["Only."], ["Only."]),
        ("One.Two.", ["One.", "Two."], ["One.", "Two."]),
    ],
)
def test_sentences_are_found_by_their_letters(text, sentences, wanted):
    found = find_sentences(text, {str(n): sentence for n, sentence in enumerate(sentences)})
    assert [text[span.start : span.end] for span in found] == wanted


def test_a_sentence_that_is_nowhere_gets_no_place():
    found = find_sentences("One. Two.", {"a": "One.", "b": "Something else.", "c": "Two."})
    assert found == [SentenceSpan("a", 0, 4), SentenceSpan("c", 5, 9)]


def test_a_block_without_text_is_left_alone():
    assert not wrap_sentences([], [SentenceSpan("a", 0, 1)])


def test_a_sentence_over_the_cells_of_a_row_has_a_span_in_each_cell():
    body = (
        "<table><tbody><tr>\n<td>Anna</td>\n<td>The <i>kettle</i> is on. It sings.</td>\n</tr>"
        "<tr><td>Ben</td><td>Then let it sing, I am tired of this.</td></tr></tbody></table>"
    )
    root = marked(body, [["Anna: The kettle is on.", "It sings."], ["Ben: Then let it sing, I am tired of this."]])
    assert inside(root) == (
        "<table><tbody><tr>\n<td><span>Anna</span></td>\n"
        '<td><span id="s0-0">The <i>kettle</i> is on.</span> <span id="s0-1">It sings.</span></td>\n</tr>'
        '<tr><td><span>Ben</span></td><td><span id="s1-0">Then let it sing, I am tired of this.</span></td></tr>'
        "</tbody></table>"
    )
