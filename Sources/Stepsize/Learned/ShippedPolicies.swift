// Written by dev/train_policies.py (make policies): do not edit.

/// The policies that come with the library, numbered as the words of `learned`'s parameter policy.
enum ShippedPolicy: Int32, CaseIterable {
  case nmf, mlp

  /// every, limit, hidden units, then the weights.
  var numbers: [Double] {
    switch self {
    case .nmf:
      [
        10, 3, 0, -0.41903, -0.95438, -0.90248, -1.5285, 0.99595,
        -0.67965, -1.0802, 1.8716,
      ]
    case .mlp:
      [
        10, 3, 0, 0.59926, -0.14629, 0.27216, 0.39887, -0.55808,
        -1.4269, -0.63052, 0.75721,
      ]
    }
  }
}
