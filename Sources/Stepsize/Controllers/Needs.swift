/// What a scheduler needs at each update.
public struct Needs: OptionSet, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The loss: `step(loss:)`.
  public static var loss: Needs { Needs(rawValue: 1) }
  /// Dot products of gradients: `observeGradient`, or `observe`.
  public static var gradient: Needs { Needs(rawValue: 2) }
  /// The trials of a line search: `propose`, or `observe`, and `report`.
  public static var search: Needs { Needs(rawValue: 4) }
  /// Numbers about each update before it is made, which have bits of their own (`Observation`): `observe`.
  public static var observation: Needs { Needs(rawValue: 8) }
  /// Such numbers of each group, not of all together.
  public static var eachGroup: Needs { Needs(rawValue: 16) }
  /// A loss that is not below 0.
  public static var lossFromZero: Needs { Needs(rawValue: 32) }
}
