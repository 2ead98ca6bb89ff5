// Side panel of the current sentence: its values, decisions, measures and history.

import { notice, post } from "./api.js";
import { $, el, focusCurrent, replace, say } from "./dom.js";
import { draftOf, dropDraft, keepDraft } from "./drafts.js";
import { flushPlayed, playNextTake, setRow, select, stay } from "./selection.js";
import { emit, isWritable, Mark, on, sentenceOf, store } from "./store.js";

const N_TAKES = [1, 2, 3, 4, 5];
let drawnFor = null;
let nTakes = 3;
let respelled = null; // whether the phonemes of a respelled word were written, while they are asked for

const field = (id) => $(`field-${id}`);
const number = (id) => (field(id).value.trim() === "" ? null : Number(field(id).value.replace(",", ".")));

export function drawPanel() {
  const { row } = store;
  const panel = $("panel");
  if (!row) {
    if (drawnFor !== store.current || !store.current) {
      drawnFor = null;
      replace(panel, el("p", { class: "empty" }, store.current ? "" : "Choose a sentence."));
    }
    return;
  }
  const isTyping = drawnFor === row.id && panel.contains(document.activeElement) && /TEXTAREA|INPUT/.test(document.activeElement.tagName);
  if (isTyping) return drawParts(row);
  const focusedId = panel.contains(document.activeElement) ? document.activeElement.id : "";
  drawnFor = row.id;
  replace(panel, heading(row), el("p", { class: "state", id: "row-state" }), el("ul", { class: "doubts", id: "row-doubts" }), fields(row), el("div", { id: "row-acts" }),
    noteField(row), el("div", { id: "row-facts" }));
  drawParts(row);
  if (focusedId) $(focusedId)?.focus();
}

function drawParts(row) {
  replace($("row-state"), stateLine(row));
  drawDoubts();
  replace($("row-acts"), actions(row));
  replace($("row-facts"), measures(row), history(row));
}

/** The doubtful words of the take that is shown, with the reasons. */
function drawDoubts() {
  const list = $("row-doubts");
  if (!list) return;
  const doubtful = store.words.filter((word) => word[3]);
  replace(list, doubtful.map(([text, , , reason]) => el("li", {}, el("b", {}, text), ` ${reason}`)));
  list.hidden = !doubtful.length;
}

function heading(row) {
  const sentence = sentenceOf(row.id);
  const who = [sentence?.character, row.voice].filter(Boolean).join(" · ");
  return el("h2", {}, el("span", {}, row.id, " "), el("small", {}, who),
    el("button", { type: "button", class: "close", onclick: closeSheet }, "Close"));
}

function stateLine(row) {
  const names = { keep: "kept", pin: "pinned", reject: "rejected" };
  const current = row.takes.find((take) => take.is_current);
  const parts = [];
  if (row.verdict) parts.push(el("b", { class: row.verdict === "reject" ? "bad" : "good" }, names[row.verdict]));
  for (const flag of current?.flags || []) parts.push(el("b", {}, flag.replaceAll("_", " ")));
  if (current?.status === "failed" || row.error) parts.push(el("b", { class: "bad" }, current?.error || row.error));
  if (!row.takes.length && !row.error) parts.push("not spoken yet");
  for (const request of row.requests) {
    if (request.is_open) parts.push(`${request.n_takes} new ${request.n_takes === 1 ? "take is" : "takes are"} being spoken`);
    else if (request.error) parts.push(el("b", { class: "bad" }, request.error));
  }
  if (draftOf(row.id)) {
    parts.push(el("b", {}, "edited, not spoken yet"));
    parts.push(el("button", { type: "button", class: "discard", id: "discard", onclick: () => discard(row) }, "discard"));
  }
  if (!parts.length) parts.push("no flags");
  return parts.flatMap((part, at) => (at ? [" · ", part] : [part]));
}

