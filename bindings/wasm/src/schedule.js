import { Extension, Form, Text } from "./interface.js";
import { Handle, check, checked, count, doublesAt, int64, made, textOf, use, wasm } from "./memory.js";

/** What stands for a schedule in a call: one, or a text. */
export function asSchedule(value) {
  return value instanceof Schedule ? value : new Schedule(value);
}

/** A pure function of the step: a multiplier of the base rate. */
export class Schedule extends Handle {
  /** @param {string | number} text Its text form, or the address of a schedule that becomes this object's. */
  constructor(text, { total } = {}) {
    const parse = (frame) => {
      const [address, size] = frame.text(text);
      const read = (out, error) =>
        total === undefined
          ? wasm.stepsize_schedule_parse(address, size, out, error)
          : wasm.stepsize_schedule_bind(address, size, int64(total), out, error);
      return made(frame, read, text);
    };
    super(typeof text === "number" ? text : use(parse), wasm.stepsize_schedule_destroy);
  }

  /** A list of multipliers, one for each update. */
  static table(values) {
    return adopt((frame) => {
      const [address, size] = frame.numbers(values);
      return made(frame, (out, error) => wasm.stepsize_schedule_table(address, size, out, error));
    });
  }

  /** Knots with straight lines between them, nowhere off the values by more than `tolerance`. */
  static fit(values, tolerance) {
    return adopt((frame) => {
      const [address, size] = frame.numbers(values);
      return made(frame, (out, error) => wasm.stepsize_schedule_fit(address, size, tolerance, 0, out, error));
    });
  }

  at(step) {
    return wasm.stepsize_schedule_at(this.address, int64(step));
  }

  /** The rates of `size` updates from `first` on, every `stride`-th. */
  fill(first, size, { stride = 1, baseLr = 1 } = {}) {
    return use((frame) => {
      const out = frame.block(8 * size);
      check(wasm.stepsize_schedule_fill(this.address, int64(first), int64(stride), baseLr, out, size));
      return doublesAt(out, size);
    });
  }

  /** Infinity for a schedule without an end. */
  get length() {
    return count(wasm.stepsize_schedule_length(this.address));
  }

  /** How many updates a picture shows. */
  get horizon() {
    return count(wasm.stepsize_schedule_horizon(this.address));
  }

  /** The canonical text form. */
  toString() {
    return textOf((buffer, capacity, size) => wasm.stepsize_schedule_print(this.address, buffer, capacity, size));
  }

  then(next) {
    return this.#with(next, wasm.stepsize_schedule_sequence);
  }

  times(factor) {
    if (typeof factor !== "number") return this.#with(factor, wasm.stepsize_schedule_product);
    return adopt((frame) =>
      made(frame, (out, error) => wasm.stepsize_schedule_scale(this.address, factor, out, error)),
    );
  }

  #with(other, combine) {
    const { address } = asSchedule(other);
    return adopt((frame) => made(frame, (out, error) => combine(this.address, address, out, error)));
  }

  clamped(min, max) {
    return adopt((frame) =>
      made(frame, (out, error) => wasm.stepsize_schedule_clamp(this.address, min, max, out, error)),
    );
  }

  /** The same schedule with another length; `policy` is "rescale", "hold" or "continue" (from `step` on). */
  extended(total, { policy = "rescale", step = 0 } = {}) {
    const how = Extension[policy.toUpperCase()];
    if (how === undefined) throw new RangeError(`stepsize: policy = ${policy}, expected rescale, hold or continue`);
    return adopt((frame) =>
      made(frame, (out, error) =>
        wasm.stepsize_schedule_extend(this.address, int64(total), how, int64(step), out, error),
      ),
    );
  }

  /** The phase that a step is in. */
  phase(step) {
    return use((frame) => {
      const phase = frame.struct("stepsize_phase");
      check(wasm.stepsize_schedule_phase(this.address, int64(step), phase.address));
      return phaseOf(phase);
    });
  }

  /** The named phases in order, those that begin before the update `before`; at most `limit`. */
  phases({ before = this.length, limit = 1000 } = {}) {
    const found = [];
    const end = int64(before);
    for (let t = 0n; t < end && found.length < limit; ) {
      const phase = this.phase(t);
      const until = int64(phase.until);
      if (phase.name) found.push({ ...phase, from: count(t) });
      if (until <= t) break;
      t = until;
    }
    return found;
  }

  /** How it is composed: {form, name, phase, factor, partCount, parameterCount}. */
  get structure() {
    return use((frame) => {
      const structure = frame.struct("stepsize_structure");
      check(wasm.stepsize_schedule_structure(this.address, structure.address));
      const { form, name, phase, factor, part_count, parameter_count } = structure.all();
      const word = Object.keys(Form)[Object.values(Form).indexOf(form)].toLowerCase();
      return { form: word, name, phase, factor, partCount: part_count, parameterCount: parameter_count };
    });
  }

  /** The parts that `structure` counts. */
  get parts() {
    return Array.from({ length: this.structure.partCount }, (_, index) =>
      adopt((frame) => made(frame, (out) => wasm.stepsize_schedule_part(this.address, index, 0, out))),
    );
  }

  /** The parameters of a schedule of the catalogue: {name, value}. */
  get parameters() {
    return Array.from({ length: this.structure.parameterCount }, (_, index) => {
      const text = (what) =>
        textOf((buffer, capacity, size) =>
          wasm.stepsize_schedule_parameter(this.address, index, what, buffer, capacity, size),
        );
      return { name: text(Text.NAME), value: text(Text.VALUE) };
    });
  }
}

export const adopt = (make) => new Schedule(use(make));

/** A stepsize_phase in the words of JavaScript. */
export function phaseOf(struct) {
  const { name, entered, start, length, position, progress, until } = struct.all();
  return {
    name, entered: entered !== 0, start: count(start), length: count(length), position: count(position), progress,
    until: count(until),
  };
}
