// Gradient descent on a parabola, with GreedyLR on top of a schedule; interrupted once, and resumed from a saved state.
//     node bindings/wasm/examples/train.js
import { Scheduler } from "stepsize";

let scheduler = new Scheduler("greedy(patience=5) * (warmup(10) >> cosine(190, floor=0.1))", 0.2);
let x = 3;
for (let update = 0; update < 200; update++) {
  x -= scheduler.lr * 2 * x;
  scheduler.step(x * x);
  if (update === 99) {
    scheduler = Scheduler.restore(scheduler.save());
    console.log(`update ${scheduler.currentStep}: ${scheduler}, decision ${scheduler.decision}`);
  }
}
console.log(`loss ${(x * x).toExponential(3)}, ${scheduler.stopReason}`);
if (x * x > 1e-6) throw new Error("the loss has not fallen");