function fields(row) {
  const isOff = !isWritable();
  const input = (id, kind, properties) => el(kind, { id: `field-${id}`, disabled: isOff, ...properties });
  const voices = [...new Set([...store.run.voices, row.voice])].filter(Boolean);
  const kept = draftOf(row.id) ?? {};
  const speed = kept.speed ?? speedOf(row), voice = kept.voice ?? row.voice;
  const text = input("text", "textarea", { rows: "4", lang: row.language, spellcheck: "true" });
  text.value = kept.text ?? row.text;
  const phones = input("phonemes", "textarea", { rows: "2", class: "phones", spellcheck: "false", autocapitalize: "off" });
  phones.value = kept.phonemes ?? row.phonemes;
  const pause = input("pause", "input", { inputmode: "decimal", value: row.pause_after_s ?? "", placeholder: "auto" });
  pause.addEventListener("change", () => savePause(row, pause));
  return el("div", { class: "fields", oninput: () => draft(row) },
    el("div", {}, el("label", { for: "field-text" }, "Text"), text),
    el("div", {}, el("label", { for: "field-phonemes" }, "Phonemes"), phones),
    respelling(row),
    el("div", { class: "row" },
      el("div", {}, el("label", { for: "field-voice" }, "Voice"),
        el("select", { id: "field-voice", disabled: isOff }, voices.map((name) => el("option", { value: name, selected: name === voice }, name)))),
      el("div", {}, el("label", { for: "field-speed" }, "Speed"),
        input("speed", "input", { inputmode: "decimal", value: speed })),
      el("div", {}, el("label", { for: "field-pause" }, "Pause, s"), pause)));
}

const speedOf = (row) => String(Math.round(row.speed * 100) / 100);

/** Keep what is typed: it is spoken later, or discarded on purpose. */
function draft(row) {
  const values = { text: row.text, phonemes: row.phonemes, voice: row.voice ?? field("voice").value, speed: speedOf(row) };
  keepDraft(row.id, Object.fromEntries(Object.entries(values).map(([name, own]) => [name, [field(name).value, own]])));
  replace($("row-state"), stateLine(row));
}

function discard(row) {
  dropDraft(row.id);
  drawnFor = null;
  drawPanel();
  $("field-text")?.focus();
  say("Edit discarded");
}

/** Two fields that turn a word and its respelling into the phonemes above. */
function respelling(row) {
  const word = el("input", { id: "field-word", placeholder: "word", "aria-label": "Word to respell", disabled: !isWritable() });
  const letters = el("input", { id: "field-respelling", placeholder: "as in KON-sta-bul", "aria-label": "Respelling", disabled: !isWritable() });
  const apply = async () => {
    if (!word.value.trim() || !letters.value.trim()) return true;
    const answer = await post("/api/phonemes", { id: row.id, text: field("text").value, word: word.value, respelling: letters.value }).catch(() => null);
    if (!answer || store.row?.id !== row.id) return false;
    field("phonemes").value = answer.phonemes;
    draft(row);
    say("Phonemes changed");
    return true;
  };
  const ask = () => {
    const asked = apply().finally(() => { if (respelled === asked) respelled = null; });
    respelled = asked;
  };
  for (const input of [word, letters]) input.addEventListener("change", ask);
  return el("div", { class: "respell", role: "group", "aria-label": "Respell a word" }, word, letters);
}

function actions(row) {
  const isOff = !isWritable();
  const verdict = row.takes.find((take) => take.name === store.take)?.verdict ?? null;
  const act = (key, title, run, extra = {}) => el("button",
    { type: "button", class: "act", id: `act-${key}`, disabled: isOff, onclick: run, "aria-keyshortcuts": key, ...extra }, title, el("kbd", { "aria-hidden": "true" }, key));
  return el("div", { class: "acts" },
    act("p", verdict === "pin" ? "Pinned" : "Pin this take", () => decide("pin"), { "aria-pressed": String(verdict === "pin"), disabled: isOff || !store.take }),
    act("x", verdict === "reject" ? "Rejected" : "Reject", () => decide("reject"), { "aria-pressed": String(verdict === "reject"), disabled: isOff || !store.take }),
    act("a", verdict === "keep" ? "Kept" : "Keep", () => decide("keep"), { "aria-pressed": String(verdict === "keep"), disabled: isOff || !store.take }),
    act("u", "Undo", undo, { disabled: isOff || !store.run.n_undoable }),
    el("div", { class: "split" },
      el("button", { type: "button", class: "act main", id: "act-r", disabled: isOff, onclick: speak, "aria-keyshortcuts": "r" },
        "Speak again", el("kbd", { "aria-hidden": "true" }, "r")),
      el("select", { class: "act", id: "n-takes", disabled: isOff, "aria-label": "Number of new takes", onchange: (event) => { nTakes = Number(event.target.value); } },
        N_TAKES.map((n) => el("option", { value: n, selected: n === nTakes }, `× ${n}`)))));
}

function noteField(row) {
  const input = el("input", { id: "field-note", placeholder: "for the next reviewer", disabled: !isWritable() });
  input.value = row.note;
  input.addEventListener("change", () => saveNote(row.id, input.value));
  return el("div", {}, el("label", { for: "field-note" }, "Note"), input);
}

