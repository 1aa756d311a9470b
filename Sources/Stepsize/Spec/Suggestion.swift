/// The known name with the smallest edit distance (Levenshtein), if it is close enough to be meant.
func nearest(to name: ArraySlice<UInt8>, among known: [[UInt8]]) -> [UInt8]? {
  guard name.count <= 64 else { return nil }
  let name = Array(name)
  var best: [UInt8]?
  var bestDistance = Swift.max(2, name.count / 3) + 1
  for candidate in known {
    let distance = editDistance(name, candidate)
    if distance < bestDistance {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let substitution = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = Swift.min(substitution, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}
