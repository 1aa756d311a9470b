// stepsize.hpp: the golden vectors, and each function of its classes against the C function behind it.
//     test_cpp FILE...      golden vectors, bit by bit; bits.txt last
#include <array>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>
#if __cplusplus >= 202002L
#include <span>
#endif

#include "stepsize/stepsize.hpp"

namespace {

using stepsize::Controller;
using stepsize::Error;
using stepsize::Schedule;
using stepsize::Scheduler;

int passed, failed;

#define CHECK(condition) Check((condition), #condition, __LINE__)

bool Check(bool condition, const char *what, int line) {
  (condition ? passed : failed)++;
  if (!condition && failed <= 20) std::fprintf(stderr, "test_cpp.cpp:%d: failed: %s\n", line, what);
  return condition;
}

using Failure = std::pair<stepsize_status, std::int64_t>;

// The status and offset of what `body` throws; STEPSIZE_OK where it does not.
template <class Body>
Failure Thrown(Body body) {
  try {
    body();
  } catch (const Error &error) {
    CHECK(std::strlen(error.what()) > 0);
    return {error.status(), error.offset()};
  }
  return {STEPSIZE_OK, -1};
}

std::uint64_t Bits(double x) {
  std::uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// The bits of each text at each step. The last file, bits.txt, has those where the library misses the nearest double.
using Cases = std::map<std::string, std::map<std::int64_t, std::uint64_t>>;

void Read(const char *path, Cases &cases) {
  std::ifstream file(path);
  std::string line, text;
  while (std::getline(file, line)) {
    std::int64_t step;
    std::uint64_t bits;
    char length[32];
    if (line.rfind("= ", 0) == 0) {
      text = line.substr(2);
      CHECK(Schedule(Schedule(text).text()).text() == Schedule(text).text());
    } else if (std::sscanf(line.c_str(), "# length %31s", length) == 1) {
      const std::int64_t expected = std::strcmp(length, "inf") == 0 ? STEPSIZE_NEVER : std::stoll(length);
      CHECK(Schedule(text).length().value_or(STEPSIZE_NEVER) == expected);
    } else if (std::sscanf(line.c_str(), "%" SCNd64 " %" SCNx64, &step, &bits) == 2) {
      cases[text][step] = bits;
    }
  }
}

void Golden(const Cases &cases) {
  CHECK(cases.size() > 1300);
  for (const auto &[text, rows] : cases) {
    const Schedule schedule(text);
    for (const auto &[step, bits] : rows) CHECK(Bits(schedule.at(step)) == bits && Bits(schedule.values(1, step)[0]) == bits);
  }
}

void Schedules() {
  const Schedule rise("warmup(10)"), fall = Schedule::create("cosine", {{"total", 90}, {"floor", 0.1}});
  CHECK((rise >> fall).text() == "warmup(10) >> cosine(90, floor=0.1)");
  CHECK((rise * fall).text() == "warmup(10) * cosine(90, floor=0.1)");
  CHECK((0.5 * rise).text() == "0.5 * warmup(10)" && (rise * 0.5).text() == "0.5 * warmup(10)");
  CHECK(rise.clamp(0, 0.5).text() == "clamp(warmup(10), max=0.5)");
  CHECK(fall.extend(180, STEPSIZE_EXTEND_RESCALE).length() == 180);
  CHECK(fall.extend(180, STEPSIZE_EXTEND_CONTINUE, 45).at(45) == fall.at(45));
  CHECK(!Schedule("constant()").length() && rise.length() == 10);
  CHECK(Schedule::llmc("linear", 10, 100, 0.5).text() == "llmc(\"linear\", 10, 100, 0.5)");
  const double multipliers[] = {1, 0.5, 0.25};
  CHECK(Schedule::table(multipliers).at(2) == 0.25);
  CHECK(Schedule::table(std::vector<double>{1, 0.5}).text() == "table([1, 0.5])");
  CHECK(Schedule::table({multipliers, 2}).length() == 2);

  // Arguments of each kind.
  const std::vector<std::int64_t> boundaries = {5, 9};
  const std::vector<double> values = {1, 0.5, 0.25};
  CHECK(Schedule::create("piecewise", {{"boundaries", boundaries}, {"values", values}}).at(5) == 0.5);
  CHECK(Schedule::create("shift", {{"schedule", rise}, {"by", 3}}).text() == "shift(warmup(10), 3)");
  CHECK(Schedule::create("inverse_time", {{"rate", 2}, {"staircase", true}}).at(1) == 1.0 / 3);
  CHECK(Schedule::create("constant", {{"length", std::nullopt}, {"value", 0.5f}}).at(7) == 0.5);
  CHECK(Schedule::create("cooldown", {{"total", 10u}, {"shape", std::string("cosine")}}).text() ==
        Schedule("cooldown(10, \"cosine\")").text());

  // Many values, in each precision and kind of container.
  std::vector<double> many(100);
  std::array<float, 100> single;
  double plain[100];
  (rise >> fall).fill(many, 0, 1, 1e-3);
  (rise >> fall).fill(single, 0, 1, 1e-3);
  (rise >> fall).fill({plain, 100}, 99, -1, 1e-3);
  CHECK((rise >> fall).values(100, 0, 1e-3) == many);
  for (std::size_t i = 0; i < 100; i++) CHECK(single[i] == static_cast<float>(many[i]) && plain[99 - i] == many[i]);
#if __cplusplus >= 202002L
  std::vector<double> others(100);
  (rise >> fall).fill(std::span<double>(others), 0, 1, 1e-3);
  CHECK(others == many);
#endif

  // Structure and phases.
  const Schedule wsd("wsd(100, warmup=10, decay=20)");
  std::int64_t start = -1;
  const auto parts = (rise >> fall).structure();
  CHECK(parts.form == STEPSIZE_FORM_SEQUENCE && parts.part_count == 2);
  CHECK((rise >> fall).part(1, &start).text() == fall.text() && start == 10);
  CHECK(std::string(wsd.phase(85).name) == "anneal" && wsd.phase(85).start == 80);

  // Copies share one schedule, and threads share copies.
  Schedule copy = fall;
  CHECK(copy.get() == fall.get());
  std::array<std::thread, 4> threads;
  std::array<double, 4> returned{};
  for (std::size_t i = 0; i < 4; i++) threads[i] = std::thread([&, i, copy] { returned[i] = copy.at(45); });
  for (auto &thread : threads) thread.join();
  for (const double value : returned) CHECK(value == fall.at(45));
}

void Failures() {
  CHECK(Thrown([] { Schedule("linear(10"); }) == Failure(STEPSIZE_ERROR_SYNTAX, 9));
  CHECK(Thrown([] { Schedule("linear(1) >> liner(9)"); }) == Failure(STEPSIZE_ERROR_NAME, 13));
  CHECK(Thrown([] { Schedule::create("linear", {{"total", 0}}); }).first == STEPSIZE_ERROR_ARGUMENT);
  CHECK(Thrown([] { Schedule("constant()") >> Schedule("linear(9)"); }).first == STEPSIZE_ERROR_ARGUMENT);
  CHECK(Thrown([] { -1 * Schedule("linear(9)"); }).first == STEPSIZE_ERROR_ARGUMENT);
  CHECK(Thrown([] { Schedule("linear(9)").part(0); }).first == STEPSIZE_ERROR_ARGUMENT);
  CHECK(Thrown([] { Controller("greedi()"); }).first == STEPSIZE_ERROR_NAME);
  CHECK(Thrown([] { Scheduler("linear(9)", -1.0); }).first == STEPSIZE_ERROR_ARGUMENT);
  CHECK(Thrown([] { Scheduler("linear(9)", std::vector<double>{}); }).first == STEPSIZE_ERROR_ARGUMENT);
  CHECK(Thrown([] { Scheduler("greedy()", 1).step(); }).first == STEPSIZE_ERROR_LOSS_REQUIRED);
  CHECK(Thrown([] { Scheduler("greedy()", 1).next(); }).first == STEPSIZE_ERROR_LOSS_REQUIRED);
  CHECK(Thrown([] { Scheduler::restore(std::vector<std::uint8_t>(40)); }).first == STEPSIZE_ERROR_STATE);
  CHECK(Thrown([] { Scheduler("linear(9)", 1).load(Scheduler("linear(8)", 1).save()); }).first ==
        STEPSIZE_ERROR_MISMATCH);
  try {
    Schedule("cosin(9)");
  } catch (const std::runtime_error &error) {
    CHECK(std::string(error.what()) == "unknown schedule \"cosin\", did you mean \"cosine\"?");
  }

  // What was moved from is refused, not taken for a schedule that is not there.
  Schedule from("linear(9)");
  const Schedule to = std::move(from);
  Scheduler scheduler("linear(9)", 1);
  CHECK(to.at(0) == 1 && std::isnan(from.at(0)));
  CHECK(Thrown([&] { from >> to; }).first == STEPSIZE_ERROR_NULL);
  CHECK(Thrown([&] { Scheduler(from, 1); }).first == STEPSIZE_ERROR_NULL);
  CHECK(Thrown([&] { scheduler.extend(from); }).first == STEPSIZE_ERROR_NULL);
  CHECK(Thrown([&] { from.text(); }).first == STEPSIZE_ERROR_NULL);
  from = to;
  CHECK(from.at(0) == 1);
}

void Schedulers() {
  static_assert(!std::is_copy_constructible_v<Scheduler> && std::is_nothrow_move_constructible_v<Scheduler>);
  const std::vector<double> base = {1e-3, 0.5};
  const Schedule schedule("warmup(10) >> linear(90)");

  // One loop in each way.
  Scheduler a(schedule, base), b(schedule.text(), base), c(schedule, base);
  std::array<double, 2> rates{}, next{};
  std::array<float, 2> single{};
  a.rates(rates);
  for (int t = 0; t < 120; t++) {
    CHECK(a.get_step() == t && a.lr() == rates[0] && a.lr(1) == rates[1] && a.rates()[1] == rates[1]);
    CHECK(a.lr_float(1) == static_cast<float>(rates[1]) && a.finished() == (t >= 100));
    b.next(next);
    CHECK(next == rates);
    if (t % 2 == 0) {
      CHECK(c.next() == rates[0]);
    } else {
      c.next(single);
      CHECK(single[0] == static_cast<float>(rates[0]) && single[1] == static_cast<float>(rates[1]));
    }
    if (t % 3 == 0) a.step(rates);
    else if (t % 3 == 1) a.step_with_loss(1, rates);
    else a.advance(rates);
  }
  CHECK(a.stop_reason() == STEPSIZE_STOP_END && a.group_count() == 2 && a.base_lr(1) == 0.5);
  CHECK(a.text() == schedule.text() && a.schedule()->text() == schedule.text() && !a.controller());
  a.set_step(5);
  CHECK(a.get_step() == 5 && a.lr(1) == 0.5 * schedule.at(5));
  CHECK(std::isnan(a.lr(2)));

  // Options, controllers, what it needs.
  stepsize::Options options;
  options.min_lr = {0.01, 0.02};
  options.max_lr = {0.25};
  options.record = true;
  options.early_stops = {Controller::create("early_stop", {{"phase", "main"}, {"patience", 2}})};
  const Schedule phases("constant(50, phase=\"main\") >> linear(50, phase=\"anneal\")");
  Scheduler full(phases, Controller("greedy(patience=1)"), std::vector<double>{0.5, 0.25}, options);
  CHECK(full.needs() == STEPSIZE_NEEDS_LOSS && full.controller(1)->text() == "early_stop(\"main\", patience=2)");
  CHECK(full.controller()->text() == "greedy(patience=1)" && !full.controller(2));
  CHECK(full.lr() == 0.25 && std::string(full.phase().name) == "main");
  std::vector<double> used;
  for (int t = 0; t < 30; t++) {
    used.push_back(full.lr());
    full.step_with_loss(1);
  }
  CHECK(full.decision() != STEPSIZE_DECISION_NONE && std::string(full.phase().name) == "anneal");
  CHECK(std::string(full.phase_at(0).name) == "main" && full.schedule_step() > full.get_step());
  CHECK(full.record() == used && full.replay().at(29) == used[29]);

  // Saved, restored, loaded.
  Scheduler restored = Scheduler::restore(full.save()), moved = std::move(restored);
  Scheduler loaded(phases, Controller("greedy(patience=1)"), std::vector<double>{0.5, 0.25}, options);
  loaded.load(full.save());
  for (int t = 0; t < 30; t++) {
    CHECK(full.lr(1) == moved.lr(1) && full.lr(1) == loaded.lr(1));
    full.step_with_loss(1), moved.step_with_loss(1), loaded.step_with_loss(1);
  }
  moved.extend(phases >> Schedule("constant(100, value=0.5)"));
  CHECK(!moved.finished());

  // Other base rates, groups and schedules, and many updates at once.
  Scheduler grown("linear(10)", 1.0);
  grown.add_group(4);
  grown.add_group(1, Schedule("constant(20)"), 0.25, 0.5);
  grown.advance_by(5);
  CHECK(grown.group_count() == 3 && grown.lr(0) == 0.5 && grown.lr(1) == 2 && grown.lr(2) == 0.5);
  grown.set_base_lrs(std::array<double, 3>{2, 2, 0.375});
  CHECK(grown.lr(0) == 1 && grown.lr(2) == 0.375);
  grown.remove_group(0);
  grown.extend_groups(std::array<Schedule, 2>{Schedule("linear(20)"), Schedule("linear(10)")});
  CHECK(grown.text() == "[linear(20), linear(10)]" && grown.lr(0) == 1.5);

  // Before an update: gradients and trials.
  Scheduler hyper(Controller("hypergradient(beta=0.1)"), 0.5);
  hyper.observe_gradient(std::array<double, 1>{0.5});
  CHECK(hyper.lr() == 0.5 + 0.1 * 0.5);
  Scheduler product("hypergradient(\"multiplicative\", beta=0.1)", 0.5);
  CHECK(Thrown([&] { product.observe_gradient(base, std::vector<double>{1}); }).first == STEPSIZE_ERROR_SIZE);
  Scheduler polyak("polyak(\"sps\", c=1)", 0.5);
  stepsize_observation seen = {};
  seen.size = sizeof seen;
  seen.given = STEPSIZE_SCALAR_LOSS;
  seen.loss = 8, seen.grad_norm = 2;
  const std::array<stepsize_observation, 1> given{seen};
  CHECK(Thrown([&] { polyak.observe(given); }).first == STEPSIZE_ERROR_ORDER);
  seen.given |= STEPSIZE_SCALAR_GRAD_NORM;
  polyak.observe(std::array<stepsize_observation, 1>{seen});
  CHECK(polyak.lr() == 0.5 * 8 / 4);
  Scheduler search(Controller("line_search()"), 1.0);
  search.propose(1, std::array<double, 1>{1});
  CHECK(search.report(0.1) == STEPSIZE_TRIAL_ACCEPTED && (search.needs() & STEPSIZE_NEEDS_SEARCH) != 0);
  options = {};
  options.norm_capacity = 8;
  Scheduler logging("linear(9)", 1, options);
  logging.log_norm(2);
  stepsize_norm_log *log = nullptr;
  CHECK(stepsize_scheduler_norm_log(logging.get(), &log) == STEPSIZE_OK && stepsize_norm_log_count(log) == 1);
  stepsize_norm_log_destroy(log);
}

}  // namespace

int main(int argc, char **argv) {
  Schedules();
  Failures();
  Schedulers();
  Cases cases;
  for (int i = 1; i < argc; i++) Read(argv[i], cases);
  Golden(cases);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed != 0 || passed == 0;
}
