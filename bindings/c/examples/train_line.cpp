// A training loop in C++17 with stepsize.hpp: schedules as values, exceptions, a checkpoint.
//
//     g++ -std=c++17 train_line.cpp $(pkg-config --cflags --libs stepsize) -o train_line && ./train_line
//
// Two parameter groups of a line through points, slope and offset, are trained by gradient descent: the offset with a
// tenth of the rate, GreedyLR on top of warm-up and cosine decay. In the middle the training continues from saved bytes.
#include <array>
#include <cstdio>
#include <string>

#include <stepsize/stepsize.hpp>

namespace {

constexpr int kUpdates = 400;

struct Line {
  double slope = 0, offset = 0;

  // One update with a rate for each parameter; returns the loss before it.
  double Update(const std::array<double, 2> &lrs) {
    double loss = 0, d_slope = 0, d_offset = 0;
    for (int i = 0; i < 64; i++) {
      const double x = i / 32.0 - 1, error = slope * x + offset - (3 * x - 1);
      loss += error * error / 64;
      d_slope += 2 * error * x / 64;
      d_offset += 2 * error / 64;
    }
    slope -= lrs[0] * d_slope;
    offset -= lrs[1] * d_offset;
    return loss;
  }
};

stepsize::Schedule Plan(int updates) {
  const int warmup = updates / 10;
  const auto rise = stepsize::Schedule::create("warmup", {{"steps", warmup}});
  const auto fall = stepsize::Schedule::create("cosine", {{"total", updates - warmup}, {"floor", 0.1}});
  return rise >> fall;
}

}  // namespace

int main() try {
  const std::array<double, 2> base_lrs = {0.5, 0.05};
  stepsize::Scheduler scheduler(Plan(kUpdates), stepsize::Controller("greedy(patience=5)"), base_lrs);
  std::printf("%s\n", scheduler.text().c_str());

  Line line;
  std::array<double, 2> lrs{};
  scheduler.rates(lrs);
  for (int update = 0; update < kUpdates; update++) {
    const double loss = line.Update(lrs);
    if (update % 100 == 0) std::printf("update %3d  rates %.6f %.6f  loss %.4f\n", update, lrs[0], lrs[1], loss);
    scheduler.step_with_loss(loss, lrs);
    if (update == kUpdates / 2) scheduler = stepsize::Scheduler::restore(scheduler.save());
  }
  std::printf("slope %.3f  offset %.3f\n", line.slope, line.offset);

  try {
    stepsize::Schedule("warmup(500) >> cosin(9500)");
  } catch (const stepsize::Error &error) {
    std::printf("at byte %d: %s\n", static_cast<int>(error.offset()), error.what());
  }
  return 0;
} catch (const stepsize::Error &error) {
  std::fprintf(stderr, "train_line: %s\n", error.what());
  return 1;
}
