/// The approach to the constant rate of stochastic weight averaging, as in PyTorch's SWALR.
///
///     swa(total, end, shape) = ramp(total, start=1, end=end, shape)
///
/// Examples, to step 1000:
///
///     swa(1000, 0.3)
///     swa(1000, 0.3, shape="linear")
enum SWA {
  static var declaration: StaticString {
    """
    swa: approach to the constant rate of weight averaging
    formula: ramp(total, start=1, end=end, shape)
    source: arXiv 1803.05407
    total: count of updates from 1; updates until the end value
    end: real >= 0; multiplier at the end and after
    shape: word cosine|linear = cosine; curve between 1 and the end
    """
  }

  static func make(_ a: Arguments) throws(ConfigurationError) -> Body {
    try Template.body("ramp({total}, 1, {end}, {shape})", a)
  }
}
