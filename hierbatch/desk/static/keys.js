// Keyboard: every action has a key; typing in a field is never taken for one.

import { stepChapter } from "./book.js";
import { $, el, focusCurrent, isField, replace } from "./dom.js";
import { hold, holdUntil, release } from "./held_keys.js";
import { closeSheet, decide, editText, speak, undo } from "./panel.js";
import { chooseTake, isLoading, move, toggle, untilLoaded } from "./selection.js";
import { store } from "./store.js";
import * as table from "./table.js";
import { show } from "./views.js";
import * as words from "./words.js";

export const KEYS = [
  ["Space", "Play or pause"],
  ["j  k", "Next, previous sentence"],
  ["1 – 9", "Play a take of the sentence"],
  ["e", "Edit the sentence"],
  ["r", "Speak it again"],
  ["Ctrl Enter", "Speak it again, from a field"],
  ["p", "Pin this take: it is the one"],
  ["a", "Keep this take"],
  ["x", "Reject this take"],
  ["u", "Undo the last decision"],
  ["n", "Write a note"],
  ["[  ]", "Previous, next chapter, or page of the table"],
  ["t", "Text or table"],
  ["w", "Words to check"],
  ["/", "Find a word, or rows of the table"],
  ["Esc", "Leave a field or the sheet"],
  ["?", "This help"],
];

/** Decide about the sentence, where it is shown. */
const inText = (run) => () => { if (!isWords()) run(); };

/** Show a view, or the text again. */
const toView = (name) => (store.run.is_book || name !== "table" ? show(store.view === name ? (store.run.is_book ? "book" : "table") : name) : null);
const isWords = () => store.view === "words";
const turn = (step) => (store.view === "table" ? table.stepPage(step) : isWords() ? null : stepChapter(step));

async function go(step) {
  if (isWords()) return words.step(step);
  await move(step);
  focusCurrent();
}

const acts = {
  " ": () => toggle(), j: () => go(1), k: () => go(-1), e: () => (isWords() ? words.edit() : editText()), r: inText(speak), p: inText(() => decide("pin")), a: inText(() => decide("keep")),
  x: inText(() => decide("reject")), u: undo, n: inText(() => { editText(); $("field-note")?.focus(); }), "/": () => $("search")?.select(), "[": () => turn(-1), "]": () => turn(1),
  t: () => toView("table"), w: () => toView("words"), "?": showHelp,
};

export function showHelp() {
  const dialog = $("help");
  replace(dialog, el("h2", { id: "help-title" }, "Keyboard"),
    el("dl", {}, KEYS.flatMap(([key, meaning]) => [el("dt", {}, key), el("dd", {}, meaning)])),
    el("button", { type: "button", class: "act", onclick: () => dialog.close() }, "Close"));
  dialog.showModal();
}

/** Keys about the values of the current sentence, which may still be on their way. */
const NEEDS_VALUES = /^[erpaxn1-9 ]$/;
/** Keys that open another part of the run; the keys after them are meant for that part. */
const OPENS = /^[tw[\]]$/;

/** Key by its letter, also on a keyboard that is set to another script. */
function keyOf({ key, code }) {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  return letter && (key === "Process" || key.codePointAt(0) > 127) ? letter.toLowerCase() : key;
}

function press(event) {
  const key = keyOf(event);
  const act = /^[1-9]$/.test(key) ? inText(() => chooseTake(Number(key))) : acts[key];
  if (event.repeat && !/^[jk]$/.test(key)) return Boolean(act); // a key that is held down decides once
  if (!act || (!store.run && key !== "?")) return false;
  if (NEEDS_VALUES.test(key) && isLoading()) {
    holdUntil(untilLoaded(), press, { key, code: "" });
  } else {
    const opened = act();
    if ((OPENS.test(key) || table.isTurning()) && opened) holdUntil(opened, press);
  }
  return true;
}

export function listen() {
  $("help-button").addEventListener("click", showHelp);
  document.addEventListener("keydown", (event) => {
    if ($("help").open) return;
    if (event.key === "Escape") return leave(event);
    if (!isField(event.target) && hold(event)) return event.preventDefault();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); return inText(speak)(); }
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
    // Space on a button presses it, except on a sentence or row, where it plays.
    if (event.key === " " && event.target.closest?.("button:not(.id), summary, a")) return;
    if (event.key === "Enter" && event.target.closest?.(".s")) return toggle();
    if (press(event)) event.preventDefault();
  });
}

function leave(event) {
  release();
  const wasField = isField(event.target);
  if (wasField) event.target.blur();
  if (!closeSheet() && !wasField) return;
  event.preventDefault();
  const word = event.target.closest?.(".words-table tr")?.querySelector(".word");
  if (word) word.focus({ preventScroll: true });
  else focusCurrent();
}
