extension Finder {
  /// How a rate follows from the losses.
  public enum Method: Int32, Sendable {
    /// Where half of the fall is done (`halfway`): of the losses themselves.
    case halfway = 0
    /// Where the smoothed loss falls fastest with the logarithm of the rate.
    case steepest = 1
    /// In the middle of the longest fall of the smoothed loss, as fastai's "valley".
    case valley = 2
    /// A tenth of the rate with the lowest smoothed loss.
    case minimum = 3
  }

  /// With fewer losses nothing is suggested.
  public static let fewest = 10

  /// The rate that the losses suggest.
  ///
  /// Throws `noSuggestion` where they suggest none: too few, no fall, or one that the range does not contain whole.
  public func suggestion(_ method: Method) throws(ConfigurationError) -> Double {
    guard points.count >= Self.fewest else {
      throw .none("finder: there are too few losses for a suggestion, expected at least 10")
    }
    switch method {
    case .halfway: return points[try halfway()].rate
    case .steepest: return points[try inside(steepest())].rate
    case .valley: return points[try valley()].rate
    case .minimum: return points[try inside(minimum())].rate / 10
    }
  }

  /// The smoothed losses of the first updates are averages of few.
  private var first: Int { configuration.smoothing > 0 ? points.count / 10 : 0 }

  /// A place with losses on either side of it.
  private func inside(_ place: Int) throws(ConfigurationError) -> Int {
    guard place > first else {
      throw .none("finder: the loss falls nowhere, or from the start on, expected a lower start")
    }
    guard place < points.count &- 1 else { throw .stillFalling }
    return place
  }

  private func minimum() -> Int {
    let losses = smoothed()
    var lowest = first
    for i in first..<losses.count where losses[i] < losses[lowest] { lowest = i }
    return lowest
  }

  /// The first place of the least slope: of the parabola through a point and its neighbours, at the ends of a line.
  private func steepest() -> Int {
    let losses = smoothed()
    var place = first
    var least = 0.0
    var before = 0.0
    var widthBefore = 0.0
    for i in first..<losses.count {
      // The slope from here to the next point; there is none behind the last.
      var width = 0.0
      var after = before
      if i &+ 1 < losses.count {
        width = Double.log(points[i &+ 1].rate) - Double.log(points[i].rate)
        after = (losses[i &+ 1] - losses[i]) / width
      }
      let slope = i == first ? after : (before * width + after * widthBefore) / (width + widthBefore)
      if slope < least {
        least = slope
        place = i
      }
      before = after
      widthBefore = width
    }
    return place
  }

  /// fastai's: of the longest strictly falling subsequence, which ends earliest, the places from its end back by its length
  /// are taken for where it lies, and of these the middle.
  private func valley() throws(ConfigurationError) -> Int {
    let losses = smoothed()
    // tails[k] is the highest loss that ends a falling subsequence of k + 1.
    var tails = Array(repeating: 0.0, count: losses.count)
    var length = 0
    var end = first
    for i in first..<losses.count {
      var place = 0
      var after = length
      while place < after {
        let middle = place &+ (after &- place) / 2
        if tails[middle] > losses[i] { place = middle &+ 1 } else { after = middle }
      }
      tails[place] = losses[i]
      if place == length {
        length &+= 1
        end = i
      }
    }
    guard length > 1 else { throw .notFalling }
    return Swift.max(end &- length &+ length / 3 &+ length / 6, first)
  }
}

extension ConfigurationError {
  fileprivate static func none(_ message: StaticString) -> Self { Self(.noSuggestion, message) }

  static var notFalling: Self { none("finder: the loss does not fall") }
  static var stillFalling: Self {
    none("finder: the loss still falls at the last rate, expected a higher end")
  }
  static var noisy: Self {
    none("finder: the loss falls by little more than its noise, expected more updates or larger batches")
  }
}
