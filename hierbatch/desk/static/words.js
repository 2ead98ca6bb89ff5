// Words to check: heard in a sentence, corrected in place, and spoken again in every sentence that holds them.

import { get, notice, post } from "./api.js";
import { $, el, icon, replace, say } from "./dom.js";
import { openChapter, play, select } from "./selection.js";
import { allSentences, emit, isWritable, on, store } from "./store.js";
import * as player from "./player.js";

const PLAY = "M7 4.5v15l13-7.5z";
const BEFORE_S = 0.08, AFTER_S = 0.12;
const SHOWN = 300;
let words = [];
let reason = "";
let text = "";
let stopTimer = 0;

const keyOf = (word) => `${word.language}-${word.word}`;
const listed = () => words.filter((word) => (!reason || word.reason === reason) && word.word.toLowerCase().includes(text));

export async function refresh() {
  if (!words.length) replace($("text"), el("p", { class: "words-hint" }, "Reading the words of the book …"));
  const spokenBefore = new Map(words.map((word) => [keyOf(word), word.n_spoken]));
  const found = await get("/api/words").catch(() => null);
  if (!found) return replace($("text"), el("p", { class: "words-hint" }, "The words of this run cannot be listed."));
  words = found.words;
  draw();
  const ended = words.filter((word) => word.n_requested && word.n_spoken === word.n_requested && spokenBefore.get(keyOf(word)) < word.n_spoken);
  if (ended.length) say(ended.map((word) => `${word.word}: ${progress(word)}`).join("; "));
}

function draw() {
  if (store.view !== "words") return;
  drawToolbar();
  const focused = document.activeElement, focusedId = $("text").contains(focused) ? focused.id : "";
  const typed = focused?.tagName === "INPUT" && focusedId ? { value: focused.value, at: focused.selectionStart } : null;
  const shown = listed().slice(0, SHOWN);
  replace($("text"),
    el("p", { class: "words-hint" }, `${words.length} ${words.length === 1 ? "word" : "words"} to check. Write a wrong one as it sounds (her-MY-oh-nee), or in IPA between slashes, and press Enter: `
      + "every sentence that holds it is spoken again. An empty field restores the usual pronunciation."),
    el("div", { class: "scroll" }, el("table", { class: "takes-table words-table" },
      el("caption", { class: "hidden" }, "Words to check"),
      el("thead", {}, el("tr", {}, ["Word", "Times", "Reason", "Phonemes", "Say it as", "State", "First sentence"].map((title) => el("th", { scope: "col" }, title)))),
      el("tbody", {}, shown.map(drawWord)))),
    listed().length > SHOWN ? el("p", { class: "words-hint" }, `and ${listed().length - SHOWN} more: narrow the list above`) : null);
  const again = focusedId && $(focusedId);
  if (!again) return;
  again.focus({ preventScroll: true });
  if (typed) { again.value = typed.value; again.setSelectionRange(typed.at, typed.at); }
}

function drawWord(word) {
  const input = el("input", { id: `say-${keyOf(word)}`, "aria-label": `Say ${word.word} as`, placeholder: "Say it as", disabled: !isWritable(), lang: word.language,
    autocapitalize: "off", autocomplete: "off", spellcheck: "false" });
  input.value = word.pronunciation;
  input.addEventListener("keydown", (event) => { 
    if (event.key === "Enter") { event.stopPropagation(); correct(word, input); }
    if (event.key === "Escape") input.value = word.pronunciation; // leaves the field without a correction
  });
  input.addEventListener("change", () => correct(word, input));
  return el("tr", { data: { word: keyOf(word) } },
    el("th", { scope: "row" }, el("button", { type: "button", class: "word", id: `hear-${keyOf(word)}`, "aria-label": `Play ${word.word}`, onclick: () => hear(word) },
      icon(PLAY), el("span", { lang: word.language }, word.word))),
    el("td", { class: "number" }, word.count),
    el("td", { class: "reason", title: word.meaning }, word.reason),
    el("td", { class: "phones" }, word.phonemes || "not spoken alone"),
    el("td", { class: "correction" }, input),
    el("td", { class: "state-cell" }, progress(word)),
    el("td", { class: "wide" }, el("button", { type: "button", class: "sentence", title: word.sentence, onclick: () => open(word.row) }, word.sentence)));
}

