// Fits a line by gradient descent, with GreedyLR on top of a warm-up and a cosine: node examples/train.js
import { Scheduler } from "stepsize";

const xs = Array.from({ length: 64 }, (_, i) => i / 32 - 1);
const scheduler = new Scheduler("greedy(patience=5) * (warmup(20) >> cosine(180, floor=0.1))", 0.2);
let [slope, shift, loss] = [0, 0, Infinity];
for (let update = 0; update < 200; update++) {
  const errors = xs.map((x) => slope * x + shift - (3 * x - 1));
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  loss = mean(errors.map((error) => error * error));
  slope -= scheduler.lr * 2 * mean(errors.map((error, i) => error * xs[i]));
  shift -= scheduler.lr * 2 * mean(errors);
  if (update % 50 === 0) console.log(`update ${update}: loss ${loss.toFixed(6)}, rate ${scheduler.lr.toFixed(6)}`);
  scheduler.step(loss);
}
console.log(`y = ${slope.toFixed(3)} x ${shift < 0 ? "-" : "+"} ${Math.abs(shift).toFixed(3)}, loss ${loss.toExponential(2)}`);
