// Chapters and running text: every word is timed, every sentence can be selected.

import { $, clock, el, focusCurrent, redraw, replace } from "./dom.js";
import { draftCount } from "./drafts.js";
import { openChapter, play, select } from "./selection.js";
import { emit, FILTERS, isFiltered, Mark, matchesFilter, on, sentenceOf, store } from "./store.js";

const MARK_CLASSES = [
  ["failed", Mark.FAILED], ["flagged", Mark.FLAGGED], ["rejected", Mark.REJECTED], ["missing", Mark.MISSING],
];
let litWord = null;

export function drawChapters() {
  const chapters = store.contents.chapters;
  const number = store.chapter?.number;
  const items = chapters.map((chapter) => {
    const played = chapter.sentences.filter(([, marks]) => marks & Mark.PLAYED).length;
    const shown = isFiltered() ? chapter.sentences.filter(matchesFilter).length : undecided(chapter);
    const share = chapter.sentences.length ? played / chapter.sentences.length : 0;
    const bar = el("i");
    bar.style.width = `${Math.round(share * 100)}%`;
    const hint = shown ? el("small", {}, shown, el("span", { class: "hidden" }, isFiltered() ? " shown" : " to decide")) : el("span");
    return el("li", {}, el("button", {
      type: "button", id: `chapter-${chapter.number}`, "aria-current": chapter.number === number ? "true" : null, onclick: () => showChapter(chapter.number),
    }, el("span", {}, chapter.title), " ", hint,
      el("span", { class: "bar" }, bar, el("span", { class: "hidden" }, `, ${Math.round(share * 100)} % played`))));
  });
  const picker = el("select", { id: "chapter-picker", "aria-label": "Chapter", onchange: (event) => showChapter(Number(event.target.value)) },
    chapters.map((chapter) => el("option", { value: chapter.number, selected: chapter.number === number },
      chapter.title + (undecided(chapter) ? `  (${undecided(chapter)} to decide)` : ""))));
  redraw(() => replace($("chapters"), el("ol", {}, items), picker));
}

const undecided = (chapter) => chapter.sentences.filter(([, marks]) => marks & Mark.UNDECIDED).length;

async function showChapter(number) {
  await openChapter(number);
  if (store.chapter?.number !== number) return; // another one was opened meanwhile
  const first = store.contents.chapters.find((chapter) => chapter.number === number).sentences.find(matchesFilter)
    || store.contents.chapters.find((chapter) => chapter.number === number).sentences[0];
  $("text").scrollTop = 0;
  if (first) await select(first[0]);
}

export function stepChapter(step) {
  const numbers = store.contents.chapters.map((chapter) => chapter.number);
  const to = numbers[numbers.indexOf(store.chapter?.number) + step];
  return to === undefined ? null : showChapter(to);
}

export function drawText() {
  const { chapter } = store;
  const text = $("text");
  if (store.view !== "book" || !chapter) return;
  const blocks = chapter.paragraphs.map((paragraph) => {
    const tag = paragraph.kind === "heading" ? "h2" : "p";
    let last = null;
    return el(tag, {}, paragraph.sentences.flatMap((sentence) => {
      const who = sentence.character && sentence.character !== last ? el("span", { class: "who", title: sentence.character }, initials(sentence.character)) : null;
      last = sentence.character;
      return [who, drawSentence(sentence), " "];
    }));
  });
  if (!blocks.some((block) => block.tagName === "H2")) blocks.unshift(el("h2", {}, chapter.title));
  const hadFocus = text.contains(document.activeElement);
  replace(text, blocks);
  drawMarks();
  if (hadFocus) focusCurrent();
}

/** Name as short as the margin is narrow; a title stays, since Mr. and Mrs. Bennet have the same initials. */
function initials(name) {
  const [first, ...others] = name.split(/\s+/);
  if (name.length <= 6 || !others.length) return name.slice(0, 6);
  if (first.endsWith(".") && first.length <= 4) return `${first.slice(0, -1)} ${others.at(-1)[0]}`;
  return [first, ...others].map((word) => word[0]).join("").slice(0, 3);
}

