// The golden vectors of Tests/golden: the same bits as in every other language.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Schedule, Scheduler, constants } from "stepsize";

const golden = (name) =>
  readFileSync(new URL(`../../../Tests/golden/${name}`, import.meta.url), "utf8").split("\n");

const scratch = new DataView(new ArrayBuffer(8));
function bits(value) {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0).toString(16).padStart(16, "0");
}

test("schedules have the same bits alone and in a row", () => {
  const cases = new Map();
  // The last one has the bits where the library misses the nearest double.
  for (const name of ["primitives.tsv", "compositions.tsv", "algebra.tsv", "examples.tsv", "bits.txt"]) {
    let rows;
    for (const line of golden(name)) {
      if (line.startsWith("= ")) {
        const text = line.slice(2);
        if (!cases.has(text)) cases.set(text, new Map());
        rows = cases.get(text);
      } else if (line !== "" && !line.startsWith("#")) {
        const [step, expected] = line.split("\t");
        rows.set(step, expected);
      }
    }
  }
  assert.ok(cases.size > 1300);
  let compared = 0;
  for (const [text, rows] of cases) {
    const schedule = new Schedule(text);
    for (const [step, expected] of rows) {
      assert.equal(bits(schedule.at(BigInt(step))), expected, `${text} at ${step}`);
      assert.equal(bits(schedule.fill(BigInt(step), 1)[0]), expected, `fill of ${text} at ${step}`);
      compared++;
    }
    schedule.destroy();
  }
  assert.ok(compared > 35000, `${compared} values`);
});

function call(scheduler, words) {
  const [name, ...numbers] = words.split(":");
  switch (name) {
    case "observe":
      return scheduler.observe(Object.fromEntries(numbers.map((each) => each.split("=")).map(([k, v]) => [k, Number(v)])));
    case "observe_gradient":
      return scheduler.observeGradient(Number(numbers[0]), numbers.length > 1 ? Number(numbers[1]) : undefined);
    case "propose":
      return scheduler.propose(Number(numbers[0]), Number(numbers[1]));
    case "report":
      return assert.equal(scheduler.report(number(numbers[0])), numbers[1]);
    case "-":
      return scheduler.advance();
    default:
      return scheduler.step(number(name));
  }
}

const number = (text) => (/inf/i.test(text) ? (text.startsWith("-") ? -Infinity : Infinity) : Number(text));

test("controllers have the same bits and decisions", () => {
  let scheduler, name, text;
  let traces = 0;
  for (const line of golden("controllers.txt")) {
    if (line === "" || line.startsWith("#")) continue;
    const fields = line.split("\t");
    if (line.startsWith("= ")) {
      name = line.slice(2);
      traces++;
    } else if (fields[0] === "scheduler") {
      text = fields[1];
    } else if (fields[0] === "base") {
      scheduler = new Scheduler(text, Number(fields[1]));
    } else {
      call(scheduler, fields[0]);
      assert.equal(bits(scheduler.lr), bits(Number(fields[1])), `${name}: ${line}`);
      assert.equal(scheduler.decision, fields[2], `${name}: ${line}`);
    }
  }
  assert.ok(traces >= 56);
});

test("saved states of other versions continue with the same bits", () => {
  let states = 0;
  for (const line of golden("states.txt")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, state, ...rates] = line.split(" ");
    const scheduler = Scheduler.restore(Uint8Array.from(Buffer.from(state, "hex")));
    for (let update = 0; update < rates.length / 2; update++) {
      // Those that observe more than a loss went without.
      if (scheduler.needs & ~constants.Needs.NEEDS_LOSS) scheduler.advance();
      else scheduler.step(1 + ((7 * (40 + update)) % 11) / 8);
      const expected = rates.slice(2 * update, 2 * update + 2).map(hexadecimal);
      assert.deepEqual(Array.from(scheduler.lrs, bits), expected.map(bits), `${scheduler} after update ${40 + update}`);
    }
    states++;
  }
  assert.ok(states === 11);
});

/** The number of a text such as 0x1.e353f7ced9168p-5. */
function hexadecimal(text) {
  const [, whole, fraction = "", exponent] = /^0x([01])(?:\.([0-9a-f]+))?p([-+]\d+)$/.exec(text);
  return Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
}
