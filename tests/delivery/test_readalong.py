import posixpath
import re
import zipfile
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from lxml import etree

from hierbatch.audio.decoding import open_file
from hierbatch.audio.waveform import Waveform
from hierbatch.errors import BookError
from hierbatch.jobs.books.book import make_book
from hierbatch.jobs.books.book_job import BookJob
from hierbatch.jobs.books.import_book import ImportBook, import_book
from hierbatch.jobs.options.delivery import RunDelivery
from tests.audio.signals import tone
from tests.delivery import book_run
from tests.delivery.book_run import book_rows, sentence, write_run
from tests.delivery.epub_validity import complaints
from tests.delivery.media import png
from tests.frontend.books.shelf import navigation, page, write_epub

METADATA = (
    '<dc:identifier id="id">urn:x:1</dc:identifier><dc:title>Source</dc:title><dc:language>en</dc:language>'
    '<meta property="dcterms:modified">2020-01-01T00:00:00Z</meta>'
)
PAGES = {
    "text/one.xhtml": page(
        '<section epub:type="chapter"><h1 id="h">Chapter One</h1>'
        '<p id="p">He <em>said so. She</em> did not.<a epub:type="noteref" href="#n">1</a></p>'
        '<p>Who   knows\nwhy?</p><aside epub:type="footnote" id="n"><p>A note.</p></aside></section>'
    ),
    "text/two.xhtml": page("<h1>Chapter Two</h1><p>The end &amp; all.</p>"),
}


def bursts(duration_s, rate_hz, *, lead_s, trail_s, **_):
    """A tone that begins at once where the first word does, and silence around it."""
    n_samples = round(duration_s * rate_hz)
    samples = np.zeros(n_samples, np.float32)
    start, end = round(lead_s * rate_hz), n_samples - round(trail_s * rate_hz)
    samples[start:end] = tone(440, (end - start) / rate_hz, rate_hz, level_db=-20, phase=np.pi / 2)[: end - start]
    return Waveform(samples, rate_hz)


def source_book(folder):
    links = [f'<li><a href="{name}">{title}</a></li>' for name, title in zip(PAGES, ("One", "Two"), strict=True)]
    items = "".join(
        f'<item id="p{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(PAGES)
    )
    package = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{METADATA}</metadata><manifest>{items}'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>'
        '<spine><itemref idref="p0"/><itemref idref="p1"/></spine></package>'
    )
    return write_epub(
        folder / "source.epub", {"content.opf": package, "nav.xhtml": navigation("".join(links)), **PAGES}
    )


def run_of(book, folder):
    """A run that spoke an imported book."""
    table = import_book(ImportBook(book=book)).table
    rows = [{name: value for name, value in row.items() if value is not None} for row in table.to_pylist()]
    spoken = [
        sentence(row["chapter"], row["sentence_index"])
        | row
        | {"text_norm": row["text"], "lead_s": 0.06 + 0.04 * (row["sentence_index"] % 3)}
        for row in rows
    ]
    return write_run(folder, spoken)


@pytest.fixture(scope="module", params=["made of the rows", "markup kept"])
def made(request, tmp_path_factory):
    """A readalong of each kind, with the text its sentences should have."""
    folder = tmp_path_factory.mktemp("readalong")
    source = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(book_run, "speech_like", bursts)
        if request.param == "markup kept":
            source = source_book(folder)
            run = run_of(source, folder / "run")
            texts = ["Chapter One", "He said so.", "She did not.", "Who knows why?", "Chapter Two", "The end & all."]
        else:
            rows = [row | {"lead_s": 0.06 + 0.04 * row["sentence_index"]} for row in book_rows(2, 3)]
            run = write_run(folder / "run", rows)
            texts = [row["text"] for row in rows]
    job = BookJob(
        run=run,
        delivery=RunDelivery(to="readalong", author="A & B"),
        out=folder / "out",
        source=source,
        embedded_cover=png(),
    )
    result = make_book(job)
    (file,) = result.files
    return SimpleNamespace(path=file.path, result=result, texts=texts, source=source, folder=folder)


