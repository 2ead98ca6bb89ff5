import pytest

from hierbatch.frontend.books.details import BookDetails, read_details
from hierbatch.frontend.books.markup import parse_xml

PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:opf="http://www.idpf.org/2007/opf"><metadata>{}</metadata></package>"""


def details(metadata):
    return read_details(parse_xml(PACKAGE.format(metadata).encode(), "content.opf"))


def test_all_details_of_an_epub_3():
    found = details(
        "<dc:identifier>urn:isbn:978-0-14-143984-6</dc:identifier><dc:publisher>Lamp Press</dc:publisher>"
        "<dc:date>1899-05-01T00:00:00Z</dc:date>"
        "<dc:description>&lt;p&gt;A lamp &amp;amp; a &lt;b&gt;clock&lt;/b&gt;.&lt;/p&gt;</dc:description>"
        '<meta property="belongs-to-collection" id="c">The Lamps</meta>'
        '<meta refines="#c" property="collection-type">series</meta>'
        '<meta refines="#c" property="group-position">2</meta>'
    )
    assert found == BookDetails(
        series="The Lamps",
        number="2",
        year="1899",
        publisher="Lamp Press",
        isbn="9780141439846",
        description="A lamp & a clock .",
    )


def test_the_series_of_an_epub_2():
    found = details('<meta name="calibre:series" content="등불"/><meta name="calibre:series_index" content="1.0"/>')
    assert (found.series, found.number) == ("등불", "1")


@pytest.mark.parametrize(
    ("metadata", "isbn"),
    [
        ('<dc:identifier opf:scheme="ISBN">014143984X</dc:identifier>', "014143984X"),
        ("<dc:identifier>urn:uuid:6f5c</dc:identifier><dc:identifier>9780141439846</dc:identifier>", "9780141439846"),
        ("<dc:identifier>0141439840</dc:identifier>", ""),  # ten digits alone may be any number
        ("<dc:identifier>https://www.gutenberg.org/11</dc:identifier>", ""),
    ],
)
def test_an_isbn_is_an_identifier_with_its_scheme_or_prefix(metadata, isbn):
    assert details(metadata).isbn == isbn


def test_a_collection_that_is_a_set_is_no_series():
    collection = '<meta property="belongs-to-collection" id="c">Box</meta>'
    kind = '<meta refines="#c" property="collection-type">set</meta>'
    assert details(collection + kind) == BookDetails()
