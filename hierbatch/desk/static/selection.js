// Current sentence and take: moving, playing on, and marks of what was played.

import { get, notice, post } from "./api.js";
import { say } from "./dom.js";
import * as player from "./player.js";
import { allSentences, emit, isWritable, Mark, matchesFilter, on, sentenceOf, store } from "./store.js";

const PLAYED_SHARE = 0.8;
const PREFETCHED = 2;
let playedIds = new Set();
let flushTimer = 0;
let pauseTimer = 0;
let isLeadingOn = true;

let wantedChapter = null;

export async function openChapter(number) {
  wantedChapter = number;
  const chapter = await get(`/api/chapters/${number}`);
  // An answer that comes late must not replace the chapter that was opened since, or a newer state of it.
  if (number !== wantedChapter || (store.chapter?.number === number && chapter.version < store.chapter.version)) return;
  store.chapter = chapter;
  emit("chapter");
}

/** Read the chapter that is open, or being opened, again. */
export async function refreshChapter() {
  if (wantedChapter !== null) await openChapter(wantedChapter);
}

let arriving = Promise.resolve(); // the latest choice of a row, until its values are here

/** Make a row the current one; its chapter opens if needed. */
export function select(id, options = {}) {
  arriving = choose(id, options);
  return arriving;
}

/** True while a row is chosen whose values are not here yet. */
export const isLoading = () => store.current !== null && store.row === null;

/** Wait until the values of the row that is chosen are here; an exception if they cannot be had. */
export async function untilLoaded() {
  for (let seen = null; isLoading() && seen !== arriving;) {
    seen = arriving;
    await seen.catch(() => {});
  }
  if (isLoading()) throw new Error("The row cannot be loaded.");
}

async function choose(id, { keepPlaying = false }) {
  if (!keepPlaying) halt();
  store.current = id;
  store.row = null;
  placeInTable = Math.max(0, listedRows().findIndex((row) => row.id === id));
  if (store.view === "book" && !sentenceOf(id)) {
    const found = [...allSentences()].find(([sentence]) => sentence[0] === id);
    if (found) await openChapter(found[1]);
    if (store.current !== id) return;
  }
  const sentence = sentenceOf(id);
  setTake(sentence?.take ?? null, sentence?.words ?? []);
  emit("select");
  await loadRow(id);
}

export async function loadRow(id) {
  const row = await get(`/api/rows/${encodeURIComponent(id)}`);
  if (store.current !== id) return;
  setRow(row);
}

/** True while new takes of the current row are being made. */
export const isWaiting = () => Boolean(store.row?.requests.some((request) => request.is_open));

export function setRow(row) {
  if (store.row?.id === row.id && row.version < store.row.version) return; // answers can overtake each other
  store.row = row;
  const names = row.takes.map((take) => take.name);
  if (!store.take || !names.includes(store.take)) {
    const current = row.takes.find((take) => take.is_current) || row.takes.findLast((take) => take.status === "ok");
    setTake(current?.status === "ok" ? current.name : null, store.words);
    if (store.take && !store.words.some((word) => word[2] > 0)) loadWords();
  }
  emit("row");
  announceTakes(row);
  if (awaited?.id === row.id) playAwaited();
}

let awaited = null; // { id, known }: someone has asked for new takes and wants to hear the first one
let requested = null; // the same, until all of them are there

/** Play the next new take of the current row when it is there, unless something is playing then. */
export function playNextTake() {
  requested = awaited = { id: store.row.id, known: new Set(store.row.takes.map((take) => take.name)) };
}

/** Report the end of requested takes: aloud to screen readers, and as a notice if none could be spoken. */
function announceTakes(row) {
  if (requested?.id !== row.id || isWaiting()) return;
  const made = row.takes.filter((take) => !requested.known.has(take.name));
  const n = made.filter((take) => take.status === "ok").length;
  const error = made.find((take) => take.error)?.error ?? row.requests.findLast((request) => request.error)?.error;
  if (!n && !error) return; // the request is not read yet
  requested = null;
  if (n) say(n === 1 ? "One new take is spoken" : `${n} new takes are spoken`);
  else notice(`No new take: ${error}`, true);
}

function playAwaited() {
  const made = spokenTakes().findIndex((take) => !awaited.known.has(take.name));
  if (made < 0) return;
  awaited = null;
  if (!isPlaying()) chooseTake(made + 1);
}

function setTake(name, words) {
  store.take = name;
  store.words = words;
  emit("take");
}

async function loadWords() {
  const { current, take } = store;
  const words = await get(`/api/rows/${encodeURIComponent(current)}/takes/${encodeURIComponent(take)}/words`);
  if (store.current === current && store.take === take) setTake(take, words);
}

