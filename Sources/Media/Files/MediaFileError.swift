/// Why bytes are not the media file they should be.
public enum MediaFileError: Error, Sendable, Hashable {
  /// The file ends within a frame or a header.
  case truncated
  /// It does not begin as files of this kind do.
  case notThisFormat
  /// It is of this kind, but of a version, codec or layout that is not read.
  case unsupported
  /// A frame or a header is longer than the limit.
  case tooLong
  /// A checksum does not fit.
  case corrupt
  /// Fields contradict each other.
  case malformed
}
