# Gradient descent on a parabola, with GreedyLR on top of a schedule; interrupted once, and resumed from a saved state.
library(stepsize, warn.conflicts = FALSE)

training <- scheduler("greedy(patience=5) * (warmup(10) >> cosine(190, floor=0.1))", 0.2)
x <- 3
for (update in 0:199) {
  x <- x - lrs(training) * 2 * x
  step(training, x^2)
  if (update == 99) {
    training <- restore_state(save_state(training))
    cat(sprintf("update %d: %s, decision %s\n", current_step(training), as.character(training), decision(training)))
  }
}
cat(sprintf("loss %.3e, %s\n", x^2, stop_reason(training)))
stopifnot(x^2 < 1e-6)
