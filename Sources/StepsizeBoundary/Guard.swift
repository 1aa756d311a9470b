import CStepsize

/// Runs `body`. Where memory runs out in it, it ends there: what it has made is freed, the references it has taken are given
/// back, and the status is STEPSIZE_ERROR_MEMORY (Guard.c in CStepsize).
///
/// So a body may stop at each allocation: what is older than the call, a handle or the caller's memory, is changed only
/// after the last one. Messages for the caller are given by `boundary`.
///
/// Implemented in C, as longjmp has to be; `@_silgen_name` is how C can be given a closure that is not copied to the heap.
@_silgen_name("stepsize_guarded")
package func guarded(_ body: () -> stepsize_status) -> stepsize_status

/// Takes all memory from the caller's allocator from now on; STEPSIZE_ERROR_ORDER where some was taken already.
package func setAllocator(_ allocator: UnsafePointer<stepsize_allocator>?) -> stepsize_status {
  guard let allocator, allocator.pointee.allocate != nil, allocator.pointee.release != nil else {
    return Int32(STEPSIZE_ERROR_NULL)
  }
  return use(allocator)
}

@_silgen_name("stepsize_use_allocator")
private func use(_ allocator: UnsafePointer<stepsize_allocator>) -> stepsize_status
