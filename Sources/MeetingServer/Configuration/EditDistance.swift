/// How many letters must be added, left out, changed or swapped with their neighbour.
func editDistance(_ left: String, _ right: String) -> Int {
  let (left, right) = (
    Array(left.unicodeScalars.prefix(64)), Array(right.unicodeScalars.prefix(64))
  )
  var twoAgo: [Int] = []
  var previous = Array(0...right.count)
  for row in left.indices {
    var current = [row + 1]
    for column in right.indices {
      let isSame = left[row] == right[column]
      var best = min(
        previous[column + 1] + 1, current[column] + 1, previous[column] + (isSame ? 0 : 1))
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        best = min(best, twoAgo[column - 1] + 1)
      }
      current.append(best)
    }
    (twoAgo, previous) = (previous, current)
  }
  return previous.last ?? 0
}

/// What may have been meant by `text`; nil where nothing is near.
public func closest(to text: String, among known: [String]) -> String? {
  let limit = max(1, text.count / 3)
  return known.map { ($0, editDistance(text.lowercased(), $0.lowercased())) }
    .filter { $0.1 <= limit }.min { $0.1 < $1.1 }?.0
}
