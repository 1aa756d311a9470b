// Curves as SVG: what is drawn is asked of the library at one update per half pixel.
import { number, updates } from "./dom.js";

const LEFT = 64, RIGHT = 12, TOP = 26, BOTTOM = 38;
const clean = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** 1, 2 or 5 times a power of ten, so that there are about `count` steps. */
function step(span, count) {
  const power = 10 ** Math.floor(Math.log10(span / count));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => span / each <= count);
}

/**
 * Draws `curves` of {sample(first, stride, count), colour, dashed} over the updates 0 to `last`, and returns the function
 * that says which update is at a pixel.
 */
export function draw(element, { curves, last, log = false, phases = [], title, ticks = true, cursor, fromZero = true }) {
  const width = Math.max(element.clientWidth, 200);
  const height = element.clientHeight;
  const bottom = ticks ? BOTTOM : 8;
  const inner = width - LEFT - RIGHT;
  const top = TOP + (phases.length ? 20 : 0);
  const stride = Math.max(1, Math.ceil(last / (2 * inner)));
  const count = Math.floor(last / stride) + 1;
  const rows = curves.map((curve) => curve.sample(0, stride, count));
  const finite = rows.flatMap((row) => Array.from(row).filter(Number.isFinite));
  let high = finite.reduce((a, b) => Math.max(a, b), 0) || 1;
  let low = fromZero ? 0 : finite.reduce((a, b) => Math.min(a, b), high);
  if (low === high) low = fromZero ? 0 : high - 1;
  if (log) {
    low = finite.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), high);
    low = Math.max(10 ** Math.floor(Math.log10(low) + 1e-9), high * 1e-6);
    if (low >= high) low = high / 10;
  } else {
    high += (high - low) * 0.03;
  }
  const x = (t) => LEFT + (last === 0 ? 0 : (t / last) * inner);
  const part = (v) => (log ? Math.log(Math.max(v, low) / low) / Math.log(high / low) : (v - low) / (high - low));
  const y = (v) => height - bottom - Math.min(Math.max(part(v), 0), 1) * (height - bottom - top);

  let svg = `<svg width="${width}" height="${height}" aria-hidden="true">`;
  const marks = [];
  // One way of writing them along a scale: not 5e-4 beside 0.001.
  const label = log || high < 1e-3 || high >= 1e6 ? number : String;
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9), end = Math.floor(Math.log10(high) + 1e-9);
    for (let e = first; e <= end; e++) marks.push(Number(`1e${e}`));
    if (marks.length < 2) marks.push(low, high);
  } else {
    const size = step(high - low, Math.max(2, Math.floor((height - bottom - top) / 45)));
    for (let i = Math.ceil(low / size); i * size <= high; i++) marks.push(Number((i * size).toPrecision(12)));
  }
  for (const v of marks) {
    svg += `<line class="grid" x1="${LEFT}" x2="${width - RIGHT}" y1="${y(v)}" y2="${y(v)}"/>`;
    svg += `<text x="${LEFT - 8}" y="${y(v) + 4}" text-anchor="end">${label(v)}</text>`;
  }
  if (ticks) {
    const size = Math.max(1, step(last || 1, Math.max(2, Math.floor(inner / 90))));
    for (let t = 0; t <= last; t += size) {
      const anchor = x(t) > width - 40 ? "end" : "middle";
      svg += `<line class="axis" x1="${x(t)}" x2="${x(t)}" y1="${height - bottom}" y2="${height - bottom + 5}"/>`;
      svg += `<text x="${x(t)}" y="${height - bottom + 18}" text-anchor="${anchor}">${updates(t)}</text>`;
    }
    svg += `<text x="${LEFT + inner / 2}" y="${height - 2}" text-anchor="middle">update</text>`;
  }
  svg += `<text x="4" y="12">${clean(title)}</text>`;
  for (const { name, from, until } of phases) {
    const left = x(Math.min(from, last)), right = x(Math.min(until, last));
    svg += `<rect class="phase" x="${left}" width="${Math.max(right - left, 0)}" y="${TOP - 6}" height="18" rx="3"><title>${clean(name)}</title></rect>`;
    if (right - left > 7 * name.length + 8) {
      svg += `<text x="${(left + right) / 2}" y="${TOP + 7}" text-anchor="middle">${clean(name)}</text>`;
    }
  }
  svg += `<line class="axis" x1="${LEFT}" x2="${width - RIGHT}" y1="${height - bottom}" y2="${height - bottom}"/>`;
  rows.forEach((row, index) => {
    let path = "", pen = "M";
    row.forEach((v, i) => {
      if (!Number.isFinite(v)) return (pen = "M");
      path += `${pen}${x(i * stride).toFixed(1)} ${y(v).toFixed(1)}`;
      pen = "L";
    });
    const { colour, dashed } = curves[index];
    svg += `<path class="curve ${colour}" d="${path}"${dashed ? ' stroke-dasharray="6 3"' : ""}/>`;
  });
  if (cursor !== undefined) {
    svg += `<line class="cursor" x1="${x(cursor)}" x2="${x(cursor)}" y1="${top}" y2="${height - bottom}"/>`;
    for (const curve of curves) {
      const v = curve.sample(cursor, 1, 1)[0];
      if (Number.isFinite(v)) svg += `<circle cx="${x(cursor)}" cy="${y(v)}" r="4" class="dot ${curve.colour}"/>`;
    }
  }
  element.innerHTML = `${svg}</svg>`;
  return (pixel) => Math.round(Math.min(Math.max((pixel - LEFT) / inner, 0), 1) * last);
}
