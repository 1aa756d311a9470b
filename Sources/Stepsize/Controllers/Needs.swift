/// What a scheduler needs at each update.
public struct Needs: OptionSet, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// The loss: `step(loss:)`.
  public static var loss: Needs { Needs(rawValue: 1) }
  /// Dot products of gradients: `observeGradient`.
  public static var gradient: Needs { Needs(rawValue: 2) }
  /// The trials of a line search: `propose` and `report`.
  public static var search: Needs { Needs(rawValue: 4) }
}
