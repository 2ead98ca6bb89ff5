import re
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

import hierbatch
from hierbatch.analysis.report_page import PageLimits, report_page
from hierbatch.analysis.similarity import SimilarityMatrix
from tests.browser import asked
from tests.delivery.book_run import book_rows, sentence, write_run
from tests.tiny_runs import FIRST

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
MATRIX = SimilarityMatrix(("low", "seoul"), np.array([[0.9, 0.1], [0.2, 0.8]]), "a network")

# Contrast as WCAG 2.2 defines it (relative luminance, 1.4.3), for all text, against the nearest painted ground.
LOOK = """
const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(v => { v /= 255;
  return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
  if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
const contrast = e => { const a = light(getComputedStyle(e).color), b = light(ground(e));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); };
const texts = [...document.body.querySelectorAll('*')].filter(e => !e.closest('svg') && e.tagName !== 'SCRIPT' &&
  [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
const players = [...document.querySelectorAll('audio:not([aria-label^=Prompt])')];
const lengths = await Promise.all(players.map(p => new Promise(done => {
  p.onloadedmetadata = () => done(p.duration); p.onerror = () => done(-1); p.preload = 'auto'; p.load(); })));
return {
  ground: getComputedStyle(document.body).backgroundColor,
  width: innerWidth,
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  lowest_contrast: Math.min(...texts.map(contrast)),
  picture_ink: getComputedStyle(document.querySelector('figure svg text')).fill,
  narrowest_picture: Math.min(...[...document.querySelectorAll('figure svg')].map(
    s => s.getBoundingClientRect().width)),
  headings: [...document.querySelectorAll('h1, h2, h3')].map(h => +h.tagName[1]),
  lengths: lengths,
  thumbnails: [...document.querySelectorAll('img')].map(i => i.naturalWidth),
  fetched: performance.getEntriesByType('resource').map(r => r.name).filter(n => !n.startsWith('data:')),
  stops: [...document.querySelectorAll('a[href], audio, [tabindex]')].filter(e => e.tabIndex >= 0).map(
    e => e.getAttribute('aria-label') || e.textContent),
  broken: [...document.querySelectorAll('a[href^="#"]')].filter(a => !document.querySelector(a.hash)).length,
};
"""


@pytest.fixture(scope="module")
def page():
    return report_page(hierbatch.open_run(FIRST), NOW, MATRIX)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "is_dark"), [(390, True), (1280, False)])
def test_a_browser_shows_all_of_it(page, tmp_path, width, is_dark):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    found = asked(path, LOOK, width=width, is_dark=is_dark)
    assert found["width"] == width
    assert found["overflow"] <= 0
    assert found["fetched"] == []
    assert found["lowest_contrast"] >= 4.5
    assert found["ground"] == ("rgb(20, 23, 26)" if is_dark else "rgb(252, 252, 251)")
    assert found["picture_ink"] == ("rgb(233, 236, 239)" if is_dark else "rgb(27, 31, 35)")
    assert 300 <= found["narrowest_picture"] <= 700
    headings = found["headings"]
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    run = hierbatch.open_run(FIRST)
    takes_s = run.table(["id", "duration_s"]).set_index("id")["duration_s"]
    shown_s = [takes_s[name] for name in re.findall(r'<h3 id="[^"]+">([\w-]+)', page)]
    assert found["lengths"] == pytest.approx(shown_s, abs=0.12)  # the length of an MP3 is a whole number of frames
    assert all(found["thumbnails"])
    assert found["broken"] == 0
    # By keyboard: past the contents at once, then to each section, each wide table, each player by its name.
    stops = found["stops"]
    assert stops[0] == "Skip to the report"
    assert stops[1] == "Totals"
    assert sum(stop.endswith(" s") for stop in stops) == len(found["lengths"])


def test_the_page_needs_nothing_beside_it(page):
    targets = re.findall(r'(?:src|href|action)="([^"]*)"', re.sub(r"data:[^\"]*", "data:", page))
    assert {target for target in targets if not target.startswith("#")} <= {"data:"}
    assert not re.search(r"url\((?!#)|@import|<script|<link|<iframe", page)


def test_counts_reasons_and_voices_are_in_it(page):
    text = re.sub(r"<[^>]+>", " ", re.sub(r"<(style|svg).*?</\1>", "", page, flags=re.S))
    words = " ".join(text.split())
    assert "rows 11 spoken 10 failed 1 not done yet 0 flagged 0 duration 0:00:12" in words
    assert "text 1 stars : There is nothing to say" in words
    assert "All audio on this page is synthetic" in words
    assert re.search(r"low 4 1 0 0\.1 ", words)


def test_a_take_has_its_text_its_prompt_axes_and_the_command_for_new_takes(page):
    assert page.count('aria-label="Prompt ') == page.count("<audio") / 2
    assert re.search(r"<p lang=\"en\">[^<]+[.?!]</p>", page)
    assert "<span>8 kHz</span><span>4</span><span>0</span>" in page
    assert re.search(r"<code>hierbatch respeak \S+ [\w-]+ --takes 3</code>", page)
    assert re.search(r"<code>hierbatch retry \S+ --kind text</code>", page)


def test_takes_that_look_wrong_come_first_with_their_flags(tmp_path):
    rows = [sentence(1, 0), sentence(1, 1, flags=["too_long"], duration_ratio=3.0)]
    page = report_page(hierbatch.open_run(write_run(tmp_path / "r", rows)), NOW)
    worst, ordinary = page.index('id="worst"'), page.index('id="ordinary"')
    assert worst < page.index(">c1s1<") < ordinary < page.index(">c1s0<")
    assert '<span class="flag">too_long</span>' in page


def test_its_size_is_bounded(tmp_path):
    run = hierbatch.open_run(write_run(tmp_path / "r", book_rows(1, 12)))
    page = report_page(run, NOW, limits=PageLimits(n_worst=3, n_ordinary=5, sound_bytes=40_000))
    assert page.count("<article") == 5
    assert 0 < page.count("<audio") < 5
    assert sum(map(len, re.findall(r'src="(data:audio/[^"]*)', page))) <= 40_000


def test_what_rows_say_cannot_break_the_page(tmp_path):
    rows = [sentence(1, 0, voice="<img src=x>", text_norm="</p><script>", flags=["<b>"])]
    rows.append(sentence(1, 1, status="failed", error_kind="<i>", error="<script>"))
    page = report_page(hierbatch.open_run(write_run(tmp_path / "r", rows)), NOW)
    assert not re.search(r"<script|<img src=x|<i>|<b>", page)


def test_a_run_without_a_take_has_a_page(tmp_path):
    run = write_run(tmp_path / "r", [], n_parts=0, plan={"g0001": [sentence(1, 0)]})
    page = report_page(hierbatch.open_run(run), NOW)
    assert "No takes yet" in page
    assert "<figure" not in page
