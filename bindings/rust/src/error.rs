use std::ffi::CStr;
use std::fmt;
use std::mem::MaybeUninit;
use std::ptr;

use crate::{ffi, Status};

/// Why a call failed. Nothing has changed then.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error {
    /// `Status::ERROR_…`
    pub status: Status,
    /// The byte of a parsed text at which it is wrong.
    pub offset: Option<usize>,
    /// The field, its value and what is allowed.
    pub message: String,
}

pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = unsafe { CStr::from_ptr(ffi::stepsize_status_name(self.0)) };
        formatter.write_str(&name.to_string_lossy())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The error of a call that says no more than its status.
pub(crate) fn check(status: ffi::stepsize_status) -> Result<()> {
    if status == ffi::STEPSIZE_OK {
        return Ok(());
    }
    let status = Status(status);
    Err(Error { status, offset: None, message: status.to_string() })
}

/// Calls a function that says why it fails.
pub(crate) fn checked(call: impl FnOnce(*mut ffi::stepsize_error) -> ffi::stepsize_status) -> Result<()> {
    let mut error = MaybeUninit::<ffi::stepsize_error>::uninit();
    let status = call(error.as_mut_ptr());
    if status == ffi::STEPSIZE_OK {
        return Ok(());
    }
    // It is written on failure.
    let error = unsafe { error.assume_init() };
    let message = unsafe { CStr::from_ptr(error.text.as_ptr()) }.to_string_lossy().into_owned();
    Err(Error { status: Status(status), offset: error.offset.try_into().ok(), message })
}

/// Calls a function that makes an object.
pub(crate) fn made<T>(
    call: impl FnOnce(*mut *mut T, *mut ffi::stepsize_error) -> ffi::stepsize_status,
) -> Result<ptr::NonNull<T>> {
    let mut handle = ptr::null_mut();
    checked(|error| call(&mut handle, error))?;
    // Not NULL where the call succeeds.
    Ok(unsafe { ptr::NonNull::new_unchecked(handle) })
}

/// Calls a function that writes bytes, for their number and then for the bytes; `end` is what it writes behind them.
pub(crate) fn written(
    end: usize,
    mut call: impl FnMut(*mut u8, usize, *mut usize) -> ffi::stepsize_status,
) -> Result<Vec<u8>> {
    let mut size = 0;
    check(call(ptr::null_mut(), 0, &mut size))?;
    let mut bytes = vec![0; size + end];
    check(call(bytes.as_mut_ptr(), bytes.len(), &mut size))?;
    bytes.truncate(size);
    Ok(bytes)
}

/// The same for a text.
pub(crate) fn text(
    mut call: impl FnMut(*mut std::os::raw::c_char, usize, *mut usize) -> ffi::stepsize_status,
) -> String {
    let bytes = written(1, |buffer, capacity, size| call(buffer.cast(), capacity, size));
    // A text can be printed unless memory runs out, where Rust ends the process too.
    String::from_utf8(bytes.expect("printing a text")).expect("texts are UTF-8")
}
