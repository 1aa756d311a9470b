/* Stepsize in C++17: stepsize.h with handles that free themselves, exceptions, views and operators. Header-only.

       #include <stepsize/stepsize.hpp>

       stepsize::Schedule schedule("warmup(500) >> cosine(9500, floor=0.1)");
       stepsize::Scheduler scheduler(schedule, 1e-3);
       for (int update = 0; update < 10000; update++) train(scheduler.next());

   A class has the functions of its C type, under the names that they have there without the prefix; stepsize.h says what
   they do. No rate is computed here. What C++ has no function for is called with get(), which lends the C handle.

   FAILURES

   A status other than STEPSIZE_OK becomes a stepsize::Error with status(), offset() and what(). Nothing has changed then.
   Where exceptions are disabled (-fno-exceptions), define STEPSIZE_THROW(error) before this header as something that does
   not return: it gets a stepsize::Error. Functions marked noexcept cannot fail.

   OWNERSHIP AND THREADS

   Schedule and Controller are values: copies share what is immutable, and any number of threads may use one. A Scheduler
   has one owner: it can be moved, not copied, and belongs to one thread at a time. An object that was moved from can be
   assigned to and destroyed; any other call reports STEPSIZE_ERROR_NULL or returns what its C function says of NULL. */
#ifndef STEPSIZE_HPP
#define STEPSIZE_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "stepsize.h"

#if !defined(STEPSIZE_THROW)
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define STEPSIZE_THROW(error) throw error
#else
#error "stepsize.hpp reports failures as exceptions: define STEPSIZE_THROW(error), which must not return, or use stepsize.h"
#endif
#endif

namespace stepsize {

/* A status other than STEPSIZE_OK. */
class Error : public std::runtime_error {
 public:
  Error(stepsize_status status, const std::string &text, std::int64_t offset = -1)
      : std::runtime_error(text), status_(status), offset_(offset) {}

  /* STEPSIZE_ERROR_… */
  stepsize_status status() const noexcept { return status_; }
  /* The byte of a parsed text at which it is wrong; -1 for other failures. */
  std::int64_t offset() const noexcept { return offset_; }

 private:
  stepsize_status status_;
  std::int64_t offset_;
};

/* Numbers in a row that somebody else owns: a pointer and a count, a vector, an array, a std::span. */
template <class T>
class View {
 public:
  constexpr View() noexcept = default;
  constexpr View(T *data, std::size_t count) noexcept : data_(data), count_(count) {}
  template <class Container,
            class = std::enable_if_t<std::is_convertible_v<decltype(std::data(std::declval<Container &>())), T *>>>
  constexpr View(Container &&container) noexcept : data_(std::data(container)), count_(std::size(container)) {}

  constexpr T *data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return count_; }

 private:
  T *data_ = nullptr;
  std::size_t count_ = 0;
};

namespace detail {

inline void check(stepsize_status status) {
  if (status != STEPSIZE_OK) STEPSIZE_THROW(Error(status, stepsize_status_name(status)));
}

/* Calls `make` with where to put a new handle and why it failed, and returns the handle. */
template <class Handle, class Make>
Handle *made(Make make) {
  Handle *handle = nullptr;
  stepsize_error error;
  const stepsize_status status = make(&handle, &error);
  if (status != STEPSIZE_OK) STEPSIZE_THROW(Error(status, error.text, error.offset));
  return handle;
}

/* Calls `print` for the size of a text, then for the text. */
template <class Print>
std::string text(Print print) {
  std::size_t size = 0;
  check(print(static_cast<char *>(nullptr), std::size_t{0}, &size));
  std::string result(size, '\0');
  check(print(result.data(), size + 1, static_cast<std::size_t *>(nullptr)));
  return result;
}

}  // namespace detail

class Schedule;

/* A named value, as in Schedule::create("cosine", {{"total", 1000}, {"floor", 0.1}}). Names and what is pointed to must
   outlive the call that it is for. */
