// Table of all takes: one page at a time, sorted and filtered by the server.

import { post } from "./api.js";
import { $, el, redraw, replace } from "./dom.js";
import { drawHistograms } from "./histograms.js";
import { onListRows, select } from "./selection.js";
import { emit, FILTERS, on, store } from "./store.js";

const LIMIT = 50;
const SHOWN_MEASURES = ["duration_s", "duration_ratio", "cer", "speaker_similarity", "semantic_distance", "snr_db"];
const MAX_MEASURES = 3;
const SHOWS = [...FILTERS.filter(({ name }) => name !== "doubtful").map(({ name, title }) => [name, title]), ["kept", "Kept"], ["rejected", "Rejected"]];

export const query = { show: "all", equal: {}, text: "", ranges: {}, sort: "position", is_descending: false, offset: 0, is_audit: false };
let page = { rows: [], total: 0, measures: [] };
let facts = { histograms: [], choices: {}, audit: null };
let serial = 0;
let nTurns = 0;

onListRows(() => page.rows, turnPage);

/** Ask for the page again; with `withFacts`, for the histograms too. */
export async function refresh(withFacts = true) {
  const mine = ++serial;
  const asked = [post("/api/table", { ...query, limit: LIMIT })];
  if (withFacts) asked.push(post("/api/histograms", query));
  const [found, counted] = await Promise.all(asked).catch(() => [null]);
  if (!found || mine !== serial) return;
  page = found;
  if (counted) facts = counted;
  redraw(draw);
}

/** Show the next (1) or previous (-1) page; false if there is none. */
async function turnPage(step) {
  const offset = query.offset + step * LIMIT;
  if (offset < 0 || offset >= page.total) return false;
  query.offset = offset;
  nTurns++;
  await refresh(false).finally(() => nTurns--);
  $("text").scrollTop = 0;
  return true;
}

/** True while the next or previous page is on its way. */
export const isTurning = () => nTurns > 0;

/** Show the next (1) or previous (-1) page, and choose its first row. */
export async function stepPage(step) {
  if (await turnPage(step)) await select(page.rows[0].id);
}

function change(values) {
  Object.assign(query, { offset: 0 }, values);
  refresh();
}

function draw() {
  if (store.view !== "table") return;
  drawToolbar();
  drawHistograms(facts, query, change, drawAudit());
  const columns = shownMeasures();
  replace($("text"), el("div", { class: "scroll" }, el("table", { class: "takes-table" },
    el("caption", { class: "hidden" }, "Takes of the run"),
    el("thead", {}, el("tr", {}, heading("id", "Id"), heading("voice", "Voice"), heading("text_norm", "Text", "wide"),
      columns.map((measure) => heading(measure.column, measure.short + (measure.unit ? `, ${measure.unit}` : ""), "number")), heading("verdict", "State"))),
    el("tbody", {}, page.rows.map((row) => drawRow(row, columns))))), pager());
  markCurrent();
}

/** The most telling measures that the run has, and the one that the rows are sorted by. */
function shownMeasures() {
  const present = new Set(facts.histograms.map((histogram) => histogram.column));
  const wanted = [query.sort, ...SHOWN_MEASURES].filter((name) => present.has(name));
  const names = [...new Set(wanted)].slice(0, MAX_MEASURES);
  return page.measures.filter((measure) => names.includes(measure.column));
}

function heading(column, title, kind = "") {
  const isSorted = query.sort === column;
  return el("th", { scope: "col", class: kind, "aria-sort": isSorted ? (query.is_descending ? "descending" : "ascending") : null },
    el("button", { type: "button", id: `sort-${column}`, onclick: () => sortBy(column) }, title,
      el("span", { "aria-hidden": "true" }, isSorted ? (query.is_descending ? " ↓" : " ↑") : "")));
}

async function sortBy(column) {
  if (query.sort !== column) Object.assign(query, { sort: column, is_descending: false });
  else if (!query.is_descending) query.is_descending = true;
  else Object.assign(query, { sort: "position", is_descending: false });
  query.offset = 0;
  await refresh(false);
}

function drawRow(row, measures) {
  const flags = row.flags || [];
  const state = row.verdict ? { pin: "pinned", keep: "kept", reject: "rejected" }[row.verdict]
    : row.status !== "ok" ? row.error_kind || "failed" : flags.length ? flags.join(", ").replaceAll("_", " ") : row.listened ? "played" : "";
  const tone = row.verdict === "reject" || row.status !== "ok" ? "bad" : row.verdict ? "good" : flags.length ? "doubt" : "";
  return el("tr", { data: { id: row.id } },
    el("th", { scope: "row" }, el("button", { type: "button", tabindex: "-1", class: "id", id: `row-${row.id}` }, row.id)),
    el("td", {}, row.voice || ""), el("td", { class: "wide", title: row.note || null }, row.text_norm || row.error || ""),
    measures.map((measure) => el("td", { class: "number" }, row[measure.column] === null ? "" : row[measure.column].toFixed(measure.n_decimals))),
    el("td", { class: `state-cell ${tone}` }, state));
}

