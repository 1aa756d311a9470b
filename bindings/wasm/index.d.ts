// Types of the package `stepsize`: README.md has examples, docs/schedules.md and docs/controllers.md the text form.
import type { Functions } from "./src/interface.js";

export * as constants from "./src/interface.js";

/** The version of the package. */
export const version: string;

/** The functions of the C interface and the memory that they work on, for what the classes do not have. */
export const wasm: Functions;

/** An update, from 0: a whole number, a bigint beyond 2^53. */
export type Step = number | bigint;

/** Numbers: a list, a Float64Array, or one number. */
export type Numbers = number | Iterable<number>;

/** A call of the library has failed. */
export class StepsizeError extends Error {
  constructor(status: number, message: string, offset?: number);
  /** A value of `constants.Status`. */
  readonly status: number;
  /** Where in the text, as an index of the string; -1 where it is not about a place. */
  readonly offset: number;
}

declare class Handle {
  /** The address for the functions of `wasm`. */
  readonly address: number;
  /** Frees it now rather than some time after nobody has it any more. */
  destroy(): void;
}

export interface Phase {
  name: string;
  /** Whether this is its first update. */
  entered: boolean;
  start: Step;
  /** Infinity for one without an end. */
  length: Step;
  position: Step;
  progress: number;
  /** The first later update in another phase or in none. */
  until: Step;
}

/** A pure function of the step: a multiplier of the base rate. It never changes. */
export class Schedule extends Handle {
  /** From a text such as "warmup(500) >> cosine(9500)"; with a total also of shares: "warmup(5%) >> cosine(rest)". */
  constructor(text: string, options?: { total?: Step });
  /** One multiplier for each update; the last one holds. */
  static table(values: Iterable<number>): Schedule;
  /** Straight lines that are nowhere off the values by more than the tolerance. */
  static fit(values: Iterable<number>, tolerance: number): Schedule;
  /** The multiplier for an update. */
  at(step: Step): number;
  /** Rates for many updates at once: the same bits as `baseLr * at(step)`. */
  fill(first: Step, size: number, options?: { stride?: Step; baseLr?: number }): Float64Array;
  /** Updates that it describes; Infinity without an end. */
  readonly length: Step;
  /** How many updates a picture shows. */
  readonly horizon: Step;
  toString(): string;
  /** This one for its length, then the next one. */
  then(next: Schedule | string): Schedule;
  /** The product with another schedule or with a number. */
  times(factor: Schedule | string | number): Schedule;
  clamped(min: number, max: number): Schedule;
  extended(total: Step, options?: { policy?: "rescale" | "hold" | "continue"; step?: Step }): Schedule;
  phase(step: Step): Phase;
  /** The named phases in order, with the update `from` which each is in force. */
  phases(options?: { before?: Step; limit?: number }): (Phase & { from: Step })[];
  readonly structure: {
    form: "call" | "sequence" | "product" | "scale" | "group";
    name: string;
    phase: string;
    factor: number;
    partCount: number;
    parameterCount: number;
  };
  readonly parts: Schedule[];
  readonly parameters: { name: string; value: string }[];
}

/** The configuration of a controller. */
export class Controller extends Handle {
  constructor(text: string);
  readonly parameters: (Parameter & { value: string })[];
  toString(): string;
}

export type DecisionWord =
  | "none" | "raised" | "cut" | "patience" | "cooldown" | "warmup" | "bound" | "reset" | "kept" | "ignored";

/** Numbers about an update before it is made. */
export interface Observation {
  loss?: number;
  grad_norm?: number;
  grad_l1?: number;
  distance?: number;
  start_norm?: number;
  dot_start?: number;
  dot_update?: number;
  update_norm?: number;
  dot_x?: number;
  mean_norm?: number;
  mean_dot_x?: number;
}

export interface SchedulerOptions {
  /** The lowest rates: for all groups, or one for each. */
  minLr?: Numbers;
  maxLr?: Numbers;
  /** Keep the rates that are used. */
  record?: boolean;
  /** Updates of which the text gives shares. */
  total?: Step;
  /** Gradient norms that are kept. */
  normCapacity?: Step;
}

/** What a training loop holds: step, base rates, a schedule, controllers. */
export class Scheduler extends Handle {
  constructor(text: string, baseLr: Numbers, options?: SchedulerOptions);
  static restore(state: Uint8Array): Scheduler;
  save(): Uint8Array;
  /** The rate of the first group for the current update. */
  readonly lr: number;
  readonly lrs: Float64Array;
  /** After an update: shows its loss, if the scheduler needs one, and returns the next rate. */
  step(loss?: number): number;
  /** Goes on without showing a loss. */
  advance(updates?: Step): number;
  observe(observation: Observation | Observation[]): number;
  observeGradient(dots: Numbers, norms?: Numbers): number;
  propose(loss: number, squaredNorms: Numbers): number;
  report(loss: number, squaredDistances?: Numbers): "accepted" | "retry" | "failed";
  extend(schedule: Schedule | string): void;
  currentStep: Step;
  readonly groupCount: number;
  readonly decision: DecisionWord;
  /** A sum of `constants.Needs`. */
  readonly needs: number;
  readonly stopReason: "none" | "end" | "minimum" | "early";
  readonly finished: boolean;
  readonly phase: Phase;
  readonly schedule: Schedule | null;
  /** First the one that moves the rates, then the early stop rules. */
  readonly controllers: Controller[];
  recorded(group?: number): Float64Array;
  replay(group?: number): Schedule;
  toString(): string;
}

export interface Score {
  /** The bound at the base rate gamma is a/gamma + gamma b. */
  a: number;
  b: number;
  /** The best base rate, and the bound there. */
  gamma: number;
  omega: number;
  /** The smallest bound of any schedule. */
  bound: number;
  rate: number;
  count: Step;
}

export function score(
  schedule: Schedule | string, options?: { total?: Step; norms?: Numbers; distance?: number },
): Score;
export function scoreAt(a: number, b: number, gamma: number): number;

export interface Refinement {
  values: Float64Array;
  schedule: Schedule;
  collapsed: boolean;
  warmup: Step;
  annealStart: Step;
  repaired: Step;
  zeros: Step;
  raised: Step;
  floor: number;
  suggestedFloor: number;
  median: number;
  /** NaN for Adam. */
  baseLr: number;
  bound: number;
}

/** A schedule for the next run from the gradient norms of the last one. */
export function refine(
  norms: Iterable<number>,
  options?: {
    optimizer?: "sgd" | "adam";
    tau?: number;
    total?: number;
    floor?: number;
    capped?: boolean;
    distance?: number;
    tolerance?: number;
  },
): Refinement;

/** The rate that the losses of a range test suggest. */
export function suggest(
  rates: ArrayLike<number>, losses: ArrayLike<number>, method?: "halfway" | "steepest" | "valley" | "minimum",
): number;

export interface Parameter {
  name: string;
  summary: string;
  kind: "count" | "real" | "flag" | "word" | "counts" | "reals" | "per_group" | "name" | "schedule";
  range: string;
  /** Empty for a required one. */
  default: string;
  unit: string;
}

export interface Entry {
  name: string;
  summary: string;
  formula: string;
  source: string;
  parameters: Parameter[];
}

export function schedules(): Entry[];
export function controllers(): Entry[];
