extension FrameDependencyStructure {
  /// Bits that the structure takes.
  var bitCount: Int {
    let perTemplate = 2 + 2 * decodeTargets.count + 1 + 4 * chainCount
    var count = 6 + 5 + templates.count * perTemplate + 1 + 32 * resolutions.count
    for template in templates { count += 5 * template.frameDifferences.count }
    count += NonSymmetricCode(limit: decodeTargets.count + 1).bitCount(chainCount)
    guard chainCount > 0 else { return count }
    let code = NonSymmetricCode(limit: chainCount)
    return decodeTargets.reduce(count) { $0 + code.bitCount(Int($1.chain ?? 0)) }
  }

  /// Appends the structure (AV1 RTP specification A.8.2).
  @_lifetime(output: copy output)
  func write(with writer: inout BitWriter, into output: inout OutputSpan<UInt8>) {
    writer.write(UInt32(templateOffset), 6, into: &output)
    writer.write(UInt32(decodeTargets.count - 1), 5, into: &output)
    for (previous, next) in zip(templates, templates.dropFirst()) {
      writer.write(Self.step(from: previous, to: next) ?? 0, 2, into: &output)
    }
    writer.write(3, 2, into: &output)
    for template in templates {
      FrameDependencies.write(template.indications, with: &writer, into: &output)
    }
    for template in templates {
      for difference in template.frameDifferences {
        writer.write(0x10 | UInt32(difference - 1), 5, into: &output)
      }
      writer.write(0, 1, into: &output)
    }
    writeChains(with: &writer, into: &output)
    writer.write(resolutions.isEmpty ? 0 : 1, 1, into: &output)
    for resolution in resolutions {
      writer.write(UInt32(truncatingIfNeeded: resolution.width - 1), 16, into: &output)
      writer.write(UInt32(truncatingIfNeeded: resolution.height - 1), 16, into: &output)
    }
  }

  @_lifetime(output: copy output)
  private func writeChains(with writer: inout BitWriter, into output: inout OutputSpan<UInt8>) {
    let limit = decodeTargets.count + 1
    NonSymmetricCode(limit: limit).write(chainCount, with: &writer, into: &output)
    guard chainCount > 0 else { return }
    let code = NonSymmetricCode(limit: chainCount)
    for target in decodeTargets { code.write(Int(target.chain ?? 0), with: &writer, into: &output) }
    for template in templates {
      for difference in template.chainDifferences {
        writer.write(UInt32(difference), 4, into: &output)
      }
    }
  }
}

extension FrameDependencies {
  /// Appends one indication for each decode target.
  @_lifetime(output: copy output)
  static func write(
    _ indications: [DecodeTargetIndication], with writer: inout BitWriter,
    into output: inout OutputSpan<UInt8>
  ) {
    for indication in indications { writer.write(UInt32(indication.rawValue), 2, into: &output) }
  }

  /// The size of a frame difference in units of four bits.
  static func size(of difference: UInt16) -> Int {
    difference <= 16 ? 1 : difference <= 256 ? 2 : 3
  }

  /// Appends frame differences of any size.
  @_lifetime(output: copy output)
  static func write(
    _ differences: [UInt16], with writer: inout BitWriter, into output: inout OutputSpan<UInt8>
  ) {
    for difference in differences {
      let size = size(of: difference)
      writer.write(UInt32(size), 2, into: &output)
      writer.write(UInt32(difference &- 1), 4 * size, into: &output)
    }
    writer.write(0, 2, into: &output)
  }
}
