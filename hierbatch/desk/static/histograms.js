// Histograms of all measures; a range is chosen by dragging over one, or by its two numbers.

import { $, el, replace } from "./dom.js";

const WIDTH = 200, HEIGHT = 44;

export function drawHistograms(facts, query, change, audit) {
  const focusedId = $("measures").contains(document.activeElement) ? document.activeElement.id : "";
  const drawn = facts.histograms.map((histogram) => drawHistogram(histogram, query, change));
  replace($("measures"), el("h2", { class: "hidden" }, "Measures"), audit, drawn);
  if (focusedId) $(focusedId)?.focus();
}

function drawHistogram(histogram, query, change) {
  const { column, title, unit, low, high } = histogram;
  const range = query.ranges[column];
  const digits = histogram.n_decimals;
  const top = Math.max(1, ...histogram.all);
  const bar = WIDTH / histogram.all.length;
  // Small counts stay visible: the height is the square root of the count.
  const path = (counts) => counts.map((count, at) => {
    const height = Math.sqrt(count / top) * (HEIGHT - 2);
    return count ? `M${(at * bar).toFixed(2)} ${HEIGHT}v${-Math.max(1, height).toFixed(2)}h${(bar - 0.6).toFixed(2)}V${HEIGHT}z` : "";
  }).join("");
  const brush = el("rect", { class: "brush", y: 0, height: HEIGHT, x: 0, width: 0 });
  const picture = el("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "bars", "aria-hidden": "true" },
    brush, el("path", { class: "all", d: path(histogram.all) }), el("path", { class: "selected", d: path(histogram.selected) }));
  const place = (from, to) => {
    const x = ((from - low) / (high - low || 1)) * WIDTH;
    brush.setAttribute("x", x);
    brush.setAttribute("width", Math.max(0, ((to - low) / (high - low || 1)) * WIDTH - x));
  };
  if (range) place(...range);
  const set = (from, to) => {
    const ranges = { ...query.ranges };
    if (from <= low && to >= high) delete ranges[column];
    else ranges[column] = [Math.min(from, to), Math.max(from, to)];
    change({ ranges });
  };
  drag(picture, (from, to) => place(from, to), set, low, high);
  const limit = (id, value, label) => {
    const input = el("input", { id: `range-${column}-${id}`, inputmode: "decimal", "aria-label": `${title}, ${label}`, value: value.toFixed(digits) });
    input.addEventListener("change", () => {
      const number = Number(input.value.replace(",", "."));
      if (Number.isNaN(number)) return;
      const [from, to] = range ?? [low, high];
      if (id === "low") set(number <= Number(low.toFixed(digits)) ? low : number, to);
      else set(from, number >= Number(high.toFixed(digits)) ? high : number);
    });
    return input;
  };
  return el("div", { class: "measure" },
    el("h3", {}, el("span", {}, title), el("small", {}, unit ? `, ${unit}` : ""),
      range ? el("button", { type: "button", class: "clear", "aria-label": `All values of ${title}`, onclick: () => set(low, high) }, "×") : null),
    picture, el("div", { class: "limits" }, limit("low", range?.[0] ?? low, "lowest"), limit("high", range?.[1] ?? high, "highest")));
}

function drag(picture, preview, set, low, high) {
  let from = null;
  const at = (event) => {
    const box = picture.getBoundingClientRect();
    return low + Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * (high - low);
  };
  picture.addEventListener("pointerdown", (event) => { from = at(event); picture.setPointerCapture(event.pointerId); });
  picture.addEventListener("pointermove", (event) => { if (from !== null) preview(Math.min(from, at(event)), Math.max(from, at(event))); });
  picture.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const to = at(event), start = from;
    from = null;
    if (Math.abs(to - start) > (high - low) / 200) set(Math.min(start, to), Math.max(start, to));
    else set(low, high);
  });
  picture.addEventListener("pointercancel", () => { from = null; });
}