function drawSentence(sentence) {
  return el("span", { class: "s", role: "button", tabindex: "-1", data: { id: sentence.id, words: nameOf(sentence.words) } },
    el("span", {}, drawWords(sentence.words)), el("span", { class: "hidden" }));
}

/** Words and doubts, to compare what is shown with what shall be shown. */
const nameOf = (words) => words.map((word) => word[0] + (word[3] ? "*" : "")).join(" ");

const drawWords = (words) => words.flatMap(([text, start, , doubt], at) => [at ? " " : null,
  el("span", { class: doubt ? "w doubt" : "w", title: doubt || null, data: { start } }, text)]).filter(Boolean);

/** Show the words of the take that is compared, which may have another text than the current one. */
function drawTakeWords() {
  const node = store.view === "book" && currentNode();
  if (!node || !store.words.length || node.dataset.words === nameOf(store.words)) return;
  node.dataset.words = nameOf(store.words);
  litWord = null;
  node.firstChild.replaceChildren(...drawWords(store.words));
}

/** Show the words of the current takes again in a sentence that is left. */
function restoreWords(left) {
  for (const paragraph of store.chapter?.paragraphs || []) {
    const sentence = paragraph.sentences.find((each) => each.id === left);
    const node = sentence && $("text").querySelector(`.s[data-id="${CSS.escape(left)}"]`);
    if (!node || node.dataset.words === nameOf(sentence.words)) continue;
    node.dataset.words = nameOf(sentence.words);
    node.firstChild.replaceChildren(...drawWords(sentence.words));
  }
}

/** Update classes of all sentences without drawing the text again. */
export function drawMarks() {
  const marks = new Map();
  const shown = new Set();
  for (const chapter of store.contents.chapters) {
    if (chapter.number !== store.chapter?.number) continue;
    for (const sentence of chapter.sentences) {
      marks.set(sentence[0], sentence[1]);
      if (matchesFilter(sentence)) shown.add(sentence[0]);
    }
  }
  for (const node of $("text").querySelectorAll(".s")) {
    const id = node.dataset.id, found = marks.get(id) ?? 0, isCurrent = id === store.current;
    node.className = "s";
    for (const [name, mark] of MARK_CLASSES) node.classList.toggle(name, Boolean(found & mark));
    node.classList.toggle("unplayed", !(found & (Mark.PLAYED | Mark.MISSING)));
    node.classList.toggle("faded", isFiltered() && !shown.has(id) && !isCurrent);
    node.classList.toggle("now", isCurrent);
    node.tabIndex = isCurrent ? 0 : -1;
    if (isCurrent) node.setAttribute("aria-current", "true");
    else node.removeAttribute("aria-current");
    const notes = MARK_CLASSES.filter(([, mark]) => found & mark).map(([name]) => name);
    const doubtful = [...node.querySelectorAll(".w.doubt")].map((word) => word.textContent);
    if (doubtful.length) notes.push(`doubtful: ${doubtful.join(" ")}`);
    node.lastChild.textContent = notes.length ? ` (${notes.join(", ")})` : "";
  }
}

function scrollToCurrent() {
  const node = currentNode();
  if (!node) return;
  const box = node.getBoundingClientRect(), view = $("text").getBoundingClientRect();
  if (box.top < view.top + 40 || box.bottom > view.bottom - 80) node.scrollIntoView({ block: "center" });
}

export const currentNode = () => $("text").querySelector(`.s[data-id="${CSS.escape(store.current ?? "")}"]`);