def spoken(path):
    """Every clip of a publication: text of its element, sound file, begin and end, as a reading system finds them."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        for smil in sorted(name for name in names if name.endswith(".smil")):
            root = etree.fromstring(archive.read(smil))
            for par in root.iter("{*}par"):
                text, audio = par
                target, _, fragment = text.get("src").partition("#")
                page_root = etree.fromstring(
                    archive.read(posixpath.normpath(posixpath.join(posixpath.dirname(smil), target)))
                )
                (element,) = page_root.xpath("//*[@id=$id]", id=fragment)
                sound = posixpath.normpath(posixpath.join(posixpath.dirname(smil), audio.get("src")))
                begin_s, end_s = (float(audio.get(name)[:-1]) for name in ("clipBegin", "clipEnd"))
                yield " ".join("".join(element.itertext()).split()), sound, begin_s, end_s


def test_every_sentence_is_marked_and_audible_in_order(made):
    assert [text for text, *_ in spoken(made.path)] == made.texts


def test_the_overlay_is_within_20_ms_of_the_sound(made, tmp_path):
    clips = list(spoken(made.path))
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(tmp_path)
    for sound in {sound for _, sound, _, _ in clips}:
        with open_file(tmp_path / sound, use_ffmpeg=True) as file:
            samples = np.abs(np.concatenate([block.reshape(-1) for block in file.blocks]))
            rate_hz = file.rate_hz
        loud = samples > 0.2 * samples.max()
        for _, _, begin_s, _ in (clip for clip in clips if clip[1] == sound):
            around = loud[round((begin_s - 0.05) * rate_hz) : round((begin_s + 0.3) * rate_hz)]
            onset_s = begin_s - 0.05 + np.flatnonzero(around)[0] / rate_hz
            assert abs(onset_s - begin_s) <= 0.02


def test_nothing_of_the_sound_is_left_out_between_clips(made):
    for before, after in pairwise(spoken(made.path)):
        if before[1] == after[1]:
            assert before[3] == after[2]


@pytest.mark.slow
def test_the_standards_validator_finds_nothing(made):
    assert complaints(made.path) == []


def test_it_is_one_file_that_says_a_machine_reads(made):
    assert [path.name for path in made.path.parent.rglob("*") if path.is_file()] == [made.path.name]
    assert made.result.passed
    with zipfile.ZipFile(made.path) as archive:
        assert archive.namelist()[0] == "mimetype"
        (opf,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith(".opf"))
    assert 'property="media:narrator">AI-generated speech; hierbatch' in opf
    total_s = float(re.search(r'media:duration">([\d.]+)s<', opf)[1])
    assert total_s == pytest.approx(sum(end_s - begin_s for *_, begin_s, end_s in spoken(made.path)), abs=0.01)


def test_the_sources_own_markup_and_text_are_kept(made):
    if made.source is None:
        pytest.skip("there is no source")
    with zipfile.ZipFile(made.source) as before, zipfile.ZipFile(made.path) as after:
        assert set(before.namelist()) < set(after.namelist())
        for name in PAGES:
            old, new = (etree.fromstring(archive.read(f"OEBPS/{name}")) for archive in (before, after))
            assert "".join(new.itertext()) == "".join(old.itertext())
            for tag in ("section", "h1", "p", "a", "aside"):
                assert [dict(e.attrib) for e in new.iter(f"{{*}}{tag}")] == [
                    dict(e.attrib) for e in old.iter(f"{{*}}{tag}")
                ]
        assert after.read("OEBPS/nav.xhtml") == before.read("OEBPS/nav.xhtml")


def test_rows_that_failed_are_in_the_text_and_are_not_audible(tmp_path):
    rows = book_rows(1, 4)
    rows[0]["status"] = rows[2]["status"] = "failed"
    result = make_book(
        BookJob(run=write_run(tmp_path / "r", rows), delivery=RunDelivery(to="readalong"), allow_missing=True)
    )
    path = result.files[0].path
    with zipfile.ZipFile(path) as archive:
        text = archive.read("EPUB/chapter-001.xhtml").decode()
    assert [f"Sentence number {n} of it." in text for n in range(4)] == [True] * 4
    assert [words for words, *_ in spoken(path)] == [rows[1]["text"], rows[3]["text"]]


@pytest.mark.parametrize(("change", "words"), [("version", "Got: EPUB 2.0"), ("rows", "is not the source of this run")])
def test_a_source_that_cannot_carry_the_overlay_is_reported(tmp_path, change, words):
    source = source_book(tmp_path)
    if change == "version":
        with zipfile.ZipFile(source) as archive:
            files = {f"/{name}": archive.read(name) for name in archive.namelist() if name != "mimetype"}
        files["/OEBPS/content.opf"] = files["/OEBPS/content.opf"].replace(b'version="3.0"', b'version="2.0"')
        write_epub(source, files)
    job = BookJob(
        run=write_run(tmp_path / "r", book_rows(1, 2)),
        out=tmp_path / "out",
        delivery=RunDelivery(to="readalong"),
        source=source,
    )
    with pytest.raises(BookError, match=words):
        make_book(job)
    assert not list((tmp_path / "out").glob("*"))


def test_active_content_of_the_source_is_left_out(tmp_path):
    source = source_book(tmp_path)
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name != "mimetype"}
    active = b'<script src="a.js"/><img src="https://example.org/a.png" onerror="x()"/>'
    active += b'<p onclick="x()">The end &amp; all.</p>'
    files["OEBPS/text/two.xhtml"] = files["OEBPS/text/two.xhtml"].replace(b"<p>The end &amp; all.</p>", active)
    files["OEBPS/nav.xhtml"] = files["OEBPS/nav.xhtml"].replace(b"</body>", b"<script>x()</script></body>")
    files["OEBPS/content.opf"] = files["OEBPS/content.opf"].replace(
        b"</manifest>",
        b'<item id="s" href="a.js" media-type="application/javascript"/>'
        b'<item id="c" href="a.css" media-type="text/css"/>'
        b'<item id="r" href="https://example.org/a.mp3" media-type="audio/mpeg"/></manifest>',
    )
    files["OEBPS/content.opf"] = files["OEBPS/content.opf"].replace(
        b'id="p1"', b'id="p1" properties="scripted remote-resources"'
    )
    files |= {"OEBPS/a.js": b"x()", "OEBPS/a.css": b"@import 'https://example.org/b.css';"}
    write_epub(source, {f"/{name}": data for name, data in files.items()})
    job = BookJob(
        run=run_of(source, tmp_path / "run"), delivery=RunDelivery(to="readalong"), out=tmp_path / "out", source=source
    )
    (file,) = make_book(job).files
    with zipfile.ZipFile(file.path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    assert "OEBPS/a.js" not in content
    for word in (b"example.org", b"<script", b"onclick", b"onerror", b"a.js", b"scripted", b"remote-resources"):
        assert not [name for name, data in content.items() if word in data], word
    assert [text for text, *_ in spoken(file.path)][-1] == "The end & all."
