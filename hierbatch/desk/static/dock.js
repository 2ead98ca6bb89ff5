// Player at the foot of the page: play button, picture of the take, and the takes to compare.

import { $, el, icon, redraw, replace } from "./dom.js";
import { clear, draw, drawPosition, timeAt } from "./picture.js";
import * as player from "./player.js";
import { light } from "./book.js";
import { openSheet } from "./panel.js";
import { chooseTake, isPlaying, notePosition, play, spokenTakes, toggle } from "./selection.js";
import { on, store } from "./store.js";

const PLAY = "M7 4.5v15l13-7.5z", PAUSE = "M6 5h4v14H6zM14 5h4v14h-4z";
let loaded = null;

export function drawDock() {
  const button = el("button", { type: "button", class: "play", id: "play", "aria-label": "Play", "aria-keyshortcuts": "Space", onclick: () => toggle() }, icon(PLAY));
  const picture = el("div", { class: "picture", id: "picture" },
    el("canvas", { id: "sound", role: "img", "aria-label": "Waveform and spectrogram" }), el("canvas", { id: "position", "aria-hidden": "true" }));
  picture.addEventListener("click", (event) => {
    if (!loaded) return;
    const box = picture.getBoundingClientRect();
    play(timeAt(event.clientX - box.left, box, loaded.buffer.duration));
  });
  replace($("dock"), button, picture,
    el("div", { class: "takes", id: "takes", role: "radiogroup", "aria-label": "Takes", onkeydown: stepTake }),
    el("button", { type: "button", class: "edit", id: "edit-button", onclick: openSheet }, "Edit"));
}

export function drawTakes() {
  const takes = spokenTakes(), current = takes.find((take) => take.is_current);
  redraw(() => replace($("takes"), takes.map((take, at) => {
    const isShown = take.name === store.take;
    const hint = take.verdict ? { pin: "pinned", keep: "kept", reject: "rejected" }[take.verdict]
      : take.is_current ? "now" : take.attempt > (current?.attempt ?? 0) ? "new" : "earlier";
    return el("button", {
      type: "button", class: "take", id: `take-${at + 1}`, role: "radio", "aria-checked": String(isShown), tabindex: isShown || (!store.take && !at) ? "0" : "-1",
      "aria-keyshortcuts": at < 9 ? String(at + 1) : null, onclick: () => chooseTake(at + 1),
    }, `${at + 1}`, el("small", {}, `${hint} · ${take.duration_s.toFixed(1)} s`));
  })));
  $("takes").querySelector("[aria-checked=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** Arrow keys move between the takes, as in any group of radio buttons. */
function stepTake(event) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const n = spokenTakes().length, at = spokenTakes().findIndex((take) => take.name === store.take);
  if (!step || !n) return;
  event.preventDefault();
  const to = ((at < 0 ? 0 : at + step) + n) % n;
  chooseTake(to + 1);
  $(`take-${to + 1}`)?.focus();
}

async function drawPicture() {
  const { current, take } = store;
  loaded = null;
  drawPosition($("position"), null);
  if (!take) return clear($("sound"));
  const found = await player.load(current, take).catch(() => null);
  if (!found || store.current !== current || store.take !== take) return;
  loaded = found;
  draw($("sound"), found, store.words);
}

function drawButton() {
  const button = $("play");
  button.setAttribute("aria-label", isPlaying() ? "Pause" : "Play");
  replace(button, icon(isPlaying() ? PAUSE : PLAY));
}

function follow() {
  const seconds = player.position();
  if (seconds !== null && loaded) {
    drawPosition($("position"), seconds / loaded.buffer.duration);
    light(seconds);
    notePosition(player.playingRow(), seconds, loaded.buffer.duration);
  } else if (!player.isPlaying()) {
    light(null);
  }
  if (player.isPlaying()) requestAnimationFrame(follow);
}

on("take", () => { drawPicture(); drawTakes(); });
on("row", drawTakes);
on("select", () => replace($("takes")));
on("playing", () => { drawButton(); requestAnimationFrame(follow); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawPicture);
let resizing = 0;
// The dock is wider in the list of words, where no panel is beside it.
new ResizeObserver(() => { clearTimeout(resizing); resizing = setTimeout(drawPicture, 60); }).observe($("dock"));
