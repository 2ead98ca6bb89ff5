// Edits that are not spoken yet: kept while other sentences are shown, and when the page is closed and opened again.

import { emit, store } from "./store.js";

let drafts = null;

const key = () => `drafts-${store.run.key}`;

function all() {
  if (drafts) return drafts;
  try {
    drafts = new Map(Object.entries(JSON.parse(localStorage.getItem(key()) || "{}")));
  } catch {
    drafts = new Map(); // storage is blocked or damaged: edits are kept until the page is closed
  }
  return drafts;
}

function save() {
  try {
    localStorage.setItem(key(), JSON.stringify(Object.fromEntries(all())));
  } catch {
    // as above
  }
  emit("drafts");
}

export const draftOf = (id) => all().get(id) ?? null;
export const draftCount = () => (store.run ? all().size : 0);

/** Keep the values of the fields of a row that differ from the row itself; without any, there is no draft. */
export function keepDraft(id, values) {
  const changed = Object.entries(values).filter(([, [value, own]]) => value !== own).map(([name, [value]]) => [name, value]);
  if (!changed.length && !all().has(id)) return;
  if (changed.length) all().set(id, Object.fromEntries(changed));
  else all().delete(id);
  save();
}

export function dropDraft(id) {
  if (all().delete(id)) save();
}

// Another tab of the same desk may have written.
addEventListener("storage", (event) => { if (store.run && event.key === key()) { drafts = null; emit("drafts"); } });