function pager() {
  const last = Math.min(query.offset + LIMIT, page.total);
  return el("p", { class: "pager" },
    el("button", { type: "button", class: "act", id: "page-previous", disabled: query.offset === 0, onclick: () => stepPage(-1) }, "Previous"),
    el("span", { role: "status" }, page.total ? `${(query.offset + 1).toLocaleString("en")} – ${last.toLocaleString("en")} of ${page.total.toLocaleString("en")}` : "No rows"),
    el("button", { type: "button", class: "act", id: "page-next", disabled: last >= page.total, onclick: () => stepPage(1) }, "Next"));
}

function drawToolbar() {
  if ($("filters").contains(document.activeElement) && document.activeElement.id === "search") return;
  const chips = SHOWS.map(([name, title]) => el("button", { type: "button", class: "chip", id: `show-${name}`, "aria-pressed": String(query.show === name),
    onclick: () => change({ show: name }) }, title));
  const picker = (name, all) => (facts.choices[name]?.length > (name === "voice" || name === "language" ? 1 : 0)
    ? el("select", { id: `only-${name}`, "aria-label": all, class: query.equal[name] ? "on" : "", onchange: (event) => change({ equal: { ...query.equal, [name]: event.target.value } }) },
      el("option", { value: "" }, all), facts.choices[name].map((value) => el("option", { value, selected: query.equal[name] === value }, value.replaceAll("_", " "))))
    : null);
  const search = el("input", { id: "search", type: "search", placeholder: "Find text or id", "aria-label": "Find text or id", value: query.text });
  let timer = 0;
  search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => change({ text: search.value }), 250); });
  replace($("filters"), search, chips, picker("voice", "All voices"), picker("language", "All languages"), picker("flag", "All flags"), picker("error_kind", "All errors"));
}

function drawAudit() {
  const { audit } = facts;
  if (!audit) {
    const number = el("input", { id: "audit-n", inputmode: "numeric", value: "100", "aria-label": "Number of rows to draw" });
    return el("form", { class: "audit", onsubmit: (event) => { event.preventDefault(); drawSample(Number(number.value)); } },
      el("h3", {}, "Audit"), el("p", {}, "Judge a random sample to estimate the share of bad takes."),
      el("div", {}, number, el("button", { type: "submit", class: "act", id: "audit-draw" }, "Draw")));
  }
  const percent = (share) => (100 * share).toFixed(1).replace(/\.0$/, "");
  const estimate = audit.n_judged ? `${percent(audit.low)} to ${percent(audit.high)} % bad at 95 %` : "play and decide";
  return el("div", { class: "audit" }, el("h3", {}, "Audit"),
    el("p", { id: "audit-result" }, `${audit.n_drawn} drawn, ${audit.n_judged} judged, ${audit.n_rejected} rejected: `, el("b", {}, estimate)),
    el("p", {}, `Seed ${audit.seed}`),
    el("div", {},
      el("button", { type: "button", class: "act", id: "audit-only", "aria-pressed": String(query.is_audit), onclick: () => change({ is_audit: !query.is_audit }) }, "Sample only"),
      el("button", { type: "button", class: "act", id: "audit-end", onclick: endAudit }, "End")));
}

async function drawSample(n) {
  if (!Number.isInteger(n) || n < 1) return;
  const answer = await post("/api/audit", { ...query, n_rows: n }).catch(() => null);
  if (answer) change({ is_audit: true, sort: "position", is_descending: false });
}

async function endAudit() {
  await post("/api/audit", { n_rows: 0 }).catch(() => null);
  change({ is_audit: false });
}

function markCurrent() {
  for (const row of $("text").querySelectorAll("tr[data-id]")) {
    const isCurrent = row.dataset.id === store.current;
    row.classList.toggle("now", isCurrent);
    row.querySelector("button").tabIndex = isCurrent ? 0 : -1;
    if (isCurrent) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

export function listen() {
  $("text").addEventListener("click", (event) => {
    const row = event.target.closest?.("tr[data-id]");
    if (row && store.view === "table") select(row.dataset.id);
  });
  on("select", () => {
    if (store.view !== "table") return;
    markCurrent();
    $("text").querySelector("tr.now")?.scrollIntoView({ block: "nearest" });
  });
  on("updated", () => { if (store.view === "table") refresh(); });
}

/** Show the first page, and its first row if none is current. */
export async function open() {
  await refresh();
  if (!store.current && page.rows.length) await select(page.rows[0].id);
}
