import { Optimizer, Suggest } from "./interface.js";
import { check, checked, count, doubleAt, doublesAt, int64, made, use, wasm } from "./memory.js";
import { Schedule, asSchedule } from "./schedule.js";

/** The bound of convex theory for a schedule, at its best base rate (arXiv 2310.07831, Theorem 10). */
export function score(schedule, { total = 0, norms = 1, distance = 1 } = {}) {
  const { address } = asSchedule(schedule);
  return use((frame) => {
    const result = frame.struct("stepsize_score_result");
    const [bounds, size] = frame.numbers(norms);
    check(wasm.stepsize_score(address, int64(total), bounds, size, distance, result.address));
    const found = result.all();
    return { ...found, count: count(found.count) };
  });
}

/** The bound at another base rate, with `a` and `b` of a score. */
export const scoreAt = (a, b, gamma) => wasm.stepsize_score_at(a, b, gamma);

/** A schedule from the gradient norms of an earlier run, and the findings on the way. */
export function refine(norms, { optimizer = "sgd", tau, total, floor, capped, distance, tolerance } = {}) {
  const kind = Optimizer[optimizer.toUpperCase()];
  if (kind === undefined) throw new RangeError(`stepsize: optimizer = ${optimizer}, expected sgd or adam`);
  return use((frame) => {
    const options = frame.struct("stepsize_refine_options");
    check(wasm.stepsize_refine_defaults(options.address, options.size));
    const given = { optimizer: kind, tau, floor, distance };
    given.total = total === undefined ? undefined : int64(total);
    given.capped = capped === undefined ? undefined : Number(capped);
    options.set(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)));
    const [address, size] = frame.numbers(norms);
    const length = total ?? size;
    const out = frame.block(8 * length);
    const result = frame.struct("stepsize_refine_result");
    checked(frame, (error) =>
      wasm.stepsize_refine(options.address, address, size, out, length, result.address, error),
    );
    const { collapsed, warmup, anneal_start, repaired_count, zero_count, raised_count, suggested_floor, base_lr, ...rest } =
      result.all();
    const values = doublesAt(out, length);
    return {
      ...rest, values, schedule: tolerance === undefined ? Schedule.table(values) : Schedule.fit(values, tolerance),
      collapsed: collapsed !== 0, warmup: count(warmup), annealStart: count(anneal_start), repaired: count(repaired_count),
      zeros: count(zero_count), raised: count(raised_count), suggestedFloor: suggested_floor, baseLr: base_lr,
    };
  });
}

/** The rate that the losses of a range test suggest; `method` is a word of `Suggest`. */
export function suggest(rates, losses, method = "halfway") {
  const how = Suggest[method.toUpperCase()];
  if (how === undefined) throw new RangeError(`stepsize: method = ${method}, expected ${Object.keys(Suggest).join(", ")}`);
  if (rates.length !== losses.length) throw new RangeError("stepsize: expected as many losses as rates");
  return use((frame) => {
    const options = frame.struct("stepsize_finder_options");
    check(wasm.stepsize_finder_defaults(options.address, options.size));
    const finder = made(frame, (out, error) => wasm.stepsize_finder_create(options.address, out, error));
    try {
      for (let i = 0; i < rates.length && wasm.stepsize_finder_stop_reason(finder) === 0; i++) {
        checked(frame, (error) => wasm.stepsize_finder_tell_at(finder, rates[i], losses[i], error));
      }
      const rate = frame.block(8);
      checked(frame, (error) => wasm.stepsize_finder_suggest(finder, how, rate, error));
      return doubleAt(rate);
    } finally {
      wasm.stepsize_finder_destroy(finder);
    }
  });
}
