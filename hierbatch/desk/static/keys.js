// Keyboard: every action has a key; typing in a field is never taken for one.

import { stepChapter } from "./book.js";
import { $, el, replace } from "./dom.js";
import { closeSheet, decide, editText, speak, undo } from "./panel.js";
import { chooseTake, move, toggle } from "./selection.js";
import { store } from "./store.js";
import { show } from "./views.js";
import * as words from "./words.js";

export const KEYS = [
  ["Space", "Play or pause"],
  ["j  k", "Next, previous sentence"],
  ["1 – 5", "Play a take of the sentence"],
  ["e", "Edit the sentence"],
  ["r", "Speak it again"],
  ["Ctrl Enter", "Speak it again, from a field"],
  ["p", "Pin this take: it is the one"],
  ["a", "Keep this take"],
  ["x", "Reject this take"],
  ["u", "Undo the last decision"],
  ["n", "Write a note"],
  ["[  ]", "Previous, next chapter"],
  ["t", "Text or table"],
  ["w", "Words to check"],
  ["/", "Find a word, or rows of the table"],
  ["Esc", "Leave a field or the sheet"],
  ["?", "This help"],
];

/** Decide about the sentence, where it is shown. */
const inText = (run) => () => { if (!isWords()) run(); };

/** Show a view, or the text again. */
const toView = (name) => { if (store.run.is_book || name !== "table") show(store.view === name ? (store.run.is_book ? "book" : "table") : name); };
const isWords = () => store.view === "words";

const acts = {
  " ": () => toggle(), j: () => (isWords() ? words.step(1) : move(1)), k: () => (isWords() ? words.step(-1) : move(-1)), e: () => (isWords() ? words.edit() : editText()), r: inText(speak), p: inText(() => decide("pin")), a: inText(() => decide("keep")),
  x: inText(() => decide("reject")), u: undo, n: inText(() => { editText(); $("field-note")?.focus(); }), "/": () => $("search")?.select(), "[": () => stepChapter(-1), "]": () => stepChapter(1),
  t: () => toView("table"), w: () => toView("words"), "?": showHelp,
};

export function showHelp() {
  const dialog = $("help");
  replace(dialog, el("h2", { id: "help-title" }, "Keyboard"),
    el("dl", {}, KEYS.flatMap(([key, meaning]) => [el("dt", {}, key), el("dd", {}, meaning)])),
    el("button", { type: "button", class: "act", onclick: () => dialog.close() }, "Close"));
  dialog.showModal();
}

const isField = (node) => /^(INPUT|TEXTAREA|SELECT)$/.test(node?.tagName ?? "");

export function listen() {
  $("help-button").addEventListener("click", showHelp);
  document.addEventListener("keydown", (event) => {
    if ($("help").open) return;
    if (event.key === "Escape") return leave(event);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); return inText(speak)(); }
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
    // Space on a button presses it, except on a sentence, where it plays.
    if (event.key === " " && event.target.closest?.("button, summary, a")) return;
    if (event.key === "Enter" && event.target.closest?.(".s")) return toggle();
    const act = /^[1-5]$/.test(event.key) ? inText(() => chooseTake(Number(event.key))) : acts[event.key];
    if (!act || (!store.run && event.key !== "?")) return;
    event.preventDefault();
    act();
  });
}

function leave(event) {
  const wasField = isField(event.target);
  if (wasField) event.target.blur();
  if (!closeSheet() && !wasField) return;
  event.preventDefault();
  const word = event.target.closest?.(".words-table tr")?.querySelector(".word");
  (word ?? document.querySelector(".s.now, tr.now .id"))?.focus({ preventScroll: true });
}
