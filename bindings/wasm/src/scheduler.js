import { Decision, Needs, Stop, Trial } from "./interface.js";
import { Controller } from "./controller.js";
import { Handle, check, checked, count, doublesAt, int32At, int64, made, sizeAt, textOf, use, wasm, written } from "./memory.js";
import { Schedule, adopt, asSchedule, phaseOf } from "./schedule.js";

/** The name of a constant as a word, such as "raised". */
const word = (constants, value) =>
  (Object.keys(constants).find((name) => constants[name] === value) ?? String(value)).toLowerCase();

const list = (values) => (values === undefined ? [] : values);

/** What a training loop holds: step, base rates, a schedule, controllers. */
export class Scheduler extends Handle {
  /**
   * @param {string | number} text Controllers and schedule, or the address of a scheduler that becomes this object's.
   * @param {number | Iterable<number>} baseLr One base rate, or one for each parameter group.
   */
  constructor(text, baseLr, { minLr, maxLr, record = false, total, normCapacity = 0 } = {}) {
    const parse = (frame) => {
      const options = frame.struct("stepsize_scheduler_options");
      check(wasm.stepsize_scheduler_defaults(options.address, options.size));
      const [base_lr, group_count] = frame.numbers(baseLr);
      const [min_lr, min_lr_count] = frame.numbers(list(minLr));
      const [max_lr, max_lr_count] = frame.numbers(list(maxLr));
      options.set({
        base_lr, group_count, min_lr, min_lr_count, max_lr, max_lr_count, record: record ? 1 : 0,
        norm_capacity: int64(normCapacity), total: int64(total ?? 0),
      });
      const [address, size] = frame.text(text);
      const read = (out, error) => wasm.stepsize_scheduler_parse(address, size, options.address, out, error);
      return made(frame, read, text);
    };
    super(typeof text === "number" ? text : use(parse), wasm.stepsize_scheduler_destroy);
  }

  /** From what `save` has returned, in this or another language. */
  static restore(state) {
    return new Scheduler(
      use((frame) => {
        const [address, size] = frame.bytes(state);
        return made(frame, (out, error) => wasm.stepsize_scheduler_restore(address, size, out, error));
      }),
    );
  }

  /** Everything that is needed to continue, as bytes. */
  save() {
    return use((frame) =>
      written(frame, 0, (buffer, capacity, size) => wasm.stepsize_scheduler_save(this.address, buffer, capacity, size)),
    );
  }

  /** The rate of the first group for the current update. */
  get lr() {
    return wasm.stepsize_scheduler_lr(this.address, 0);
  }

  /** The rates of all groups for the current update. */
  get lrs() {
    return this.#rates((out, size) => wasm.stepsize_scheduler_rates(this.address, out, size));
  }

