// What the classes add to the functions of C.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  Schedule, Scheduler, StepsizeError, constants, controllers, refine, schedules, score, scoreAt, suggest, version, wasm,
} from "stepsize";

const fails = (body, status, words, offset) =>
  assert.throws(body, (error) => {
    assert.ok(error instanceof StepsizeError);
    assert.equal(error.status, status);
    assert.match(error.message, words);
    if (offset !== undefined) assert.equal(error.offset, offset);
    return true;
  });

test("an error has the library's words and the place in the string", () => {
  fails(() => new Schedule("cosin(100)"), constants.Status.ERROR_NAME, /did you mean "cosine"/, 0);
  fails(() => new Schedule("linear(10) >> cosine(0)"), constants.Status.ERROR_ARGUMENT, /total/);
  fails(() => new Schedule("linear(9) × 3"), constants.Status.ERROR_SYNTAX, /expected/, 10);
  fails(() => new Scheduler("greedy(", 0.1), constants.Status.ERROR_SYNTAX, /./, 7);
});

test("schedules combine and print as texts do", () => {
  const schedule = new Schedule("warmup(5)").then("cosine(10)").times("linear(20)").times(0.5);
  assert.ok(schedule.parts.length > 0);
  assert.equal(String(schedule), String(new Schedule("0.5 * ((warmup(5) >> cosine(10)) * linear(20))")));
  assert.equal(new Schedule("linear(10)").clamped(0.2, 0.5).at(0), 0.5);
  assert.equal(new Schedule("linear(10)").extended(20).length, 20);
  assert.equal(String(new Schedule("warmup(10%) >> cosine(rest)", { total: 1000 })), "warmup(100) >> cosine(900)");
  assert.deepEqual(new Schedule("cosine(7)").parameters[0], { name: "total", value: "7" });
});

test("steps and lengths are exact", () => {
  const schedule = new Schedule("linear(9223372036854775806)");
  assert.equal(schedule.length, 9223372036854775806n);
  assert.equal(new Schedule("constant()").length, Infinity);
  assert.equal(schedule.at(9223372036854775807n), 0);
  assert.throws(() => schedule.at(2 ** 53), RangeError);
  assert.throws(() => schedule.at(0.5), RangeError);
  assert.throws(() => schedule.at(2n ** 63n), RangeError);
});

test("phases follow each other", () => {
  const schedule = new Schedule('warmup(5, phase="rise") >> cosine(10) >> linear(5, phase="fall")');
  assert.deepEqual(schedule.phases().map(({ name, from, until }) => [name, from, until]), [["rise", 0, 5], ["fall", 15, Infinity]]);
  const repeated = new Schedule('repeat((linear(5, phase="a") >> linear(5, phase="b")))');
  assert.equal(repeated.phases({ before: 20 }).length, 4);
});

test("a scheduler records, saves and continues with the same bits", () => {
  const scheduler = new Scheduler("greedy(patience=2) * linear(100)", [0.1, 0.01], { record: true });
  for (let update = 0; update < 30; update++) scheduler.step(1 / (1 + update));
  const resumed = Scheduler.restore(scheduler.save());
  assert.equal(resumed.step(0.5), scheduler.step(0.5));
  assert.deepEqual(resumed.lrs, scheduler.lrs);
  assert.equal(scheduler.recorded().length, scheduler.currentStep);
  assert.equal(scheduler.replay(1).at(20), scheduler.recorded(1)[20]);
  assert.equal(resumed.currentStep, 31);
  assert.equal(scheduler.stopReason, "none");
  fails(() => scheduler.step(), constants.Status.ERROR_LOSS_REQUIRED, /LOSS_REQUIRED/);
  assert.throws(() => scheduler.observe({ lss: 1 }), RangeError);
});

test("the parts of a scheduler", () => {
  const scheduler = new Scheduler('plateau("keras", factor=0.5) * early_stop() * linear(10)', 0.1);
  const [plateau, stop, ...others] = scheduler.controllers;
  assert.deepEqual([String(plateau), String(stop), others.length], ['plateau("keras", factor=0.5)', "early_stop()", 0]);
  const factor = plateau.parameters.find(({ name }) => name === "factor");
  assert.deepEqual([factor.value, factor.default, factor.kind], ["0.5", "0.1", "real"]);
  assert.equal(String(scheduler.schedule), "linear(10)");
  assert.equal(new Scheduler("plateau()", 0.1).schedule, null);
});

test("theory", () => {
  const best = score("linear(1000)");
  assert.equal(best.count, 1000);
  assert.equal(scoreAt(best.a, best.b, best.gamma), best.omega);
  const refined = refine(Array(100).fill(3));
  assert.equal(refined.values.length, 100);
  assert.equal(refined.schedule.at(50), refined.values[50]);
  assert.equal(refine([1, 2, 3, 4], { optimizer: "adam", total: 8 }).values.length, 8);
  fails(() => refine([-1, 2]), constants.Status.ERROR_ARGUMENT, /norm/);
  const rates = Array.from({ length: 100 }, (_, i) => 1e-6 * 10 ** (i / 20));
  const losses = rates.map((rate) => 2 / (1 + rate * 1e4) + rate);
  const rate = suggest(rates, losses);
  assert.ok(rate > rates[0] && rate < rates[99]);
});

test("the catalogue is the library's", () => {
  for (const entry of [...schedules(), ...controllers()]) {
    assert.match(entry.name, /^[a-z0-9_]+$/);
    assert.notEqual(entry.summary, "");
  }
  assert.equal(schedules().find(({ name }) => name === "cosine").parameters[1].default, "0");
  assert.equal(version.split(".").map(Number).reduce((sum, part) => 1000 * sum + part), wasm.stepsize_version());
});

test("an object that was destroyed is refused", () => {
  const schedule = new Schedule("linear(10)");
  schedule.destroy();
  schedule.destroy();
  fails(() => schedule.at(0), constants.Status.ERROR_NULL, /destroyed/);
});

test("where memory runs out a call fails, and the next one works", () => {
  const blocks = [];
  for (let size = 2 ** 30; size >= 32; size /= 2) {
    for (let block; (block = wasm.malloc(size - 16)) !== 0; ) blocks.push(block);
  }
  // What calls are made with comes from the same memory: only the library may be the one that lacks it.
  const text = `table([${"1,".repeat(1000)}1])`;
  const taken = blocks.splice(-1)[0];
  wasm.free(taken);
  fails(() => new Schedule(text), constants.Status.ERROR_MEMORY, /memory/);
  blocks.forEach((block) => wasm.free(block));
  assert.equal(new Schedule("linear(10)").length, 10);
});