function progress(word) {
  if (!word.n_requested) return "";
  const sentences = word.n_requested === 1 ? "sentence" : "sentences";
  return word.n_spoken < word.n_requested ? `${word.n_spoken} of ${word.n_requested} ${sentences} spoken` : `${word.n_requested} ${sentences} spoken`;
}

async function correct(word, input) {
  const pronunciation = input.value.trim();
  if (pronunciation === word.pronunciation) return;
  const before = word.pronunciation;
  word.pronunciation = pronunciation; // Enter is followed by a change event
  const answer = await post("/api/words/correct", { word: word.word, language: word.language, pronunciation }).catch(() => null);
  input.setAttribute("aria-invalid", String(!answer));
  if (!answer) { word.pronunciation = before; return; }
  words = answer.words;
  draw();
  const n = answer.n_requested;
  notice(n ? `${word.word}: ${n} ${n === 1 ? "sentence is" : "sentences are"} spoken again.` : `${word.word}: no sentence changes.`);
  say(n ? `${n} sentences are spoken again` : "No sentence changes");
  emit("changed");
}

/** Play a word in the first sentence that holds it. */
async function hear(word) {
  clearTimeout(stopTimer);
  const row = await get(`/api/rows/${encodeURIComponent(word.row)}`);
  const take = row.takes.find((each) => each.is_current && each.status === "ok");
  if (!take) return notice("This sentence is not spoken yet.", true);
  const timed = await get(`/api/rows/${encodeURIComponent(word.row)}/takes/${encodeURIComponent(take.name)}/words`);
  const plain = (each) => each.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  const wanted = word.word.split(/\s+/).map(plain);
  const at = timed.findIndex((each) => plain(each[0]).startsWith(wanted[0]));
  const [start, end] = at < 0 ? [0, 0] : [timed[at][1], timed[Math.min(timed.length, at + wanted.length) - 1][2]];
  await player.play(word.row, take.name, Math.max(0, start - BEFORE_S));
  if (end > start) stopTimer = setTimeout(player.stop, 1000 * (end - start + BEFORE_S + AFTER_S));
}

async function open(row) {
  $("view-book").click();
  const found = [...allSentences()].find(([sentence]) => sentence[0] === row);
  if (found) await openChapter(found[1]);
  await select(row);
  play(0);
}

function drawToolbar() {
  if ($("filters").contains(document.activeElement) && document.activeElement.id === "search") return;
  const counts = new Map();
  for (const word of words) counts.set(word.reason, (counts.get(word.reason) || 0) + 1);
  const chip = (name, title, n) => el("button", { type: "button", class: "chip", "aria-pressed": String(reason === name), id: `reason-${name || "all"}`.replaceAll(" ", "-"),
    onclick: () => { reason = name; draw(); $(`reason-${name || "all"}`.replaceAll(" ", "-"))?.focus(); } }, title, " ", el("b", {}, n));
  const search = el("input", { id: "search", type: "search", placeholder: "Find a word", "aria-label": "Find a word", value: text });
  search.addEventListener("input", () => { text = search.value.trim().toLowerCase(); draw(); });
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); $("text").querySelector(".word")?.focus(); } });
  replace($("filters"), search, chip("", "All", words.length), [...counts].map(([name, n]) => chip(name, name, n)));
}

/** Move between the fields of the words; `on` is 1 for the next one. */
export function step(by) {
  const fields = [...$("text").querySelectorAll(".words-table .word")];
  const row = document.activeElement?.closest?.(".words-table tr");
  const at = fields.findIndex((field) => row?.contains(field));
  (fields[at < 0 ? 0 : at + by] ?? fields[at])?.focus();
}

/** Edit the word of the row that has the focus. */
export function edit() {
  document.activeElement?.closest?.(".words-table tr")?.querySelector("input")?.select();
}

on("updated", () => { if (store.view === "words" && words.some((word) => word.n_spoken < word.n_requested)) refresh(); });
