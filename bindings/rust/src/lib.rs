//! Learning rates, one per optimizer update: schedules, controllers and schedulers of libstepsize.
//!
//! ```
//! let mut scheduler = stepsize::Scheduler::new("warmup(500) >> cosine(9500, floor=0.1)", &[1e-3])?;
//! for _ in 0..10_000 {
//!     let lr = scheduler.lr(0);
//!     // one update of the weights with lr
//!     scheduler.step()?;
//! }
//! # Ok::<(), stepsize::Error>(())
//! ```
//!
//! No rate is computed here. What this layer does not have is in [`ffi`], the C interface itself.

mod constants;
mod error;
pub mod ffi;
mod schedule;
mod scheduler;

pub use constants::*;
pub use error::{Error, Result};
pub use schedule::Schedule;
pub use scheduler::{Observation, Options, Scheduler};

/// A length without end.
pub const NEVER: i64 = ffi::STEPSIZE_NEVER;

/// The version of the library: (major, minor, patch).
pub fn version() -> (i32, i32, i32) {
    let version = unsafe { ffi::stepsize_version() };
    (version / 1_000_000, version / 1_000 % 1_000, version % 1_000)
}
