import Glibc

/// An open file descriptor that is closed with its last reference.
public final class Descriptor: Sendable {
  let number: Int32

  init(owning number: Int32) { self.number = number }

  deinit { close(number) }
}