/** Show the take with this number (from 1) and play it. */
export async function chooseTake(number, { isPlayed = true } = {}) {
  const takes = spokenTakes();
  const take = takes[number - 1];
  if (!take) return;
  halt();
  setTake(take.name, store.words);
  emit("row");
  await loadWords();
  if (isPlayed) play(0, false);
}

export const spokenTakes = () => (store.row?.takes || []).filter((take) => take.status === "ok");

/** Id of the next (1) or previous (-1) sentence that the filter shows. */
export function neighbour(step) {
  if (store.view === "table") return neighbourInTable(step);
  const all = [...allSentences()].map(([sentence]) => sentence);
  const from = all.findIndex((sentence) => sentence[0] === store.current);
  for (let at = from + step; at >= 0 && at < all.length; at += step) if (matchesFilter(all[at])) return all[at][0];
  return null;
}

let listedRows = () => [];
let turnPage = async () => {};
let placeInTable = 0; // of the current row, which a decision can remove from a filtered table

export function onListRows(list, turn) {
  listedRows = list;
  turnPage = turn;
}

function neighbourInTable(step) {
  const ids = listedRows().map((row) => row.id), at = ids.indexOf(store.current);
  const from = at >= 0 ? at : placeInTable - (step > 0 ? 1 : 0); // the next row has taken the place of one that left
  return ids[from + step] ?? null;
}

export async function move(step) {
  let id = neighbour(step);
  if (!id && store.view === "table" && (await turnPage(step))) id = (step > 0 ? listedRows()[0] : listedRows().at(-1))?.id;
  if (!id) return;
  const wasPlaying = player.isPlaying();
  await select(id);
  if (wasPlaying) play(0);
}

/** Play the current take; a take that is compared does not lead on to the next sentence. */
export function play(offset = 0, leadsOn = true) {
  clearTimeout(pauseTimer);
  isLeadingOn = leadsOn;
  if (!store.take) return;
  player.play(store.current, store.take, offset);
  emit("playing");
  prefetch();
}

export function halt() {
  clearTimeout(pauseTimer);
  pauseTimer = 0;
  if (player.isPlaying()) player.stop();
  emit("playing");
}

export const isPlaying = () => player.isPlaying() || pauseTimer !== 0;

export function toggle(offset = 0) {
  if (isPlaying()) halt();
  else play(offset);
}

function prefetch() {
  const sentences = (store.chapter?.paragraphs || []).flatMap((paragraph) => paragraph.sentences);
  const at = sentences.findIndex((sentence) => sentence.id === store.current);
  for (const sentence of at < 0 ? [] : sentences.slice(at + 1, at + 1 + PREFETCHED))
    if (sentence.take) player.load(sentence.id, sentence.take).catch(() => {});
}

/** Let what is playing end without leading on to the next sentence. */
export function stay() {
  isLeadingOn = false;
  if (pauseTimer) halt();
}

/** True if the reviewer writes in the panel, or waits for new takes: playing must not leave the sentence then. */
const isHeld = () => isWaiting() || Boolean(document.activeElement?.closest("#panel :is(input, textarea, select)"));

player.onEnded((row) => {
  emit("playing");
  if (row === null) return;
  markPlayed(row);
  if (store.view !== "book" || row !== store.current || !isLeadingOn || isHeld()) return;
  const following = neighbour(1);
  if (!following) return;
  const pause = sentenceOf(row)?.pause_s ?? 0.35;
  pauseTimer = setTimeout(async () => {
    pauseTimer = 0;
    if (isHeld()) return emit("playing");
    await select(following, { keepPlaying: true });
    play(0);
  }, pause * 1000);
  emit("playing");
});

/** Called at every frame of playback: most of a sentence counts as played. */
export function notePosition(row, seconds, duration) {
  if (seconds > PLAYED_SHARE * duration) markPlayed(row);
}

function markPlayed(id) {
  const sentence = sentenceOf(id);
  if (!isWritable() || playedIds.has(id) || (sentence && sentence.marks & Mark.PLAYED)) return;
  playedIds.add(id);
  if (sentence) sentence.marks |= Mark.PLAYED;
  const found = [...allSentences()].find(([each]) => each[0] === id);
  if (found) found[0][1] |= Mark.PLAYED;
  emit("marks", id);
  clearTimeout(flushTimer);
  flushTimer = setTimeout(flushPlayed, 1200);
}

export async function flushPlayed() {
  if (!playedIds.size) return;
  const ids = [...playedIds];
  playedIds = new Set();
  await post("/api/played", { ids }).catch(() => {});
}

on("leave", flushPlayed);
