/// CRC-32 (IEEE 802.3), eight bytes at a time (Kounavis and Berry, "slicing by 8").
struct Checksum: ~Copyable {
  /// At 256 k + b: what a byte b does to the sum when k bytes have followed it.
  private var tables: InlineArray<2048, UInt32>
  private var sum = UInt32.max

  /// The tables take two microseconds: less than their 8 KiB are worth in a library of a third of a megabyte.
  init() {
    tables = InlineArray(repeating: 0)
    for i in 0..<256 {
      var sum = UInt32(i)
      for _ in 0..<8 { sum = (sum >> 1) ^ (0xEDB8_8320 & (0 &- (sum & 1))) }
      tables[i] = sum
    }
    for i in 256..<2048 {
      let before = tables[i &- 256]
      tables[i] = (before >> 8) ^ tables[Int(before & 255)]
    }
  }

  var value: UInt32 { ~sum }

  @_optimize(speed)
  mutating func add(_ bytes: RawSpan) {
    var sum = sum
    var i = 0
    while i <= bytes.byteCount &- 8 {
      let bits = bytes.unsafeLoadUnaligned(fromByteOffset: i, as: UInt64.self)
      let word = UInt64(littleEndian: bits) ^ UInt64(sum)
      sum = 0
      for k in 0..<8 {
        let byte = Int(truncatingIfNeeded: word >> UInt64(8 &* k)) & 255
        sum ^= tables[256 &* (7 &- k) &+ byte]
      }
      i &+= 8
    }
    while i < bytes.byteCount {
      let byte = bytes.unsafeLoadUnaligned(fromByteOffset: i, as: UInt8.self)
      sum = (sum >> 8) ^ tables[Int(truncatingIfNeeded: sum ^ UInt32(byte)) & 255]
      i &+= 1
    }
    self.sum = sum
  }
}