class Argument {
 public:
  template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  Argument(const char *name, Number value) noexcept : argument_{name, kind<Number>(), 0, 0, 0, nullptr, 0} {
    if constexpr (std::is_floating_point_v<Number>) argument_.real = static_cast<double>(value);
    else argument_.integer = static_cast<std::int64_t>(value);
  }
  Argument(const char *name, const char *word) noexcept : Argument(name, STEPSIZE_VALUE_WORD, word, 0) {}
  Argument(const char *name, const std::string &word) noexcept : Argument(name, word.c_str()) {}
  Argument(const char *name, const std::vector<double> &reals) noexcept
      : Argument(name, STEPSIZE_VALUE_REALS, reals.data(), reals.size()) {}
  Argument(const char *name, const std::vector<std::int64_t> &integers) noexcept
      : Argument(name, STEPSIZE_VALUE_INTEGERS, integers.data(), integers.size()) {}
  inline Argument(const char *name, const Schedule &schedule) noexcept;
  Argument(const char *name, std::nullopt_t) noexcept : Argument(name, STEPSIZE_VALUE_NONE, nullptr, 0) {}

  const stepsize_argument &get() const noexcept { return argument_; }

 private:
  Argument(const char *name, std::int32_t kind, const void *data, std::size_t count) noexcept
      : argument_{name, kind, 0, 0, 0, data, count} {}

  template <class Number>
  static constexpr std::int32_t kind() noexcept {
    if constexpr (std::is_same_v<Number, bool>) return STEPSIZE_VALUE_FLAG;
    else if constexpr (std::is_floating_point_v<Number>) return STEPSIZE_VALUE_REAL;
    else return STEPSIZE_VALUE_INTEGER;
  }

  stepsize_argument argument_;
};

namespace detail {

inline std::vector<stepsize_argument> arguments(std::initializer_list<Argument> given) {
  std::vector<stepsize_argument> result;
  result.reserve(given.size());
  for (const Argument &argument : given) result.push_back(argument.get());
  return result;
}

}  // namespace detail

/* A pure function of the step: a multiplier of the base rate. */
class Schedule {
 public:
  /* From its text form. */
  explicit Schedule(std::string_view text)
      : Schedule(detail::made<stepsize_schedule>([&](auto out, auto error) {
          return stepsize_schedule_parse(text.data(), text.size(), out, error);
        })) {}
  /* With shares of a total, such as "warmup(10%) >> cosine(90%)". */
  Schedule(std::string_view text, int64_t total)
      : Schedule(detail::made<stepsize_schedule>([&](auto out, auto error) {
          return stepsize_schedule_bind(text.data(), text.size(), total, out, error);
        })) {}
  /* Takes over a handle from C. */
  explicit Schedule(stepsize_schedule *handle) : handle_(handle, stepsize_schedule_destroy) {}

  /* Of the catalogue, from named values. */
  static Schedule create(const char *name, std::initializer_list<Argument> arguments = {}) {
    const auto given = detail::arguments(arguments);
    return made([&](auto... to) { return stepsize_schedule_create(name, given.data(), given.size(), to...); });
  }
  /* Of multipliers, one for each update; the last one holds. */
  static Schedule table(View<const double> values) {
    return made([&](auto... to) { return stepsize_schedule_table(values.data(), values.size(), to...); });
  }
  /* One of llm.c. */
  static Schedule llmc(const char *scheduler_type, std::int64_t warmup_iterations, std::int64_t train_num_batches,
                       double final_learning_rate_frac) {
    return made([&](auto... to) {
      return stepsize_schedule_llmc(scheduler_type, warmup_iterations, train_num_batches, final_learning_rate_frac, to...);
    });
  }

  double at(std::int64_t step) const noexcept { return stepsize_schedule_at(get(), step); }

  void fill(View<double> out, std::int64_t first = 0, std::int64_t stride = 1, double base_lr = 1) const {
    detail::check(stepsize_schedule_fill(get(), first, stride, base_lr, out.data(), out.size()));
  }
  void fill(View<float> out, std::int64_t first = 0, std::int64_t stride = 1, double base_lr = 1) const {
    detail::check(stepsize_schedule_fill_float(get(), first, stride, base_lr, out.data(), out.size()));
  }
  std::vector<double> values(std::size_t count, std::int64_t first = 0, double base_lr = 1) const {
    std::vector<double> result(count);
    fill(result, first, 1, base_lr);
    return result;
  }

