@_exported import TestSupport

@testable import Stepsize

func parse(_ text: String) throws -> Schedule { try Schedule(parsing: Array(text.utf8)) }
