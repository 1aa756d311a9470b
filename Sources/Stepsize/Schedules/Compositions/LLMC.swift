/// The schedules of llm.c (karpathy/llm.c, llmc/schedulers.h), with its names.
///
///     cosine, linear   warmup(W) >> cosine(N - W, floor=f), linear(N - W, floor=f)
///     constant         constant()
///     wsd              warmup(W) >> constant(D - W) >> cooldown(N - D, "1-sqrt", floor=f),   D = (int)(0.8f N)
///
/// W = warmup_iterations, N = train_num_batches, f = final_learning_rate_frac. As in llm.c, constant has no warm-up, and
/// after a warm-up beyond D wsd is in the middle of its decay. After N, where an assertion of llm.c fails, the last value
/// holds; so does the full rate where cosine or linear end in the warm-up. Its phases are "warmup", "main" and "anneal".
///
/// Examples, to step 1000:
///
///     llmc("cosine", 100, 1000, 0.1)
///     llmc("linear", 100, 1000, 0.1)
///     llmc("wsd", 100, 1000, 0)
enum LLMC {
  enum SchedulerType: Int32 {
    case cosine, linear, constant, wsd
  }

  static var declaration: StaticString {
    """
    llmc: the schedules of llm.c
    formula: warmup(W) >> cosine(N-W, f), linear(N-W, f), or constant(D-W) >> cooldown(N-D, floor=f), D = (int)(0.8f N); \
    constant: 1
    source: karpathy/llm.c, llmc/schedulers.h
    scheduler_type: word cosine|linear|constant|wsd; curve
    warmup_iterations: count of updates from 0; updates of the rise, W
    train_num_batches: count of updates from 1; updates in total, N
    final_learning_rate_frac: real in [0, 1]; lowest value, f
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let type = SchedulerType(rawValue: a.wordIndex("scheduler_type")) ?? .constant
    let warmup = a.count("warmup_iterations")
    let total = a.count("train_num_batches")
    let decayStart = type == .wsd ? decayPoint(total) : warmup
    var text = Template(a)
    text.set("hold", .integer(decayStart - warmup))
    text.set("rest", .integer(total - decayStart))
    let main: StaticString =
      switch type {
      case .cosine: "cosine({rest}, {final_learning_rate_frac}, phase=\"main\")"
      case .linear: "linear({rest}, {final_learning_rate_frac}, phase=\"main\")"
      case .constant: "constant()"
      case .wsd where warmup > decayStart:
        "shift(cooldown({rest}, floor={final_learning_rate_frac}), {hold}, phase=\"anneal\")"
      case .wsd:
        """
        constant({hold}, phase="main") >> cooldown({rest}, floor={final_learning_rate_frac}, phase="anneal")
        """
      }
    text.add("warmup({warmup_iterations}, phase=\"warmup\")", if: warmup > 0 && type != .constant)
    text.add(main, if: warmup < total || type == .wsd || type == .constant)
    return try text.body()
  }

  /// (int)(0.8f * total), in single precision: one later than in double precision for some totals.
  private static func decayPoint(_ total: Int64) -> Int64 {
    Int64(whole: Double((0.8 as Float) * Float(total)).roundedDown) ?? total
  }
}
