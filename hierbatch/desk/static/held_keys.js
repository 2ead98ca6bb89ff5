// Keys pressed while the page loads what an earlier key asked for: they wait, so that typed text is never taken for decisions.

import { isField } from "./dom.js";

let held = null; // keys in order, while an answer is awaited

/** Hold a key, if an answer is awaited; true if it was held. */
export function hold({ key, code, ctrlKey, metaKey, altKey, shiftKey }) {
  if (!held || altKey || (key.length > 1 && !["Enter", "Backspace", "Tab"].includes(key))) return false;
  held.push({ key, code, isCommand: ctrlKey || metaKey, isBack: shiftKey });
  return true;
}

/** Forget the keys that are held. */
export function release() {
  held = null;
}

/**
 * Hold all keys until `loaded` is settled; then type them into the field that has the focus, or call `press` with each.
 * `first` is a key to begin with. Keys are forgotten if nothing could be loaded.
 */
export async function holdUntil(loaded, press, first = null) {
  const keys = first ? [first] : [];
  held = keys;
  const isLoaded = await loaded.then(() => true, () => false);
  if (held !== keys) return; // released
  held = null;
  for (let at = 0; isLoaded && at < keys.length; at++) {
    if (held) return held.push(...keys.slice(at)); // the key before asked for something, too
    if (isField(document.activeElement)) type(document.activeElement, keys[at]);
    else if (!keys[at].isCommand) press(keys[at]);
  }
}

function type(field, { key, isCommand, isBack }) {
  if (key === "Tab") return step(field, isBack ? -1 : 1);
  if (isCommand && key === "a") return field.select();
  if (isCommand && key === "Enter") return field.dispatchEvent(new KeyboardEvent("keydown", { key, ctrlKey: true, bubbles: true }));
  if (isCommand || key === "Enter" || !field.setRangeText) return;
  const { selectionStart: start, selectionEnd: end } = field;
  if (key === "Backspace") field.setRangeText("", start === end ? Math.max(0, start - 1) : start, end, "end");
  else field.setRangeText(key, start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** Focus the next (1) or previous (-1) element beside a field. */
function step(field, by) {
  const all = [...field.closest("#panel, main, header")?.querySelectorAll("textarea, input, select, button") ?? []];
  const usable = all.filter((each) => !each.disabled && each.offsetParent);
  usable[usable.indexOf(field) + by]?.focus();
}
