// Fits a line by gradient descent, with a rate for the slope and one for the intercept. The second half is trained with a
// scheduler that was saved and restored.

import Stepsize

func train() throws {
  // Warm-up and cosine decay, with cuts when the loss does not improve.
  let plan = try Plan("plateau(patience=20) * (warmup(10) >> cosine(190))")
  var scheduler = try Scheduler(baseLRs: [0.2, 0.1], plan: plan)
  var rates = [Double](repeating: 0, count: scheduler.groupCount)
  try scheduler.rates(into: rates.mutableSpan)

  var line = Line()
  while !scheduler.isFinished {
    let (loss, slope, intercept) = line.gradients()
    line.slope -= rates[0] * slope
    line.intercept -= rates[1] * intercept
    // Writes the rates for the next update.
    try scheduler.step(loss: loss, into: rates.mutableSpan)

    if scheduler.step == 100 {
      // An array of bytes, for a checkpoint.
      let state = scheduler.saved()
      scheduler = try Scheduler.restored(from: state)
    }
  }
  print("after \(scheduler.step) updates: \(line)")
}

func combine() throws {
  // Schedules are values: made by functions or from a text, combined, printed.
  let main = try Schedule("0.5 * linear(90)").named("main")
  let schedule = try Schedule.sequence([.warmup(10), main])
  print("\(schedule): \(schedule.value(at: 55)) at step 55")
}

func fail() throws {
  // Nothing traps: invalid input is an error, and nothing has changed then.
  do {
    _ = try Schedule("liner(90)")
  } catch {
    print(error)
  }
  var scheduler = try Scheduler(baseLRs: [0.1], controller: .greedy(patience: 5))
  do {
    try scheduler.step(into: MutableSpan())
  } catch .lossRequired {
    print("step \(scheduler.step): greedy needs a loss")
  }
}

/// The model: a line through points of 3 x + 2.
struct Line: CustomStringConvertible {
  var slope = 0.0
  var intercept = 0.0

  func gradients() -> (loss: Double, slope: Double, intercept: Double) {
    var sums = (loss: 0.0, slope: 0.0, intercept: 0.0)
    for i in -10..<10 {
      let x = Double(i) / 10
      let residual = slope * x + intercept - (3 * x + 2)
      sums.loss += residual * residual / 20
      sums.slope += residual * x / 10
      sums.intercept += residual / 10
    }
    return sums
  }

  var description: String {
    "\((1000 * slope).rounded() / 1000) x + \((1000 * intercept).rounded() / 1000)"
  }
}

try train()
try combine()
try fail()
