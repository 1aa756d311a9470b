// A set of numbers 0..<n as bits, with the nearest member on either side of a place in O(log n).
//
// Level 0 has one bit for each number. A bit of a higher level says whether a word of the level below has any
// bit, so that a search skips empty ranges 64 words at a time. The words of all levels are one span, and
// `starts` says where each level begins; where members are dense, only level 0 is touched.

enum RankSet {
  /// Where the levels begin, and the number of words in all.
  static func layout(count: Int) -> (starts: [Int], wordCount: Int) {
    var starts: [Int] = []
    var total = 0
    var bits = count
    repeat {
      starts.append(total)
      bits = (bits &+ 63) >> 6
      total &+= bits
    } while bits > 1
    return (starts, total)
  }
}

extension MutableSpan<UInt64> {
  @inline(__always)
  mutating func insert(_ rank: UInt32, _ starts: Span<Int>) {
    var place = Int(truncatingIfNeeded: rank)
    for level in starts.indices {
      let at = starts[level] &+ place >> 6
      let old = self[at]
      self[at] = old | 1 &<< UInt64(truncatingIfNeeded: place)
      if old != 0 { return }
      place >>= 6
    }
  }

  @inline(__always)
  mutating func remove(_ rank: UInt32, _ starts: Span<Int>) {
    var place = Int(truncatingIfNeeded: rank)
    for level in starts.indices {
      let at = starts[level] &+ place >> 6
      let new = self[at] & ~(1 &<< UInt64(truncatingIfNeeded: place))
      self[at] = new
      if new != 0 { return }
      place >>= 6
    }
  }

  /// The nearest member above; the rank itself if there is none.
  @inline(__always)
  borrowing func next(_ rank: UInt32, _ starts: Span<Int>) -> UInt32 {
    nearest(rank, starts, { ~1 &<< $0 }, { $0.trailingZeroBitCount })
  }

  /// The nearest member below; the rank itself if there is none.
  @inline(__always)
  borrowing func previous(_ rank: UInt32, _ starts: Span<Int>) -> UInt32 {
    nearest(rank, starts, { (1 &<< $0) &- 1 }, { 63 &- $0.leadingZeroBitCount })
  }

  /// Up the levels until a word has a bit on the wanted side, then down along the outermost bits.
  @inline(__always)
  private borrowing func nearest(
    _ rank: UInt32, _ starts: Span<Int>, _ side: (UInt64) -> UInt64, _ pick: (UInt64) -> Int
  ) -> UInt32 {
    var place = Int(truncatingIfNeeded: rank)
    for level in starts.indices {
      let found = self[starts[level] &+ place >> 6] & side(UInt64(truncatingIfNeeded: place) & 63)
      if found != 0 {
        place = place & ~63 | pick(found)
        var below = level
        while below > 0 {
          below &-= 1
          place = place << 6 | pick(self[starts[below] &+ place])
        }
        return UInt32(truncatingIfNeeded: place)
      }
      place >>= 6
    }
    return rank
  }

  /// The member that has `count` members below it; 0 if there are not so many.
  borrowing func member(after count: Int, _ starts: Span<Int>) -> UInt32 {
    var left = count
    let end = starts.count > 1 ? starts[1] : self.count
    for i in 0..<end {
      var word = self[i]
      let size = word.nonzeroBitCount
      if left < size {
        for _ in 0..<left { word &= word &- 1 }
        return UInt32(truncatingIfNeeded: i << 6 | word.trailingZeroBitCount)
      }
      left &-= size
    }
    return 0
  }
}
