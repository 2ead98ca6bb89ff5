// Requests to the desk; a failure becomes a notice and an exception.

import { $ } from "./dom.js";

export class DeskError extends Error {}

async function answer(response) {
  let body = null;
  try {
    body = await response.json();
  } catch {
    throw new DeskError(response.status === 403 ? "The desk was restarted. Open its new address." : "The desk gave no answer.");
  }
  if (!response.ok) throw new DeskError(body.error || `Error ${response.status}`);
  return body;
}

async function request(path, options) {
  try {
    return await answer(await fetch(path, options));
  } catch (error) {
    const failure = error instanceof DeskError ? error : new DeskError("The desk does not respond. Is it still running?");
    notice(failure.message, true);
    throw failure;
  }
}

export const get = (path) => request(path, { headers: { accept: "application/json" } });
export const post = (path, body) =>
  request(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
export const audioPath = (row, take) => `/api/rows/${encodeURIComponent(row)}/takes/${encodeURIComponent(take)}/audio`;

let timer = 0;
export function notice(message, isBad = false, lasting = false) {
  const box = $("notice");
  clearTimeout(timer);
  box.textContent = message;
  box.classList.toggle("bad", isBad);
  box.hidden = !message;
  if (message && !lasting) timer = setTimeout(() => { box.hidden = true; }, 8000);
}
