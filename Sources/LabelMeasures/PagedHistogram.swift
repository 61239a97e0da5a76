/// How often each of 65,536 numbers occurs. A page of 256 counts is there once one of them occurs, as the values of an image are few
/// and near each other.
struct PagedHistogram {
  /// Where each page begins in `counts`, plus one; 0 for a page that isn't there.
  private var pages = [Int](repeating: 0, count: 256)
  private var counts: [Int] = []

  @inline(__always)
  mutating func add(_ number: Int) {
    var page = pages[number >> 8]
    if page == 0 {
      page = counts.count + 1
      pages[number >> 8] = page
      counts.append(contentsOf: repeatElement(0, count: 256))
    }
    counts[page - 1 + number & 255] += 1
  }

  /// The number at a place of the ascending order, and its place among its equals, from 0.
  func number(at rank: Int) -> (number: Int, rank: Int)? {
    var left = rank
    for (index, page) in pages.enumerated() where page > 0 {
      for offset in 0..<256 {
        let count = counts[page - 1 + offset]
        if left < count { return (index << 8 | offset, left) }
        left -= count
      }
    }
    return nil
  }
}
