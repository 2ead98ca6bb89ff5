// The three views of a run: its text, its words to check, and the table of its takes.

import { $ } from "./dom.js";
import { openChapter, select } from "./selection.js";
import { emit, store } from "./store.js";
import * as table from "./table.js";
import * as words from "./words.js";

const VIEWS = ["book", "words", "table"];

export async function show(view) {
  store.view = view;
  for (const name of VIEWS) $(`view-${name}`).setAttribute("aria-pressed", String(name === view));
  $("chapters").hidden = view !== "book";
  $("measures").hidden = view !== "table";
  document.body.classList.toggle("table", view === "table");
  document.body.classList.toggle("words", view === "words");
  $("text").scrollTop = 0;
  if (view === "table") return table.open();
  if (view === "words") return words.refresh();
  emit("filter");
  if (store.chapter) await openChapter(store.chapter.number);
  if (store.current) await select(store.current);
}

export function listen() {
  for (const name of VIEWS) $(`view-${name}`).addEventListener("click", () => show(name));
}
