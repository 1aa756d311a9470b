/// The learning rate of llama.cpp's finetune (ggml-org/llama.cpp, lr_opt in common), with its names.
///
///     llama_cpp(…) = stretch(clamp(exponential(r, every=D), min=r), updates_per_epoch),   r = lr_min/lr0
///
/// D = decay_epochs where that is above 0 and below epochs, else epochs; a constant where lr_min is not above 0. The base
/// rate is lr0. The rate changes between epochs; with one update an epoch the step is the epoch, as llama.cpp has it.
///
/// Examples, to step 1000:
///
///     llama_cpp(0.001, lr_min=0.00001, epochs=10, updates_per_epoch=100)
///     llama_cpp(0.001, lr_min=0.0001, epochs=10, decay_epochs=5.5, updates_per_epoch=100)
enum LlamaCpp {
  static var declaration: StaticString {
    """
    llama_cpp: the learning rate of llama.cpp's finetune
    formula: max(r, r^(e/D)), e = floor(t/updates_per_epoch), r = lr_min/lr0, D = decay_epochs if in (0, epochs), else \
    epochs; 1 if lr_min <= 0
    source: ggml-org/llama.cpp, common/common.h, lr_opt
    lr0: real > 0 = 0.00001; the base rate
    lr_min: real = -1; rate after the decay; <= 0: no decay
    epochs: count from 1 = 2; epochs in total
    decay_epochs: real = -1; epochs of the decay; <= 0: all
    updates_per_epoch: count of updates from 1 = 1; updates of an epoch
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    let fraction = max(a.real("lr_min"), 0) / a.real("lr0")
    guard fraction <= 1 else { throw a.error("lr_min", expected: "a number <= lr0") }
    let decay = a.real("decay_epochs")
    let epochs = Double(a.count("epochs"))
    var text = Template(a)
    text.set("r", .real(fraction))
    text.set("D", .real(decay > 0 ? min(decay, epochs) : epochs))
    text.add(
      fraction > 0 ? "stretch(clamp(exponential({r}, {D}), {r}), {updates_per_epoch})" : "constant()")
    return try text.body()
  }
}