  /* Updates; none where it has no end. */
  std::optional<std::int64_t> length() const noexcept {
    const std::int64_t length = stepsize_schedule_length(get());
    return length == STEPSIZE_NEVER ? std::nullopt : std::optional(length);
  }
  std::string text() const {
    return detail::text([&](auto... to) { return stepsize_schedule_print(get(), to...); });
  }

  Schedule clamp(double min, double max) const {
    return made([&](auto... to) { return stepsize_schedule_clamp(get(), min, max, to...); });
  }
  Schedule extend(std::int64_t total, stepsize_extension policy, std::int64_t step = 0) const {
    return made([&](auto... to) { return stepsize_schedule_extend(get(), total, policy, step, to...); });
  }
  /* One after the other. */
  friend Schedule operator>>(const Schedule &first, const Schedule &then) {
    return made([&](auto... to) { return stepsize_schedule_sequence(first.get(), then.get(), to...); });
  }
  /* The product at the same step. */
  friend Schedule operator*(const Schedule &a, const Schedule &b) {
    return made([&](auto... to) { return stepsize_schedule_product(a.get(), b.get(), to...); });
  }
  friend Schedule operator*(double factor, const Schedule &schedule) {
    return made([&](auto... to) { return stepsize_schedule_scale(schedule.get(), factor, to...); });
  }
  friend Schedule operator*(const Schedule &schedule, double factor) { return factor * schedule; }

  stepsize_structure structure() const {
    stepsize_structure result{};
    result.size = sizeof result;
    detail::check(stepsize_schedule_structure(get(), &result));
    return result;
  }
  Schedule part(std::size_t index, std::int64_t *start = nullptr) const {
    stepsize_schedule *handle = nullptr;
    detail::check(stepsize_schedule_part(get(), index, start, &handle));
    return Schedule(handle);
  }
  stepsize_phase phase(std::int64_t step) const {
    stepsize_phase result{};
    result.size = sizeof result;
    detail::check(stepsize_schedule_phase(get(), step, &result));
    return result;
  }

  const stepsize_schedule *get() const noexcept { return handle_.get(); }

 private:
  template <class Make>
  static Schedule made(Make make) {
    return Schedule(detail::made<stepsize_schedule>(make));
  }

  std::shared_ptr<stepsize_schedule> handle_;
};

inline Argument::Argument(const char *name, const Schedule &schedule) noexcept
    : Argument(name, STEPSIZE_VALUE_SCHEDULE, schedule.get(), 0) {}

/* The configuration of what moves base rates by what it observes. */
class Controller {
 public:
  /* From its text form. */
  explicit Controller(std::string_view text)
      : Controller(detail::made<stepsize_controller>([&](auto out, auto error) {
          return stepsize_controller_parse(text.data(), text.size(), out, error);
        })) {}
  /* Takes over a handle from C. */
  explicit Controller(stepsize_controller *handle) : handle_(handle, stepsize_controller_destroy) {}

  static Controller create(const char *name, std::initializer_list<Argument> arguments = {}) {
    const auto given = detail::arguments(arguments);
    return Controller(detail::made<stepsize_controller>([&](auto out, auto error) {
      return stepsize_controller_create(name, given.data(), given.size(), out, error);
    }));
  }

  std::string text() const {
    return detail::text([&](auto... to) { return stepsize_controller_print(get(), to...); });
  }
  const stepsize_controller *get() const noexcept { return handle_.get(); }

 private:
  std::shared_ptr<stepsize_controller> handle_;
};

/* Beside base rates, schedule and controller; as the fields of stepsize_scheduler_options. */
struct Options {
  std::vector<double> min_lr = {}, max_lr = {};
  std::vector<Controller> early_stops = {};
  bool record = false;
  std::int64_t norm_capacity = 0;
  std::int64_t total = 0; /* updates of which a text gives shares */
};

