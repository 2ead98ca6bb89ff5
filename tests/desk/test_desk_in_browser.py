"""The desk in a real browser: the loop of a producer, by keyboard alone."""

import subprocess

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.signal import fftconvolve
from typer.testing import CliRunner

from hierbatch.audio.files import read_sound
from hierbatch.cli.app import app
from hierbatch.manifest.takes.takes import Takes
from tests.desk.desk_browser import WAIT_MS, accessibility_violations, open_page, serve

pytestmark = pytest.mark.slow


def current(page):
    return page.locator(".s.now").inner_text()


def test_a_sentence_is_edited_spoken_compared_pinned_and_delivered(narrated, browser):
    run = narrated / "out" / "run"
    with serve(run) as address, open_page(browser, address) as page:
        assert "token" not in page.url
        page.keyboard.press("j")
        expect(page.locator(".s.now")).to_contain_text("The lamp was lit", timeout=WAIT_MS)
        page.wait_for_selector(".take[aria-checked=true]")
        page.keyboard.press("Space")
        page.wait_for_selector(".w.lit")
        page.keyboard.press("Space")
        page.keyboard.press("e")
        assert page.evaluate("document.activeElement.id") == "field-text"
        page.keyboard.press("Control+a")
        page.keyboard.type("The moon was out.")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".take:nth-child(4)")
        expect(page.locator(".s.now")).to_contain_text("The moon was out.", timeout=WAIT_MS)  # the take that was played
        page.keyboard.press("1")
        expect(page.locator(".s.now")).to_contain_text("The lamp was lit.", timeout=WAIT_MS)
        page.keyboard.press("3")
        page.wait_for_selector(".take:nth-child(3)[aria-checked=true]")
        expect(page.locator(".s.now")).to_contain_text("The moon was out", timeout=WAIT_MS)
        page.keyboard.press("p")
        page.wait_for_selector("#act-p[aria-pressed=true]")
        page.reload()
        page.wait_for_selector(".s.now")
        page.wait_for_selector("#act-p[aria-pressed=true]")
        assert current(page) == "The moon was out."
    result = CliRunner().invoke(app, ["book", str(run), "--out", str(narrated / "new"), "--to", "m4b,srt"])
    assert result.exit_code == 0, result.output
    subtitles = "".join(path.read_text(encoding="utf-8") for path in sorted((narrated / "new").rglob("*.srt")))
    words = " ".join(subtitles.split())
    assert "The moon was out." in words
    assert "The lamp was lit." not in words
    assert "Nobody saw the cat" in words
    [book] = (narrated / "new").rglob("*.m4b")
    takes = Takes(run).candidates(["c001-00002"], ["attempt", "audio"]).to_pylist()
    likeness = [(take, best_match(read_sound(take["audio"]["bytes"]), decoded(book))) for take in takes]
    assert next(match for take, match in likeness if take["verdict"] == "pin") > 0.9
    assert next(match for take, match in likeness if take["attempt"] == 1) < 0.6  # the sentence before the edit


def decoded(path):
    """Audio of a delivered file at 16 kHz."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-ar", "16000", "-ac", "1", "-f", "f32le", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, np.float32)


def best_match(take, book):
    """Highest correlation of a take with any part of a book, 1 for a part that is the take at another level."""
    sound = take.samples - take.samples.mean()
    product = fftconvolve(book, sound[::-1], mode="valid")
    power = fftconvolve(book**2, np.ones(len(sound)), mode="valid")
    return float((product / np.sqrt(np.maximum(power, 1e-9) * (sound @ sound))).max())


def test_a_name_is_corrected_in_the_list_of_words_and_spoken_again_where_it_occurs(narrated, browser):
    run = narrated / "out" / "run"
    with serve(run) as address, open_page(browser, address) as page:
        page.keyboard.press("w")
        page.wait_for_selector(".words-table .word")
        assert "\n".join(accessibility_violations(page)) == ""
        page.keyboard.press("j")
        page.keyboard.press("Space")
        page.keyboard.press("e")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Say Elspeth as"
        page.keyboard.type("EL-zbeth")
        page.keyboard.press("Enter")
        expect(page.locator("tr[data-word=en-Elspeth] .state-cell")).to_have_text("2 sentences spoken", timeout=WAIT_MS)
        page.keyboard.press("Escape")
        page.keyboard.press("w")
        page.wait_for_selector(".s.now")
    verdicts = [take["verdict"] for take in Takes(run).candidates(Takes(run).ids, ["id"]).to_pylist()]
    assert verdicts.count("pin") >= 2
    assert "EL-zbeth" in (run / "lexicon.csv").read_text(encoding="utf-8")


def test_a_word_of_one_sentence_is_respelled_spoken_pinned_and_delivered(narrated, browser):
    run = narrated / "out" / "run"
    with serve(run) as address, open_page(browser, address) as page:
        while "came in" not in current(page):
            before = current(page)
            page.keyboard.press("j")
            expect(page.locator(".s.now")).not_to_have_text(before, timeout=WAIT_MS)
        page.wait_for_selector(".take[aria-checked=true]")
        page.wait_for_selector("#field-phonemes")
        n_takes = page.locator(".take").count()
        spoken = page.locator("#field-phonemes").input_value()
        page.keyboard.press("e")
        while page.evaluate("document.activeElement.id") != "field-word":
            page.keyboard.press("Tab")
        page.keyboard.type("came")
        page.keyboard.press("Tab")
        page.keyboard.type("KOOM")
        page.keyboard.press("Control+Enter")  # at once: the takes wait for the phonemes of the field that was not left
        page.wait_for_selector(f".take:nth-child({n_takes + 3})")
        page.keyboard.press(str(n_takes + 1))
        page.wait_for_selector(f".take:nth-child({n_takes + 1})[aria-checked=true]")
        page.keyboard.press("p")
        page.wait_for_selector("#act-p[aria-pressed=true]")
        expect(page.locator("#field-phonemes")).not_to_have_value(spoken, timeout=WAIT_MS)
        row_id = page.locator(".s.now").get_attribute("data-id")
    takes = Takes(run).candidates([row_id], ["phonemes", "audio"]).to_pylist()
    pinned = takes[n_takes]
    assert pinned["verdict"] == "pin"
    assert "k ˈu m" in pinned["phonemes"]
    result = CliRunner().invoke(app, ["book", str(run), "--out", str(narrated / "respelled"), "--to", "m4b"])
    assert result.exit_code == 0, result.output
    [book] = (narrated / "respelled").rglob("*.m4b")
    assert best_match(read_sound(pinned["audio"]["bytes"]), decoded(book)) > 0.9


def test_playing_does_not_leave_a_sentence_that_is_edited_or_spoken_again(narrated, browser):
    with serve(narrated / "out" / "run") as address, open_page(browser, address) as page:
        page.keyboard.press("j")
        expect(page.locator(".s.now")).to_contain_text("was", timeout=WAIT_MS)
        page.wait_for_selector(".take[aria-checked=true]")
        page.wait_for_selector("#field-text")
        edited, n_takes = page.locator(".s.now").get_attribute("data-id"), page.locator(".take").count()
        page.keyboard.press("e")
        page.locator("#play").evaluate("button => button.click()")  # plays while the field has the focus
        page.wait_for_selector("#play[aria-label=Play]")
        page.keyboard.press("End")
        page.keyboard.type(" Again.")
        assert page.locator(".s.now").get_attribute("data-id") == edited
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(f".take:nth-child({n_takes + 3})")
        assert page.locator(".s.now").get_attribute("data-id") == edited


def test_an_edit_that_is_not_spoken_yet_survives_moves_and_a_reload(narrated, browser):
    with serve(narrated / "out" / "run") as address, open_page(browser, address) as page:
        page.wait_for_selector("#field-text")
        before = page.locator("#field-text").input_value()
        page.keyboard.press("e")
        page.keyboard.press("End")
        page.keyboard.type(" Unspoken.")
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        expect(page.locator("#field-text")).not_to_have_value(before + " Unspoken.", timeout=WAIT_MS)
        page.reload()
        page.wait_for_selector(".s.now")
        page.keyboard.press("k")
        expect(page.locator("#field-text")).to_have_value(before + " Unspoken.", timeout=WAIT_MS)
        expect(page.locator("#progress")).to_contain_text("1 edited, not spoken", timeout=WAIT_MS)
        assert "\n".join(accessibility_violations(page)) == ""
        page.locator("#discard").press("Enter")
        expect(page.locator("#field-text")).to_have_value(before, timeout=WAIT_MS)


def test_a_word_is_found_and_left_without_a_correction(narrated, browser):
    run = narrated / "out" / "run"
    with serve(run) as address, open_page(browser, address) as page:
        page.keyboard.press("w")
        page.wait_for_selector(".words-table .word")
        page.keyboard.press("/")
        page.keyboard.type("elsp")
        page.keyboard.press("Enter")
        expect(page.locator(".words-table .word:focus")).to_have_text("Elspeth", timeout=WAIT_MS)
        page.keyboard.press("e")
        page.keyboard.type("never this")
        page.keyboard.press("Escape")
        expect(page.locator(".words-table .word:focus")).to_have_text("Elspeth", timeout=WAIT_MS)
        page.keyboard.press("x")  # the sentence that is not shown here stays as it is
    lexicon = run / "lexicon.csv"
    assert not lexicon.exists() or "never this" not in lexicon.read_text(encoding="utf-8")


def test_doubtful_words_are_marked_listed_and_filtered(narrated, browser):
    with serve(narrated / "out" / "run", "--read-only") as address, open_page(browser, address) as page:
        page.get_by_role("button", name="Doubtful words").press("Enter")
        marked = page.locator(".w.doubt")
        for at in range(marked.count()):
            assert "as usual" in marked.nth(at).get_attribute("title")
        assert "\n".join(accessibility_violations(page)) == ""


def test_decisions_are_made_and_taken_back_by_keyboard(narrated, browser):
    with serve(narrated / "out" / "run") as address, open_page(browser, address) as page:
        for _ in range(2):
            page.keyboard.press("j")
        expect(page.locator(".s.now")).to_contain_text("Nobody", timeout=WAIT_MS)
        page.wait_for_selector("#act-x:not([disabled])")
        page.keyboard.press("x")
        page.wait_for_selector(".s.now.rejected")
        page.keyboard.press("n")
        page.keyboard.type("too fast")
        page.keyboard.press("Escape")
        expect(page.locator("#row-facts details")).to_contain_text("too fast", timeout=WAIT_MS)
        page.keyboard.press("u")
        expect(page.locator("#field-note")).to_have_value("", timeout=WAIT_MS)
        page.keyboard.press("u")
        page.wait_for_selector(".s.now:not(.rejected)")
        page.keyboard.press("?")
        assert page.locator("#help").is_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("]")
        expect(page.locator(".s.now")).to_contain_text("The Stairs", timeout=WAIT_MS)
        page.keyboard.press("k")
        expect(page.locator(".s.now")).to_contain_text("It was late", timeout=WAIT_MS)


def test_playing_continues_to_the_next_sentence_and_counts_as_played(narrated, browser):
    with serve(narrated / "out" / "run") as address, open_page(browser, address) as page:
        before = current(page)
        page.keyboard.press("Space")
        expect(page.locator(".s.now")).not_to_have_text(before, timeout=WAIT_MS)
        expect(page.locator("#progress")).not_to_contain_text("played 0 %", timeout=WAIT_MS)
        page.keyboard.press("Space")


def test_a_second_desk_shows_the_run_and_changes_nothing(narrated, browser):
    run = narrated / "out" / "run"
    with serve(run), serve(run) as second, open_page(browser, second) as page:
        page.wait_for_selector("#act-p[disabled]")
        expect(page.locator("#notice")).to_contain_text("Read-only", timeout=WAIT_MS)
        page.keyboard.press("x")
        assert page.locator(".s.rejected").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_the_page_is_accessible_and_fits(narrated, browser, width, scheme):
    with (
        serve(narrated / "out" / "run", "--read-only") as address,
        open_page(browser, address, width=width, scheme=scheme) as page,
    ):
        page.wait_for_selector("#row-state", state="attached")
        assert "\n".join(accessibility_violations(page)) == ""
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 400:
            page.keyboard.press("e")
            page.wait_for_selector("#panel.open")
            assert "\n".join(accessibility_violations(page)) == ""
            page.keyboard.press("Escape")
            assert not page.locator("#panel").is_visible()
        page.keyboard.press("?")
        assert "\n".join(accessibility_violations(page)) == ""
