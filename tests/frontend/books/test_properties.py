"""Properties of the book readers: what was written is read, and whatever a file holds is read or refused."""

import io
import zipfile
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hierbatch.errors import BookError
from hierbatch.frontend.books.reading import read_book
from tests.frontend.books.shelf import CONTAINER, package, page, write_epub

words = st.sampled_from(
    [
        "once",
        "the",
        "river",
        "ran",
        "under",
        "a",
        "stone",
        "bridge",
        "where",
        "nobody",
        "had",
        "seen",
        "any",
        "light",
        "for",
        "seven",
        "winters",
    ]
)
paragraphs = st.lists(
    st.lists(words, min_size=4, max_size=9).map(lambda found: " ".join(found).capitalize() + "."),
    min_size=1,
    max_size=4,
    unique=True,
)
_PIECES = (
    "<p>", "</p>", "<h1>", "</h1>", "<section epub:type='chapter'>", "</section>", "<table><tr><td>", "</table>",
    "<a epub:type='noteref' href='#n'>", "</a>", "<aside id='n'>", "<br/>", "<hr>", "<!--", "-->", "<![CDATA[",
    "<o:p>", "</o:p>", "<st1:place/>", "<br/><br/>", "<break time='1s'/>", "<sub alias='x'>", "</sub>", "<td>", "</td>",
    "<p>&#160;</p>", "<ruby>漢", "</ruby>", "<phoneme ph='x'>", "&#x201c;", "[1]", "&amp;", "&bogus;", "&#0;", "<ruby>",
    "<rt>", "<pre>", "<svg>", "<math>", "\0", "One two. ", "한글. ",
)  # fmt: skip
any_text = st.text(st.characters(codec="utf-8"), max_size=100)
markup = st.lists(st.sampled_from(_PIECES) | any_text.map(lambda text: text[:8]), max_size=25).map("".join)
utf_8 = any_text.map(lambda text: text.encode("utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("books")


def spoken(book):
    return [block.text for chapter in book.chapters for block in chapter.blocks if block.kind == "paragraph"]


def read_or_refused(path):
    """The book, checked for what every book keeps; nothing where it is refused."""
    try:
        book = read_book(path)
    except BookError:
        return
    blocks = [block for chapter in book.chapters for block in chapter.blocks]
    assert any(block.text for block in blocks)
    assert all(block.text == " ".join(block.text.split()) for block in blocks)


@given(chapters=st.lists(paragraphs, min_size=1, max_size=3))
def test_every_paragraph_of_a_made_epub_is_read_once_in_order(folder, chapters):
    names = [f"c{number}.xhtml" for number in range(len(chapters))]
    pages = [page("<h1>Title</h1>" + "".join(f"<p>{escape(p)}</p>" for p in found)) for found in chapters]
    path = write_epub(folder / "made.epub", {"content.opf": package(names), **dict(zip(names, pages, strict=True))})
    assert spoken(read_book(path)) == [paragraph for found in chapters for paragraph in found]


@pytest.mark.parametrize("suffix", [".txt", ".md"])
@given(found=paragraphs)
def test_every_paragraph_of_a_made_text_is_read_once_in_order(folder, suffix, found):
    path = folder / f"made{suffix}"
    path.write_text("\n\n".join(found) + "\n", encoding="utf-8")
    assert spoken(read_book(path)) == found


@given(body=markup)
def test_a_page_of_any_markup_is_read_or_refused(folder, body):
    read_or_refused(write_epub(folder / "page.epub", {"content.opf": package(["one.xhtml"]), "one.xhtml": page(body)}))


def epub_bytes(**changes):
    file = io.BytesIO()
    members = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": package(["one.xhtml"]),
        "OEBPS/one.xhtml": page("<h1>One</h1><p>One sentence.</p>"),
    }
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in (members | changes).items():
            archive.writestr(name, content)
    return file.getvalue()


@given(at=st.integers(0, 5_000), length=st.integers(0, 40), inserted=st.binary(max_size=20))
def test_a_damaged_epub_is_read_or_refused(folder, at, length, inserted):
    whole = epub_bytes()
    start = at % len(whole)
    path = folder / "damaged.epub"
    path.write_bytes(whole[:start] + inserted + whole[start + length :])
    read_or_refused(path)


@pytest.mark.parametrize("name", ["META-INF/container.xml", "OEBPS/content.opf", "OEBPS/one.xhtml"])
@given(content=st.binary(max_size=60) | markup.map(lambda text: text.encode("utf-8")))
def test_an_epub_with_any_member_is_read_or_refused(folder, name, content):
    path = folder / "member.epub"
    path.write_bytes(epub_bytes(**{name: content}))
    read_or_refused(path)


@pytest.mark.parametrize("suffix", [".txt", ".md"])
@given(
    content=st.text(st.characters(codec="utf-8"), max_size=200).map(lambda text: text.encode("utf-8"))
    | st.binary(max_size=60)
)
def test_a_text_of_any_bytes_is_read_or_refused(folder, suffix, content):
    path = folder / f"any{suffix}"
    path.write_bytes(content)
    read_or_refused(path)
