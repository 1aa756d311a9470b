// Elements, and numbers as people read them.
export const $ = (id) => document.getElementById(id);

/** An element: `make("p", { class: "hint" }, "text", other)`; a property that begins with "on" is a listener. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export function number(value) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e6 ? value.toExponential(3).replace(/\.?0+e\+?/, "e") : String(Number(value.toPrecision(5)));
}

export const updates = (value) => (value === Infinity ? "no end" : value.toLocaleString("en"));
/** The class that has the colour of a curve. */
export const colour = (index) => `k${index % 10}`;
export const swatch = (index, dashed = false) =>
  make("span", { class: `swatch ${colour(index)}${dashed ? " dashed" : ""}`, "aria-hidden": "true" });

/** The text with the place of an error marked. */
export function marked(text, offset) {
  const rest = text.slice(offset);
  const length = /^\w+|^"[^"]*"?|^./u.exec(rest)?.[0].length ?? 0;
  return make("code", {}, text.slice(0, offset), make("mark", {}, length ? rest.slice(0, length) : "\u00a0"), rest.slice(length));
}

let timer;
export function say(text) {
  $("status").textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => ($("status").textContent = ""), 2500);
}

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied`);
  } catch {
    say("The browser does not let this page write to the clipboard");
  }
}
