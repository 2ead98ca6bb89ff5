// Start of the page, and its updates while the run or the decisions change.

import { get, notice } from "./api.js";
import * as book from "./book.js";
import { drawDock } from "./dock.js";
import { $ } from "./dom.js";
import * as table from "./table.js";
import * as keys from "./keys.js";
import * as views from "./views.js";
import { flushPlayed, isWaiting, loadRow, openChapter, refreshChapter, select } from "./selection.js";
import { emit, isWritable, on, store } from "./store.js";

const RUN_MS = 3000; // for what changes without the files of the run: drivers that come and go, other desks that end
let isUpdating = false, isOutdated = false, source = null;
let shownVersion = null; // version of the run that the page shows completely

async function update() {
  const before = store.run;
  store.run = await get("/api/run");
  if (!before || before.is_read_only !== store.run.is_read_only) {
    notice(store.run.is_read_only ? "Read-only: another desk of this run is open, or the desk was started with --read-only." : "", false, true);
    if (before) emit("row");
  }
  if (store.run.speech_error && store.run.speech_error !== before?.speech_error) notice(store.run.speech_error, true, true);
  const { version } = store.run;
  if (version === shownVersion) return;
  store.contents = await get("/api/contents");
  if (before && store.chapter && store.view === "book") await refreshChapter();
  if (store.view === "book") book.drawFilters();
  book.drawChapters();
  book.drawProgress();
  if (before && store.current) await loadRow(store.current);
  emit("updated");
  shownVersion = version;
}

/** Update now, or again after the update in progress. */
async function updateSoon() {
  isOutdated = true;
  if (isUpdating) return;
  isUpdating = true;
  while (isOutdated) {
    isOutdated = false;
    await update().catch(() => {});
  }
  isUpdating = false;
}

/** Receive changes while the page is visible: a browser opens few connections to one server. */
function follow() {
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (!source) {
    source = new EventSource("/api/changes");
    source.onmessage = (event) => {
      if (Number(event.data) === shownVersion) return;
      // The take that someone waits for comes before the rest of the page.
      if (isWaiting()) loadRow(store.current).catch(() => {}).then(updateSoon);
      else updateSoon();
    };
  }
}

async function start() {
  drawDock();
  book.listen();
  keys.listen();
  table.listen();
  views.listen();
  await update();
  document.title = `${store.run.title} · hierbatch review`;
  $("title").textContent = store.run.title;
  const first = store.contents.chapters[0];
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (!store.run.is_book) {
    $("view-book").hidden = true;
    await views.show("table");
  } else if (first) {
    const start = store.contents.chapters.find((chapter) => chapter.sentences.some(([id]) => id === wanted)) || first;
    await openChapter(start.number);
    await select(start === first && !wanted ? first.sentences[0][0] : wanted);
  }
  follow();
  document.addEventListener("visibilitychange", follow);
  setInterval(() => { if (!document.hidden) updateSoon(); }, RUN_MS);
}

on("changed", updateSoon);
on("select", () => history.replaceState(null, "", `#${encodeURIComponent(store.current)}`));
addEventListener("pagehide", () => { if (isWritable()) flushPlayed(); });
start().catch((error) => notice(`The page cannot start: ${error.message}`, true, true));
