// What rules would have made of the numbers that a run has logged.
import { Schedule, Scheduler, refine } from "./stepsize/index.js";

const isNumber = (word) => /^[-+]?(nan|inf(inity)?)$/i.test(word) || (word !== "" && Number.isFinite(Number(word)));
const asNumber = (word) => (/inf/i.test(word) ? (word.startsWith("-") ? -Infinity : Infinity) : Number(word));

/** {names, columns}: the numbers of a list, or of a table with a header or without. */
export function parse(text) {
  const rows = text
    .replace(/[[\]{}()"']/g, " ")
    .split(/\r?\n/)
    .map((line) => line.trim().split(/[,;\s]+/).filter(Boolean))
    .filter((row) => row.length > 0);
  const header = rows.length > 1 && !rows[0].every(isNumber) ? rows.shift() : null;
  const wrong = rows.flat().find((word) => !isNumber(word));
  const width = rows[0]?.length ?? 0;
  const isTable = rows.length > 1 && width > 1 && width < 50 && rows.every((row) => row.length === width) && (header || width < 8);
  if (!isTable) {
    if (wrong !== undefined) throw new Error(`“${wrong.slice(0, 30)}” is not a number`);
    return { names: [header?.[0] ?? "values"], columns: [rows.flat().map(asNumber)] };
  }
  const columns = Array.from({ length: width }, (_, i) => rows.map((row) => (isNumber(row[i]) ? asNumber(row[i]) : NaN)));
  return { names: header?.length === width ? header : columns.map((_, i) => `column ${i + 1}`), columns };
}

/** The column that most likely has what is wanted: by its name, else the last one. */
export function likely(names, kind) {
  const wanted = kind === "losses" ? /loss/i : /norm|grad/i;
  const found = names.findIndex((name) => wanted.test(name));
  return found < 0 ? names.length - 1 : found;
}

/** The rates that a scheduler would have used, and what it did. */
export function replay(text, lr, total, losses, every) {
  const scheduler = new Scheduler(text, lr, { record: true, total });
  const counts = {};
  let stop = null;
  for (const loss of losses) {
    if (every > 1) scheduler.advance(every - 1);
    scheduler.step(loss);
    const { decision } = scheduler;
    counts[decision] = (counts[decision] ?? 0) + 1;
    if (stop === null && scheduler.stopReason === "early") stop = scheduler.currentStep;
  }
  return { rates: scheduler.recorded(), counts, stop, next: scheduler.lr };
}

/** A refinement of gradient norms, and a short text that follows it. */
export function refinement(norms, optimizer, every) {
  const found = refine(norms, { optimizer, total: norms.length * every });
  return { ...found, text: String(Schedule.fit(found.values, 0.01)) };
}

/** Numbers to try it with: a decay with noise, made by the library. */
export const sample = () => new Schedule("clamp(inverse_time(0.03), min=0.15) * noise(std=0.06, seed=3)").fill(0, 500);