/** Light the word at a time of the current take; null puts the light out. */
export function light(seconds) {
  const at = seconds === null ? -1 : store.words.findLastIndex((word) => word[2] > word[1] && word[1] <= seconds);
  const node = at < 0 || seconds > store.words[at][2] + 0.25 ? null : currentNode()?.querySelectorAll(".w")[at] ?? null;
  if (node === litWord) return;
  litWord?.classList.remove("lit");
  node?.classList.add("lit");
  litWord = node;
}

export function drawFilters() {
  const sentences = store.contents.chapters.flatMap((chapter) => chapter.sentences);
  const chips = FILTERS.map((filter) => {
    const n = filter.name === "all" ? 0 : sentences.filter(([, marks]) => filter.matches(marks)).length;
    return el("button", {
      type: "button", class: "chip", id: `show-${filter.name}`, "aria-pressed": String(store.filter.show === filter.name),
      onclick: () => setFilter({ show: filter.name }),
    }, filter.title, n ? " " : null, n ? el("b", {}, n) : null);
  });
  redraw(() => replace($("filters"), chips, picker("voice", "All voices", store.contents.voices),
    picker("character", "All characters", store.contents.characters)));
}

function picker(name, all, values) {
  const named = values.filter(Boolean);
  if (named.length < 2 && !(name === "character" && named.length)) return null;
  return el("select", { id: `only-${name}`, class: store.filter[name] ? "on" : "", "aria-label": all, onchange: (event) => setFilter({ [name]: event.target.value }) },
    el("option", { value: "" }, all),
    named.map((value) => el("option", { value, selected: store.filter[name] === value }, value)));
}

function setFilter(change) {
  Object.assign(store.filter, change);
  emit("filter");
}

export function drawProgress() {
  const sentences = store.contents.chapters.flatMap((chapter) => chapter.sentences);
  const played = sentences.filter(([, marks]) => marks & Mark.PLAYED).length;
  const open = sentences.filter(([, marks]) => marks & Mark.UNDECIDED).length;
  const waiting = sentences.filter(([, marks]) => marks & Mark.REQUESTED).length;
  const total = sentences.reduce((sum, sentence) => sum + sentence[4], 0);
  const { n_takes: nTakes, n_rows: nRows } = store.run;
  $("progress").textContent = [
    sentences.length ? `played ${Math.floor((100 * played) / sentences.length)} %` : null,
    `${open} to decide`,
    draftCount() ? `${draftCount()} edited, not spoken` : null,
    waiting ? `${waiting} being spoken` : null,
    nTakes < nRows ? `${nTakes} of ${nRows} spoken` : null,
    total ? clock(total) : null,
  ].filter(Boolean).join(" · ");
}

export function listen() {
  $("text").addEventListener("click", (event) => {
    const sentence = event.target.closest?.(".s");
    if (!sentence || store.view !== "book") return;
    const word = event.target.closest(".w");
    const wasCurrent = sentence.dataset.id === store.current;
    (wasCurrent ? Promise.resolve() : select(sentence.dataset.id)).then(() => {
      if (word && event.detail > 0) play(Math.max(0, startOf(word, sentence)));
    });
  });
  on("chapter", () => {
    drawText();
    if (store.take !== sentenceOf(store.current)?.take) drawTakeWords(); // another take is compared
    drawChapters();
  });
  let last = null;
  on("select", () => {
    if (last !== store.current) restoreWords(last);
    last = store.current;
    drawMarks();
    scrollToCurrent();
  });
  on("take", drawTakeWords);
  on("drafts", drawProgress);
  on("marks", () => { drawMarks(); drawChapters(); drawProgress(); });
  on("filter", () => { if (store.view === "book") { drawFilters(); drawMarks(); drawChapters(); } });
}

/** Start of a clicked word in the take that is shown, which may be another one than that of the text. */
function startOf(word, sentence) {
  const at = [...sentence.querySelectorAll(".w")].indexOf(word);
  return (store.words[at]?.[1] ?? Number(word.dataset.start)) - 0.01;
}
