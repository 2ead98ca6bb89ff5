// Elements by tag, properties and children; no HTML is ever parsed from data.

export const $ = (id) => document.getElementById(id);

export function el(tag, properties = {}, ...children) {
  const made = ["svg", "path", "rect"].includes(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export function replace(parent, ...children) {
  parent.replaceChildren(...children.flat().filter(Boolean));
}

/** Draw, then give the focus back to the element with the id of the one that had it. */
export function redraw(draw) {
  const id = document.activeElement?.id;
  draw();
  if (id && document.activeElement?.id !== id) $(id)?.focus({ preventScroll: true });
}

export const isField = (node) => /^(INPUT|TEXTAREA|SELECT)$/.test(node?.tagName ?? "");

/** Focus the current sentence or row, unless someone writes in a field. */
export function focusCurrent() {
  if (!isField(document.activeElement)) document.querySelector(".s.now, tr.now .id")?.focus({ preventScroll: true });
}

/** Read a short message to screen readers. */
export function say(message) {
  $("live").textContent = message;
}

export function icon(path) {
  return el("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, el("path", { d: path }));
}

export function clock(seconds) {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [h, m, s] = parts.map((part) => String(part).padStart(2, "0"));
  return parts[0] ? `${parts[0]}:${m}:${s}` : `${parts[1]}:${s}`;
}