function measures(row) {
  if (!row.measures.length) return null;
  return el("table", {}, el("caption", { class: "hidden" }, "Measures of the current take"), el("tbody", {}, row.measures.map((measure) =>
    el("tr", {}, el("th", { scope: "row" }, measure.title), el("td", { class: measure.is_usual ? "" : "off" }, measure.value)))));
}

function history(row) {
  if (!row.history.length) return null;
  return el("details", {}, el("summary", {}, `History, ${row.history.length}`),
    el("ul", {}, row.history.toReversed().map((line) => el("li", {}, `${line.when} ${line.who}: ${line.text}`))));
}

/** Values for new takes; phonemes only if someone wrote them, since others follow from the text. */
function values(row) {
  const text = field("text").value.replace(/\s+/g, " ").trim();
  const phonemes = field("phonemes").value.trim();
  const isOwn = phonemes !== row.phonemes || (row.has_phonemes && text === row.text);
  return { text: text || null, voice: field("voice").value || null, speed: number("speed"), phonemes: isOwn ? phonemes : null };
}

export async function decide(verdict) {
  const { row, take } = store;
  if (!isWritable() || !row || !take) return;
  const before = row.takes.find((each) => each.name === take)?.verdict ?? null;
  const wanted = before === verdict ? "clear" : verdict;
  if (await act(() => post("/api/decide", { id: row.id, take, verdict: wanted }))) say({ pin: "Pinned", reject: "Rejected", keep: "Kept", clear: "No verdict" }[wanted]);
}

async function saveNote(id, note) {
  if (await act(() => post("/api/decide", { id, note }))) say("Note saved");
}

async function savePause(row, input) {
  const seconds = number("pause");
  input.setAttribute("aria-invalid", String(Number.isNaN(seconds)));
  if (Number.isNaN(seconds) || seconds === row.pause_after_s) return;
  if (await act(() => post("/api/decide", { id: row.id, pause_after_s: seconds }))) say("Pause saved");
}

/** Send a decision and show its row; false if it was refused. */
async function act(request) {
  await flushPlayed();
  const answer = await request().catch(() => null);
  if (!answer) return false;
  if (answer.id === store.current) setRow(answer);
  emit("changed");
  return true;
}

export async function undo() {
  if (!isWritable()) return;
  const answer = await post("/api/undo", {}).catch(() => null);
  if (!answer) return;
  if (!answer.row) return notice("There is nothing to undo.");
  emit("changed");
  await select(answer.row);
  say("Undone");
}

export async function speak() {
  const { row } = store;
  if (!isWritable() || !row) return;
  if (Number.isNaN(number("speed"))) return notice("The speed is not a number.", true);
  document.activeElement?.closest(".respell input")?.blur(); // a respelling that is being typed counts too
  stay();
  if ((await (respelled ?? true)) === false) return;
  if (store.row?.id !== row.id) return notice("The sentence was left before its phonemes were found: it is not spoken again.", true);
  playNextTake();
  const answer = await post("/api/speak", { id: row.id, n_takes: nTakes, edit: values(row) }).catch(() => null);
  if (!answer) return;
  dropDraft(row.id);
  if ($("panel").contains(document.activeElement)) document.activeElement.blur();
  focusCurrent();
  if (answer.id === store.current) setRow(answer);
  say(nTakes === 1 ? "One new take requested" : `${nTakes} new takes requested`);
  emit("changed");
}

let returnTo = null;
export function openSheet() {
  if (getComputedStyle($("panel")).position !== "fixed") return;
  returnTo = document.activeElement;
  $("panel").classList.add("open");
  $("panel").setAttribute("role", "dialog");
  $("panel").setAttribute("aria-modal", "true");
  for (const id of ["text", "dock", "chapters"]) $(id).inert = true;
  $("panel").querySelector("textarea, button")?.focus();
}

export function closeSheet() {
  if (!$("panel").classList.contains("open")) return false;
  $("panel").classList.remove("open");
  $("panel").setAttribute("role", "complementary");
  $("panel").removeAttribute("aria-modal");
  for (const id of ["text", "dock", "chapters"]) $(id).inert = false;
  returnTo?.focus();
  return true;
}

export function editText() {
  openSheet();
  field("text")?.focus();
}

on("row", drawPanel);
on("take", drawDoubts);
on("select", drawPanel);
