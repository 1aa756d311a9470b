// Written by dev/train_policies.py (make policies): do not edit.

/// The policies that come with the library.
enum ShippedPolicy: CaseIterable, Word {
  case nmf

  var name: StaticString {
    switch self {
    case .nmf: "nmf"
    }
  }

  /// every, limit, hidden units, then the weights.
  var numbers: [Double] {
    switch self {
    case .nmf:
      [
        10, 3, 0, -0.72937, -1.0208, -0.86547, -1.852, 1.1674,
        -0.17309, -1.2213, 1.3887,
      ]
    }
  }
}