/* What a training loop holds: step, base rates, schedule, controller. Rates go into a View of one number for each group,
   or are asked for with lr(). */
class Scheduler {
 public:
  /* From the text form of controllers and schedule, such as "greedy(patience=10) * linear(1000)". */
  Scheduler(std::string_view text, View<const double> base_lrs, const Options &options = {})
      : handle_(make(base_lrs, options, [&](auto given, auto out, auto error) {
          return stepsize_scheduler_parse(text.data(), text.size(), &given, out, error);
        })) {}
  Scheduler(const Schedule &schedule, View<const double> base_lrs, const Options &options = {})
      : Scheduler(&schedule, nullptr, base_lrs, options) {}
  Scheduler(const Controller &controller, View<const double> base_lrs, const Options &options = {})
      : Scheduler(nullptr, &controller, base_lrs, options) {}
  Scheduler(const Schedule &schedule, const Controller &controller, View<const double> base_lrs,
            const Options &options = {})
      : Scheduler(&schedule, &controller, base_lrs, options) {}
  /* With one group. */
  Scheduler(std::string_view text, double base_lr, const Options &options = {})
      : Scheduler(text, View<const double>(&base_lr, 1), options) {}
  Scheduler(const Schedule &schedule, double base_lr, const Options &options = {})
      : Scheduler(schedule, View<const double>(&base_lr, 1), options) {}
  Scheduler(const Controller &controller, double base_lr, const Options &options = {})
      : Scheduler(controller, View<const double>(&base_lr, 1), options) {}
  Scheduler(const Schedule &schedule, const Controller &controller, double base_lr, const Options &options = {})
      : Scheduler(schedule, controller, View<const double>(&base_lr, 1), options) {}
  /* Takes over a handle from C. */
  explicit Scheduler(stepsize_scheduler *handle) noexcept : handle_(handle) {}

  /* From what save() has returned. */
  static Scheduler restore(View<const std::uint8_t> state) {
    return Scheduler(detail::made<stepsize_scheduler>([&](auto out, auto error) {
      return stepsize_scheduler_restore(state.data(), state.size(), out, error);
    }));
  }

  /* The rates for the current update. */
  double lr(std::size_t group = 0) const noexcept { return stepsize_scheduler_lr(get(), group); }
  float lr_float(std::size_t group = 0) const noexcept { return stepsize_scheduler_lr_float(get(), group); }
  void rates(View<double> lrs) const { detail::check(stepsize_scheduler_rates(get(), lrs.data(), lrs.size())); }
  std::vector<double> rates() const {
    std::vector<double> result(group_count());
    rates(result);
    return result;
  }

  /* After an update; the rates are those for the next one. */
  void step(View<double> lrs = {}) { detail::check(stepsize_scheduler_step(get(), lrs.data(), lrs.size())); }
  void step_with_loss(double loss, View<double> lrs = {}) {
    detail::check(stepsize_scheduler_step_with_loss(get(), loss, lrs.data(), lrs.size()));
  }
  void advance(View<double> lrs = {}) { detail::check(stepsize_scheduler_advance(get(), lrs.data(), lrs.size())); }
  void advance_by(std::int64_t updates, View<double> lrs = {}) {
    detail::check(stepsize_scheduler_advance_by(get(), updates, lrs.data(), lrs.size()));
  }

  /* Before an update: its rates; it then counts as made. Without an argument the rate of the first group. */
  double next() {
    const double lr = this->lr();
    next(View<double>());
    return lr;
  }
  void next(View<double> lrs) { detail::check(stepsize_scheduler_next(get(), lrs.data(), lrs.size())); }
  void next(View<float> lrs) { detail::check(stepsize_scheduler_next_float(get(), lrs.data(), lrs.size())); }

