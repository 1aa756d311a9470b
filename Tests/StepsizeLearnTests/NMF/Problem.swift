@testable import StepsizeLearn

/// Random problems, and the loss written from its definition.
struct Problem {
  var rows: Int
  var columns: Int
  var rank: Int
  var x: [Double]

  static func uniform(_ random: inout SplitMix) -> Double { Double(random.next() >> 11) * 0x1p-53 }

  /// Entries dense or mostly 0, of a scale from 1e-3 to 1e3; now and then an exact product.
  static func random(_ random: inout SplitMix, upTo size: Int = 12) -> Problem {
    let rows = 1 + Int(random.next() % UInt64(size))
    let columns = 1 + Int(random.next() % UInt64(size))
    let rank = 1 + Int(random.next() % UInt64(min(rows, columns)))
    let density = random.next() % 3 == 0 ? 0.2 : 1
    let scale = pow10(6 * uniform(&random) - 3)
    var x = (0..<rows * columns).map { _ in
      uniform(&random) < density ? scale * uniform(&random) * 3 : 0
    }
    if random.next() % 4 == 0 {
      let w = (0..<rows).map { _ in uniform(&random) }
      let h = (0..<columns).map { _ in uniform(&random) }
      x = (0..<rows * columns).map { scale * w[$0 / columns] * h[$0 % columns] }
    }
    return Problem(rows: rows, columns: columns, rank: rank, x: x)
  }

  static func pow10(_ y: Double) -> Double { raise(10, to: y) }

  func make(_ change: (inout Factorization.Configuration) -> Void = { _ in }) throws -> Factorization {
    var configuration = Factorization.Configuration()
    configuration.rank = Int64(rank)
    change(&configuration)
    return try Factorization(configuration, x.span, rows: rows, columns: columns, stride: columns)
  }

  func w(_ f: borrowing Factorization) -> [Double] {
    var out = Array(repeating: 0.0, count: rows * rank)
    var span = out.mutableSpan
    f.write(w: &span)
    return out
  }

  func h(_ f: borrowing Factorization) -> [Double] {
    var out = Array(repeating: 0.0, count: rank * columns)
    var span = out.mutableSpan
    f.write(h: &span)
    return out
  }

  /// ½‖X_B − W_B·H‖² and what its evaluation may be off by rounding: each entry of the residual by
  /// (rank + 1)·ε·(|x| + (WH)), the sum by one ε for each term. 3·ε·(WH) more for factors that were balanced.
  func loss(_ w: [Double], _ h: [Double], rows batch: [Int]? = nil) -> (value: Double, rounding: Double) {
    var sum = 0.0
    var rounding = 0.0
    for i in batch ?? Array(0..<rows) {
      for j in 0..<columns {
        var product = 0.0
        for k in 0..<rank { product += w[i * rank + k] * h[k * columns + j] }
        let residual = x[i * columns + j] - product
        sum += residual * residual
        rounding += abs(residual) * Double(rank + 4) * Double.ulpOfOne * (x[i * columns + j] + product)
      }
    }
    return (sum / 2, rounding + Double(rows * columns) * Double.ulpOfOne * sum)
  }

  /// Gradients from the definition: (WH − X)·Hᵀ and Wᵀ·(WH − X).
  func gradients(_ w: [Double], _ h: [Double]) -> (w: [Double], h: [Double]) {
    var ofW = Array(repeating: 0.0, count: w.count)
    var ofH = Array(repeating: 0.0, count: h.count)
    for i in 0..<rows {
      for j in 0..<columns {
        var residual = -x[i * columns + j]
        for k in 0..<rank { residual += w[i * rank + k] * h[k * columns + j] }
        for k in 0..<rank {
          ofW[i * rank + k] += residual * h[k * columns + j]
          ofH[k * columns + j] += residual * w[i * rank + k]
        }
      }
    }
    return (ofW, ofH)
  }
}

func squares(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }
