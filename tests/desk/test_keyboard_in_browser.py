"""The keyboard of the desk in a real browser, over a book that nobody has to synthesize."""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from hierbatch.jobs.run import run as run_job
from hierbatch.manifest.decisions.choices import read_choices
from tests.desk.desk_browser import WAIT_MS, open_page, serve
from tests.desk.small_desk import small_run
from tests.jobs.running import job

pytestmark = pytest.mark.slow


@pytest.fixture
def page(tmp_path, browser):
    with serve(small_run(tmp_path / "run")) as address, open_page(browser, address) as opened:
        opened.wait_for_selector("#act-x:not([disabled])")
        yield opened


@contextmanager
def unanswered(page, pattern):
    """Requests wait for the end of this block."""
    waiting, is_over = [], False
    page.route(pattern, lambda route: route.continue_() if is_over else waiting.append(route))
    yield
    is_over = True
    for route in waiting:
        route.continue_()


def focused(page):
    return page.evaluate("document.activeElement.id")


def test_text_typed_while_a_sentence_loads_is_text_and_no_decision(page, tmp_path):
    with unanswered(page, "**/api/rows/c1s1"):
        page.keyboard.press("j")
        page.keyboard.press("e")
        page.keyboard.press("Control+a")
        page.keyboard.type("A fixed xap")
        page.keyboard.press("Backspace")
        page.keyboard.press("Tab")
        page.keyboard.type("a")
        assert focused(page) != "field-text"
    expect(page.locator("#field-phonemes")).to_have_value("a", timeout=WAIT_MS)
    expect(page.locator("#field-text")).to_have_value("A fixed xa", timeout=WAIT_MS)
    expect(page.locator(".s.now")).to_have_attribute("data-id", "c1s1", timeout=WAIT_MS)
    assert not list(read_choices(tmp_path / "run"))


def test_a_decision_waits_for_the_sentence_it_is_meant_for(page, tmp_path):
    with unanswered(page, "**/api/rows/c1s1"):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("#live")).to_have_text("Rejected", timeout=WAIT_MS)
    expect(page.locator(".s.rejected")).to_have_attribute("data-id", "c1s1", timeout=WAIT_MS)
    assert list(read_choices(tmp_path / "run")) == ["c1s1"]


def test_keys_after_the_next_chapter_are_meant_for_it(page):
    with unanswered(page, "**/api/chapters/2"):
        page.keyboard.press("]")
        page.keyboard.press("x")
    expect(page.locator(".s.rejected")).to_have_attribute("data-id", "c2s0", timeout=WAIT_MS)


def test_escape_forgets_the_keys_that_wait(page, tmp_path):
    with unanswered(page, "**/api/rows/c1s1"):
        page.keyboard.press("j")
        page.keyboard.press("x")
        page.keyboard.press("Escape")
    page.wait_for_selector("#act-x:not([disabled])")
    page.keyboard.press("a")
    expect(page.locator("#live")).to_have_text("Kept", timeout=WAIT_MS)
    assert [choice.verdict for choice in read_choices(tmp_path / "run").row("c1s1").history] == ["keep"]


def test_a_sentence_that_cannot_be_loaded_does_not_stop_the_page(tmp_path, browser):
    with serve(small_run(tmp_path / "run")) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("#act-x:not([disabled])")
        page.route("**/api/rows/c1s1", lambda route: route.fulfill(status=400, json={"error": "It is gone."}))
        page.keyboard.press("j")
        page.keyboard.press("x")
        expect(page.locator("#notice")).to_have_text("It is gone.", timeout=WAIT_MS)
        page.keyboard.press("k")
        page.keyboard.press("a")
        expect(page.locator("#live")).to_have_text("Kept", timeout=WAIT_MS)
        page.close()


def test_a_key_that_is_held_down_decides_once(page, tmp_path):
    for _ in range(3):
        page.keyboard.down("x")
    page.keyboard.up("x")
    expect(page.locator("#act-x")).to_have_attribute("aria-pressed", "true", timeout=WAIT_MS)
    assert [choice.verdict for choice in read_choices(tmp_path / "run").row("c1s0").history] == ["reject"]


