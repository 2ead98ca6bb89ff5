// Start of the page, and its updates while the run or the decisions change.

import { get, notice } from "./api.js";
import * as book from "./book.js";
import { drawDock } from "./dock.js";
import { $ } from "./dom.js";
import * as table from "./table.js";
import * as keys from "./keys.js";
import { flushPlayed, loadRow, openChapter, select } from "./selection.js";
import { emit, isWritable, on, store } from "./store.js";

const POLL_MS = 2000, FAST_POLL_MS = 350;
let isUpdating = false;

async function update() {
  const before = store.run;
  store.run = await get("/api/run");
  if (!before || before.is_read_only !== store.run.is_read_only) {
    notice(store.run.is_read_only ? "Read-only: another desk of this run is open, or the desk was started with --read-only." : "", false, true);
    if (before) emit("row");
  }
  if (store.run.speech_error && store.run.speech_error !== before?.speech_error) notice(store.run.speech_error, true, true);
  if (before && before.version === store.run.version) return;
  store.contents = await get("/api/contents");
  if (before && store.chapter && store.view === "book") await openChapter(store.chapter.number);
  if (store.view === "book") book.drawFilters();
  book.drawChapters();
  book.drawProgress();
  if (before && store.current) await loadRow(store.current);
  emit("updated");
}

function changeView() {
  if (store.run.is_book) table.show(store.view === "book" ? "table" : "book");
}

async function poll() {
  if (!isUpdating && !document.hidden) {
    isUpdating = true;
    await update().catch(() => {});
    isUpdating = false;
  }
  const isWaiting = store.row?.requests.some((request) => request.is_open);
  setTimeout(poll, isWaiting ? FAST_POLL_MS : POLL_MS);
}

async function start() {
  drawDock();
  book.listen();
  keys.listen();
  table.listen();
  keys.onChangeView(changeView);
  $("view-book").addEventListener("click", () => table.show("book"));
  $("view-table").addEventListener("click", () => table.show("table"));
  await update();
  document.title = `${store.run.title} · hierbatch review`;
  $("title").textContent = store.run.title;
  const first = store.contents.chapters[0];
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (!store.run.is_book) {
    $("view-book").hidden = true;
    await table.show("table");
  } else if (first) {
    const start = store.contents.chapters.find((chapter) => chapter.sentences.some(([id]) => id === wanted)) || first;
    await openChapter(start.number);
    await select(start === first && !wanted ? first.sentences[0][0] : wanted);
  }
  poll();
}

on("changed", () => update().catch(() => {}));
on("select", () => history.replaceState(null, "", `#${encodeURIComponent(store.current)}`));
addEventListener("pagehide", () => { if (isWritable()) flushPlayed(); });
start().catch(() => {});