  /* Before an update: one of all groups together, or one of each. */
  void observe(View<const stepsize_observation> observations, View<double> lrs = {}) {
    stepsize_error error;
    checked(stepsize_scheduler_observe(get(), observations.data(), observations.size(), lrs.data(), lrs.size(), &error),
            error);
  }
  void observe_gradient(View<const double> dots, View<const double> norms = {}, View<double> lrs = {}) {
    /* One count is for both. */
    if (norms.size() != 0 && norms.size() != dots.size()) detail::check(STEPSIZE_ERROR_SIZE);
    detail::check(stepsize_scheduler_observe_gradient(get(), dots.data(), norms.data(), dots.size(), lrs.data(),
                                                      lrs.size()));
  }
  void propose(double loss, View<const double> squared_norms, View<double> lrs = {}) {
    detail::check(stepsize_scheduler_propose(get(), loss, squared_norms.data(), squared_norms.size(), lrs.data(),
                                             lrs.size()));
  }
  stepsize_trial report(double loss, View<const double> squared_distances = {}, View<double> lrs = {}) {
    stepsize_trial trial = STEPSIZE_TRIAL_FAILED;
    detail::check(stepsize_scheduler_report(get(), loss, squared_distances.data(), squared_distances.size(), &trial,
                                            lrs.data(), lrs.size()));
    return trial;
  }
  void log_norm(double norm) { detail::check(stepsize_scheduler_log_norm(get(), norm)); }

  std::int64_t get_step() const noexcept { return stepsize_scheduler_get_step(get()); }
  void set_step(std::int64_t step) { detail::check(stepsize_scheduler_set_step(get(), step)); }
  std::int64_t schedule_step() const noexcept { return stepsize_scheduler_schedule_step(get()); }
  std::size_t group_count() const noexcept { return stepsize_scheduler_group_count(get()); }
  double base_lr(std::size_t group = 0) const noexcept { return stepsize_scheduler_base_lr(get(), group); }
  bool finished() const noexcept { return stepsize_scheduler_finished(get()); }
  stepsize_decision decision() const noexcept { return stepsize_scheduler_decision(get()); }
  stepsize_stop stop_reason() const noexcept { return stepsize_scheduler_stop_reason(get()); }
  stepsize_needs needs() const noexcept { return stepsize_scheduler_needs(get()); }
  std::string text() const {
    return detail::text([&](auto... to) { return stepsize_scheduler_print(get(), to...); });
  }
  /* None where it has none. */
  std::optional<Schedule> schedule() const {
    stepsize_schedule *handle = nullptr;
    detail::check(stepsize_scheduler_schedule(get(), &handle));
    return handle ? std::optional(Schedule(handle)) : std::nullopt;
  }
  /* First the one that moves the rates, then the early stop rules; none from their number on. */
  std::optional<Controller> controller(std::size_t index = 0) const {
    stepsize_controller *handle = nullptr;
    detail::check(stepsize_scheduler_controller(get(), index, &handle));
    return handle ? std::optional(Controller(handle)) : std::nullopt;
  }
  stepsize_phase phase() const {
    stepsize_phase result{};
    result.size = sizeof result;
    detail::check(stepsize_scheduler_phase(get(), &result));
    return result;
  }
  stepsize_phase phase_at(std::int64_t step) const {
    stepsize_phase result{};
    result.size = sizeof result;
    detail::check(stepsize_scheduler_phase_at(get(), step, &result));
    return result;
  }

  void extend(const Schedule &schedule) {
    if (!schedule.get()) detail::check(STEPSIZE_ERROR_NULL);
    stepsize_error error;
    checked(stepsize_scheduler_extend(get(), schedule.get(), &error), error);
  }
  /* One schedule for each group. */
  void extend_groups(View<const Schedule> schedules) {
    std::vector<const stepsize_schedule *> each;
    for (std::size_t i = 0; i < schedules.size(); i++) each.push_back(schedules.data()[i].get());
    stepsize_error error;
    checked(stepsize_scheduler_extend_groups(get(), each.data(), each.size(), &error), error);
  }