def test_letters_of_another_keyboard_layout_act_by_their_place(page):
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ㅓ', code: 'KeyJ', bubbles: true}))")
    expect(page.locator(".s.now")).to_have_attribute("data-id", "c1s1", timeout=WAIT_MS)


def test_moving_focuses_the_sentence_so_that_a_screen_reader_reads_it(page):
    page.locator("#show-unplayed").press("Enter")
    page.keyboard.press("j")
    expect(page.locator(".s:focus")).to_have_attribute("data-id", "c1s1", timeout=WAIT_MS)
    page.keyboard.press("]")
    page.keyboard.press("k")
    expect(page.locator(".s:focus")).to_have_attribute("data-id", "c1s3", timeout=WAIT_MS)


def test_arrows_move_between_takes(page):
    shown = page.locator(".take[aria-checked=true]")
    before = shown.inner_text()
    shown.press("ArrowRight")
    expect(shown).not_to_have_text(before, timeout=WAIT_MS)
    assert page.evaluate("document.activeElement.getAttribute('role')") == "radio"
    assert page.locator(".take:focus").inner_text() == shown.inner_text()


def test_an_emptied_pause_is_that_of_the_manifest_again(page, tmp_path):
    for typed, shown in (("1,5", "1.5"), ("", "")):
        page.locator("#field-pause").fill(typed)
        page.keyboard.press("Tab")
        expect(page.locator("#live")).to_have_text("Pause saved", timeout=WAIT_MS)
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("k")
        expect(page.locator("#field-pause")).to_have_value(shown, timeout=WAIT_MS)
        page.evaluate("document.getElementById('live').textContent = ''")


def test_the_row_after_one_that_a_decision_removes_is_the_next(page):
    page.keyboard.press("t")
    expect(page.locator("tbody tr[data-id]")).to_have_count(7, timeout=WAIT_MS)
    page.locator("#show-undecided").press("Enter")
    expect(page.locator("tbody tr[data-id]")).to_have_count(2, timeout=WAIT_MS)
    assert focused(page) == "show-undecided"  # the toolbar was drawn again
    page.wait_for_selector("#act-a:not([disabled])")
    page.keyboard.press("a")
    expect(page.locator("tbody tr[data-id]")).to_have_count(1, timeout=WAIT_MS)
    page.keyboard.press("j")
    expect(page.locator("tr.now")).to_have_attribute("data-id", "c1s2", timeout=WAIT_MS)


def test_rows_go_on_over_the_pages_of_the_table_and_play(tmp_path, browser):
    run_job(job(tmp_path, 60))
    with serve(tmp_path / "run") as address, open_page(browser, address) as page:
        row = page.locator("tr.now")
        expect(row).to_have_attribute("data-id", "r000", timeout=WAIT_MS)
        page.keyboard.press("]")
        expect(row).to_have_attribute("data-id", "r050", timeout=WAIT_MS)
        page.keyboard.press("k")
        expect(row).to_have_attribute("data-id", "r049", timeout=WAIT_MS)
        page.keyboard.press("j")
        expect(row).to_have_attribute("data-id", "r050", timeout=WAIT_MS)
        page.keyboard.press("n")
        page.keyboard.press("Escape")
        page.keyboard.press("Space")  # the row has the focus: its button is not pressed
        page.wait_for_selector("#play[aria-label=Pause]")


def test_a_decision_waits_for_the_page_that_the_next_row_is_on(tmp_path, browser):
    run_job(job(tmp_path, 60))
    with serve(tmp_path / "run") as address, open_page(browser, address) as page:
        row = page.locator("tr.now")
        expect(row).to_have_attribute("data-id", "r000", timeout=WAIT_MS)
        page.keyboard.press("]")
        expect(row).to_have_attribute("data-id", "r050", timeout=WAIT_MS)
        page.keyboard.press("k")
        expect(row).to_have_attribute("data-id", "r049", timeout=WAIT_MS)
        page.wait_for_selector("#act-x:not([disabled])")
        with unanswered(page, "**/api/table"):
            page.keyboard.press("j")
            page.keyboard.press("x")
        expect(page.locator("#live")).to_have_text("Rejected", timeout=WAIT_MS)
        expect(row).to_have_attribute("data-id", "r050", timeout=WAIT_MS)
    assert list(read_choices(tmp_path / "run")) == ["r050"]
