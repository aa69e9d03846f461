internal import DequeModule

/// A queue that mostly holds one element, which needs no memory of its own.
///
/// Of a unary call each end has one message to send and one to read.
struct ShortQueue<Element: Sendable>: Sendable {
    private var head: Element?
    private var rest: Deque<Element> = []

    var isEmpty: Bool { head == nil }
    var count: Int { (head == nil ? 0 : 1) + rest.count }

    /// The oldest element, which can be changed in place; not to be removed by nil.
    var first: Element? {
        get { head }
        _modify { yield &head }
    }

    mutating func append(_ element: Element) {
        if head == nil { head = element } else { rest.append(element) }
    }

    mutating func popFirst() -> Element? {
        guard let element = head else { return nil }
        head = rest.popFirst()
        return element
    }
}
