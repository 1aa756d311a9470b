use std::fmt;
use std::ops::{Mul, Shr};
use std::ptr::NonNull;
use std::str::FromStr;

use crate::error::{check, made, text};
use crate::{ffi, Error, Result};

/// A pure function of the step: a multiplier of the base rate. Any number of threads may use one.
pub struct Schedule(pub(crate) NonNull<ffi::stepsize_schedule>);

unsafe impl Send for Schedule {}
unsafe impl Sync for Schedule {}

impl Schedule {
    /// From its text form, such as `"warmup(500) >> cosine(9500, floor=0.1)"`.
    pub fn new(text: &str) -> Result<Self> {
        made(|out, error| unsafe { ffi::stepsize_schedule_parse(text.as_ptr().cast(), text.len(), out, error) })
            .map(Self)
    }

    /// With shares of a total, such as `"warmup(10%) >> cosine(rest)"`.
    pub fn with_total(text: &str, total: i64) -> Result<Self> {
        let bind =
            |out, error| unsafe { ffi::stepsize_schedule_bind(text.as_ptr().cast(), text.len(), total, out, error) };
        made(bind).map(Self)
    }

    /// Of multipliers, one for each update; the last one holds.
    pub fn table(values: &[f64]) -> Result<Self> {
        made(|out, error| unsafe { ffi::stepsize_schedule_table(values.as_ptr(), values.len(), out, error) }).map(Self)
    }

    /// The multiplier for an update.
    pub fn at(&self, step: i64) -> f64 {
        unsafe { ffi::stepsize_schedule_at(self.as_ptr(), step) }
    }

    /// Rates for the updates `first`, `first + stride` and so on.
    pub fn fill(&self, rates: &mut [f64], first: i64, stride: i64, base_lr: f64) -> Result<()> {
        check(unsafe {
            ffi::stepsize_schedule_fill(self.as_ptr(), first, stride, base_lr, rates.as_mut_ptr(), rates.len())
        })
    }

    /// Updates; `None` where it has no end.
    pub fn length(&self) -> Option<i64> {
        let length = unsafe { ffi::stepsize_schedule_length(self.as_ptr()) };
        (length != crate::NEVER).then_some(length)
    }

    /// This one for its length, then the other from its own step 0.
    pub fn then(&self, next: &Schedule) -> Result<Self> {
        let join = |out, error| unsafe { ffi::stepsize_schedule_sequence(self.as_ptr(), next.as_ptr(), out, error) };
        made(join).map(Self)
    }

    /// The product of both at the same step.
    pub fn times(&self, other: &Schedule) -> Result<Self> {
        let join = |out, error| unsafe { ffi::stepsize_schedule_product(self.as_ptr(), other.as_ptr(), out, error) };
        made(join).map(Self)
    }

    /// Times a number.
    pub fn scaled(&self, factor: f64) -> Result<Self> {
        made(|out, error| unsafe { ffi::stepsize_schedule_scale(self.as_ptr(), factor, out, error) }).map(Self)
    }

    /// The C object, which stays this one's, for functions of [`ffi`].
    pub fn as_ptr(&self) -> *const ffi::stepsize_schedule {
        self.0.as_ptr()
    }
}

impl Drop for Schedule {
    fn drop(&mut self) {
        unsafe { ffi::stepsize_schedule_destroy(self.0.as_ptr()) }
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::new(text)
    }
}

/// The text form.
impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&text(|buffer, capacity, size| unsafe {
            ffi::stepsize_schedule_print(self.as_ptr(), buffer, capacity, size)
        }))
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Schedule({:?})", self.to_string())
    }
}

impl Shr for &Schedule {
    type Output = Result<Schedule>;

    fn shr(self, next: &Schedule) -> Result<Schedule> {
        self.then(next)
    }
}

impl Mul for &Schedule {
    type Output = Result<Schedule>;

    fn mul(self, other: &Schedule) -> Result<Schedule> {
        self.times(other)
    }
}

impl Mul<f64> for &Schedule {
    type Output = Result<Schedule>;

    fn mul(self, factor: f64) -> Result<Schedule> {
        self.scaled(factor)
    }
}
