// What a program in TypeScript writes, as the compiler sees it; it is not run.
import { Schedule, Scheduler, StepsizeError, constants, controllers, refine, score, wasm } from "stepsize";

const schedule: Schedule = new Schedule("warmup(5%) >> cosine(rest)", { total: 1000n }).then("linear(10)").times(0.5);
const rate: number = schedule.at(5) + schedule.fill(0, 10, { baseLr: 1e-3 })[0];
const scheduler = new Scheduler("greedy()", [0.1, 0.01], { record: true, minLr: 1e-6 });
scheduler.observe({ loss: 1, grad_norm: 2 });
if (scheduler.decision === "raised" || scheduler.needs & constants.Needs.NEEDS_LOSS) scheduler.step(rate);
const state: Uint8Array = Scheduler.restore(scheduler.save()).save();
const bound: number = score(schedule, { norms: [1, 2] }).omega + refine([1, 2], { optimizer: "adam" }).values[0];
const names: string[] = controllers().map((entry) => entry.parameters[0].name);
const next: number = wasm.stepsize_schedule_at(schedule.address, 5n);
const status = (error: unknown): number => (error instanceof StepsizeError ? error.status : state.length + bound + next + names.length);
// @ts-expect-error a step is no text
schedule.at("5");
// @ts-expect-error there is no such decision
scheduler.decision === "risen";
export { status };
