// stepsize.hpp where exceptions are disabled: what a failure does is the program's own affair.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

[[noreturn]] static void Stop(const std::runtime_error &error);
#define STEPSIZE_THROW(error) Stop(error)
#include "stepsize/stepsize.hpp"

// The failure that is expected at the end.
[[noreturn]] static void Stop(const std::runtime_error &error) {
  const bool right = std::string(error.what()) == "unknown schedule \"liner\", did you mean \"linear\"?";
  std::printf("%d passed, %d failed\n", right, !right);
  std::exit(!right);
}

int main() {
  stepsize::Scheduler scheduler(stepsize::Schedule("linear(4)"), 1);
  for (int t = 0; t < 4; t++)
    if (scheduler.next() != 1 - t / 4.0) return 1;
  stepsize::Schedule("liner(4)");
  return 1;
}
