/// Three independent numbers.
public enum Version {
  /// The package, by semantic versioning.
  public static let major = 0
  public static let minor = 2
  public static let patch = 0
  /// One number that grows with each release.
  public static var number: Int { 1_000_000 * major + 1000 * minor + patch }
  /// The C interface: rises when a caller compiled against an older header would break.
  public static let abi = 2
}
