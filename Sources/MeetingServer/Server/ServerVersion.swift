/// Which server this is.
public enum ServerVersion {
  /// The version, as people say it.
  public static let text = "0.1.0"
  /// How it was built: with all optimisation, or for looking into it.
  #if DEBUG
    static let build = "debug"
  #else
    static let build = "release"
  #endif
}
