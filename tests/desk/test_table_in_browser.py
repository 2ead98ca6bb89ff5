"""The table of the desk in a real browser. Its book has one take per row, whose state is that of the row."""

import json

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from hierbatch.cli.app import app
from hierbatch.jobs.run import run as run_job
from tests.desk.desk_browser import WAIT_MS, accessibility_violations, open_page, serve
from tests.jobs.running import job

pytestmark = pytest.mark.slow


def test_a_run_that_is_not_a_book_opens_as_a_table(tmp_path, browser):
    run_job(job(tmp_path, 60))
    with serve(tmp_path / "run", "--read-only") as address, open_page(browser, address) as page:
        expect(page.locator("tbody tr[data-id]")).to_have_count(50, timeout=WAIT_MS)
        assert not page.locator("#view-book").is_visible()
        page.keyboard.press("j")
        expect(page.locator("tr.now")).to_have_attribute("data-id", "r001", timeout=WAIT_MS)
        assert "\n".join(accessibility_violations(page)) == ""


def test_what_an_audit_of_500_rows_rejects_is_not_exported(tmp_path, browser):
    run_job(job(tmp_path, 500))
    with serve(tmp_path / "run") as address, open_page(browser, address) as page:
        expect(page.locator("tbody tr[data-id]")).to_have_count(50, timeout=WAIT_MS)
        page.locator("#audit-n").focus()
        page.keyboard.press("Control+a")
        page.keyboard.type("100")
        page.keyboard.press("Enter")
        expect(page.locator("#audit-result")).to_contain_text("100 drawn", timeout=WAIT_MS)
        page.keyboard.press("Escape")
        rejected = []
        for _ in range(3):
            before = page.locator("tr.now").get_attribute("data-id") if page.locator("tr.now").count() else ""
            page.keyboard.press("j")
            expect(page.locator("tr.now")).not_to_have_attribute("data-id", before, timeout=WAIT_MS)
            rejected.append(page.locator("tr.now").get_attribute("data-id"))
            page.wait_for_selector("#act-x:not([disabled])")
            page.keyboard.press("x")
            expect(page.locator("#audit-result")).to_contain_text(f"{len(rejected)} rejected", timeout=WAIT_MS)
        page.keyboard.press("n")
        page.keyboard.type("a click at the end")
        page.keyboard.press("Escape")
        expect(page.locator("#row-facts details")).to_contain_text("a click", timeout=WAIT_MS)
    result = CliRunner().invoke(app, ["export", str(tmp_path / "run"), "--to", "hf", "--out", str(tmp_path / "hf")])
    assert result.exit_code == 0, result.output
    lines = map(json.loads, (tmp_path / "hf" / "rejected.jsonl").read_text(encoding="utf-8").splitlines())
    reasons = {line["id"]: json.dumps(line) for line in lines}
    assert set(reasons) == set(rejected)
    assert all("rejected" in reason for reason in reasons.values())
    assert "a click at the end" in reasons[rejected[-1]]
    kept = [name for part in (tmp_path / "hf").rglob("*.parquet") for name in pq.read_table(part)["id"].to_pylist()]
    assert len(kept) == len(set(kept)) == 497
    assert not set(rejected) & set(kept)


def test_a_corpus_is_sorted_filtered_audited_and_decided_in_the_table(narrated, browser):
    with serve(narrated / "out" / "run") as address, open_page(browser, address) as page:
        page.keyboard.press("t")
        rows = page.locator("tbody tr[data-id]")
        expect(rows).to_have_count(9, timeout=WAIT_MS)
        page.locator("#sort-duration_s").press("Enter")
        expect(page.locator("th[aria-sort=ascending]")).to_contain_text("length", timeout=WAIT_MS)
        lengths = [float(row.split()[0]) for row in page.locator("tbody td.number:nth-of-type(3)").all_inner_texts()]
        assert lengths == sorted(lengths)
        page.locator("#range-duration_s-low").fill(str(lengths[3]))
        page.keyboard.press("Tab")
        expect(rows).not_to_have_count(9, timeout=WAIT_MS)
        page.get_by_role("button", name="All values of Duration").click()
        expect(rows).to_have_count(9, timeout=WAIT_MS)
        page.locator("#audit-n").fill("4")
        page.keyboard.press("Enter")
        expect(page.locator("#audit-result")).to_contain_text("4 drawn", timeout=WAIT_MS)
        expect(rows).to_have_count(4, timeout=WAIT_MS)
        rows.nth(1).click()
        page.wait_for_selector("#act-x:not([disabled])")
        page.keyboard.press("x")
        expect(page.locator("#audit-result")).to_contain_text(", 1 rejected", timeout=WAIT_MS)
        expect(page.locator("tr.now .state-cell")).to_have_text("rejected", timeout=WAIT_MS)
        page.keyboard.press("u")
        expect(page.locator("#audit-result")).to_contain_text(", 0 rejected", timeout=WAIT_MS)
        assert "\n".join(accessibility_violations(page)) == ""
        page.keyboard.press("t")
        page.wait_for_selector(".s.now")