  /* New base rates, one for all groups or one for each; and groups that come and go. */
  void set_base_lrs(View<const double> base_lrs) {
    stepsize_error error;
    checked(stepsize_scheduler_set_base_lrs(get(), base_lrs.data(), base_lrs.size(), &error), error);
  }
  void add_group(double base_lr, double min_lr = 0, double max_lr = std::numeric_limits<double>::infinity()) {
    stepsize_error error;
    checked(stepsize_scheduler_add_group(get(), base_lr, min_lr, max_lr, nullptr, &error), error);
  }
  void add_group(double base_lr, const Schedule &schedule, double min_lr = 0,
                 double max_lr = std::numeric_limits<double>::infinity()) {
    stepsize_error error;
    checked(stepsize_scheduler_add_group(get(), base_lr, min_lr, max_lr, schedule.get(), &error), error);
  }
  void remove_group(std::size_t group) {
    stepsize_error error;
    checked(stepsize_scheduler_remove_group(get(), group, &error), error);
  }

  /* The rates that were used, from the first recorded update on. */
  std::vector<double> record(std::size_t group = 0) const {
    std::int64_t count = 0;
    detail::check(stepsize_scheduler_record_range(get(), nullptr, &count));
    std::vector<double> result(static_cast<std::size_t>(count));
    detail::check(stepsize_scheduler_record(get(), group, 0, result.data(), result.size(), nullptr));
    return result;
  }
  Schedule replay(std::size_t group = 0) const {
    return Schedule(detail::made<stepsize_schedule>(
        [&](auto... to) { return stepsize_scheduler_replay(get(), group, to...); }));
  }

  std::vector<std::uint8_t> save() {
    std::size_t size = 0;
    detail::check(stepsize_scheduler_save(get(), nullptr, 0, &size));
    std::vector<std::uint8_t> state(size);
    detail::check(stepsize_scheduler_save(get(), state.data(), size, nullptr));
    return state;
  }
  void load(View<const std::uint8_t> state) {
    stepsize_error error;
    checked(stepsize_scheduler_load(get(), state.data(), state.size(), &error), error);
  }

  stepsize_scheduler *get() noexcept { return handle_.get(); }
  const stepsize_scheduler *get() const noexcept { return handle_.get(); }

 private:
  struct Destroy {
    void operator()(stepsize_scheduler *handle) const noexcept { stepsize_scheduler_destroy(handle); }
  };

  Scheduler(const Schedule *schedule, const Controller *controller, View<const double> base_lrs, const Options &options)
      : handle_(make(base_lrs, options, [&](auto given, auto out, auto error) {
          /* One that was moved from is not one that is not there. */
          if ((schedule && !schedule->get()) || (controller && !controller->get())) detail::check(STEPSIZE_ERROR_NULL);
          given.schedule = schedule ? schedule->get() : nullptr;
          given.controller = controller ? controller->get() : nullptr;
          return stepsize_scheduler_create(&given, out, error);
        })) {}

  template <class Make>
  static stepsize_scheduler *make(View<const double> base_lrs, const Options &options, Make make) {
    stepsize_scheduler_options given;
    detail::check(stepsize_scheduler_defaults(&given, sizeof given));
    std::vector<const stepsize_controller *> early_stops;
    for (const Controller &rule : options.early_stops) early_stops.push_back(rule.get());
    given.base_lr = base_lrs.data(), given.group_count = base_lrs.size();
    given.min_lr = options.min_lr.data(), given.min_lr_count = options.min_lr.size();
    given.max_lr = options.max_lr.data(), given.max_lr_count = options.max_lr.size();
    given.early_stops = early_stops.data(), given.early_stop_count = early_stops.size();
    given.record = options.record, given.norm_capacity = options.norm_capacity;
    given.total = options.total;
    return detail::made<stepsize_scheduler>([&](auto out, auto error) { return make(given, out, error); });
  }

  static void checked(stepsize_status status, const stepsize_error &error) {
    if (status != STEPSIZE_OK) STEPSIZE_THROW(Error(status, error.text, error.offset));
  }

  std::unique_ptr<stepsize_scheduler, Destroy> handle_;
};

}  // namespace stepsize

#endif /* STEPSIZE_HPP */