  #rates(call) {
    return use((frame) => {
      const size = this.groupCount;
      const out = frame.block(8 * size);
      check(call(out, size));
      return doublesAt(out, size);
    });
  }

  /** After an update: shows its loss, if there is one, to the controller and returns the next rate of the first group. */
  step(loss) {
    check(
      loss === undefined
        ? wasm.stepsize_scheduler_step(this.address, 0, 0)
        : wasm.stepsize_scheduler_step_with_loss(this.address, loss, 0, 0),
    );
    return this.lr;
  }

  /** Goes on without showing a loss, by that many updates. */
  advance(updates = 1) {
    check(wasm.stepsize_scheduler_advance_by(this.address, int64(updates), 0, 0));
    return this.lr;
  }

  /** Before an update: what is known of it, {loss, grad_norm, …}, of all groups together or in a list of each. */
  observe(observation) {
    const observations = Array.isArray(observation) ? observation : [observation];
    use((frame) => {
      const { size } = frame.struct("stepsize_observation");
      const all = frame.block(size * observations.length);
      observations.forEach((numbers, index) => {
        let given = 0;
        for (const name of Object.keys(numbers)) {
          const bit = Needs[`SCALAR_${name.toUpperCase()}`];
          if (bit === undefined) throw new RangeError(`stepsize: an observation has no number ${name}`);
          given |= bit;
        }
        const one = frame.struct("stepsize_observation", { ...numbers, given });
        new Uint8Array(wasm.memory.buffer).copyWithin(all + index * size, one.address, one.address + size);
      });
      checked(frame, (error) => wasm.stepsize_scheduler_observe(this.address, all, observations.length, 0, 0, error));
    });
    return this.lr;
  }

  /** Before an update: products of its gradient and the last update, for a hypergradient controller. */
  observeGradient(dots, norms) {
    use((frame) => {
      const [address, size] = frame.numbers(dots);
      const [other, otherSize] = norms === undefined ? [0, size] : frame.numbers(norms);
      if (otherSize !== size) throw new RangeError("stepsize: expected as many norms as dots");
      check(wasm.stepsize_scheduler_observe_gradient(this.address, address, other, size, 0, 0));
    });
    return this.lr;
  }

  /** Begins a line search: returns the rate of the first trial. */
  propose(loss, squaredNorms) {
    use((frame) => {
      const [norms, size] = frame.numbers(squaredNorms);
      check(wasm.stepsize_scheduler_propose(this.address, loss, norms, size, 0, 0));
    });
    return this.lr;
  }

  /** Judges a trial by the loss after it: "accepted", "retry" or "failed". */
  report(loss, squaredDistances = []) {
    return use((frame) => {
      const trial = frame.block(4);
      const [distances, size] = frame.numbers(squaredDistances);
      check(wasm.stepsize_scheduler_report(this.address, loss, distances, size, trial, 0, 0));
      return word(Trial, int32At(trial));
    });
  }

  /** Another schedule from the current update on. */
  extend(schedule) {
    const { address } = asSchedule(schedule);
    use((frame) => checked(frame, (error) => wasm.stepsize_scheduler_extend(this.address, address, error)));
  }

  /** The update that the current rates are for. */
  get currentStep() {
    return count(wasm.stepsize_scheduler_get_step(this.address));
  }

  set currentStep(step) {
    check(wasm.stepsize_scheduler_set_step(this.address, int64(step)));
  }

  get groupCount() {
    return wasm.stepsize_scheduler_group_count(this.address);
  }

  /** What the controller did with the last loss, such as "raised". */
  get decision() {
    return word(Decision, wasm.stepsize_scheduler_decision(this.address));
  }

  /** What the scheduler has to be shown: a sum of `Needs`. */
  get needs() {
    return wasm.stepsize_scheduler_needs(this.address);
  }

  /** Why the training can stop: "none", "end", "minimum" or "early". */
  get stopReason() {
    return word(Stop, wasm.stepsize_scheduler_stop_reason(this.address));
  }

  get finished() {
    return wasm.stepsize_scheduler_finished(this.address) !== 0;
  }

  get phase() {
    return use((frame) => {
      const phase = frame.struct("stepsize_phase");
      check(wasm.stepsize_scheduler_phase(this.address, phase.address));
      return phaseOf(phase);
    });
  }

  /** Its schedule; null if it has none. */
  get schedule() {
    const address = use((frame) => made(frame, (out) => wasm.stepsize_scheduler_schedule(this.address, out)));
    return address === 0 ? null : new Schedule(address);
  }

  /** Its controllers: first the one that moves the rates, then the early stop rules. */
  get controllers() {
    const found = [];
    for (;;) {
      const next = (out) => wasm.stepsize_scheduler_controller(this.address, found.length, out);
      const address = use((frame) => made(frame, next));
      if (address === 0) return found;
      found.push(new Controller(address));
    }
  }

  /** The recorded rates of a group, one for each update. */
  recorded(group = 0) {
    return use((frame) => {
      const range = frame.block(16);
      check(wasm.stepsize_scheduler_record_range(this.address, range, range + 8));
      const size = Number(new DataView(wasm.memory.buffer).getBigInt64(range + 8, true));
      const out = frame.block(8 * size);
      check(wasm.stepsize_scheduler_record(this.address, group, 0n, out, size, range));
      return doublesAt(out, sizeAt(range));
    });
  }

  /** The recorded rates as a schedule for a base rate of 1. */
  replay(group = 0) {
    return adopt((frame) =>
      made(frame, (out, error) => wasm.stepsize_scheduler_replay(this.address, group, out, error)),
    );
  }

  /** The text form of controllers and schedule. */
  toString() {
    return textOf((buffer, capacity, size) => wasm.stepsize_scheduler_print(this.address, buffer, capacity, size));
  }
}
