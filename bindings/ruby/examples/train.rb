# frozen_string_literal: true

# Gradient descent on a parabola, with GreedyLR on top of a schedule; interrupted once, and resumed from a saved state.
#     ruby -Ibindings/ruby/lib bindings/ruby/examples/train.rb
require "stepsize"

scheduler = Stepsize::Scheduler.new("greedy(patience=5) * (warmup(10) >> cosine(190, floor=0.1))", 0.2)
x = 3.0
200.times do |update|
  x -= scheduler.lr * 2 * x
  scheduler.step(x * x)
  next unless update == 99

  scheduler = Stepsize::Scheduler.restore(scheduler.save)
  puts "update #{scheduler.current_step}: #{scheduler}, decision #{scheduler.decision}"
end
puts format("loss %<loss>.3e, %<reason>s", loss: x * x, reason: scheduler.stop_reason)
raise "the loss has not fallen" if x * x > 1e-6
