use std::fmt;
use std::mem::{size_of, MaybeUninit};
use std::ptr::{self, NonNull};

use crate::error::{check, checked, made, text, written};
use crate::{ffi, Decision, Needs, Result, Schedule, Stop, Trial};

/// What a scheduler can have besides its text and base rates.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The lowest rates: none, one for all groups, or one for each.
    pub min_lr: Vec<f64>,
    pub max_lr: Vec<f64>,
    /// Whether to record the rates that are used.
    pub record: bool,
    /// Updates of which the text gives shares, such as `10%`.
    pub total: Option<i64>,
}

/// What a training loop holds: step, base rates, schedule, controllers. One thread at a time.
pub struct Scheduler(NonNull<ffi::stepsize_scheduler>);

unsafe impl Send for Scheduler {}

impl Scheduler {
    /// From the text form of controllers and schedule, such as `"greedy(patience=10) * linear(1000)"`, and a base rate for
    /// each parameter group.
    pub fn new(text: &str, base_lrs: &[f64]) -> Result<Self> {
        Self::with_options(text, base_lrs, &Options::default())
    }

    pub fn with_options(text: &str, base_lrs: &[f64], options: &Options) -> Result<Self> {
        let mut given = MaybeUninit::<ffi::stepsize_scheduler_options>::uninit();
        check(unsafe {
            ffi::stepsize_scheduler_defaults(given.as_mut_ptr(), size_of::<ffi::stepsize_scheduler_options>())
        })?;
        let mut given = unsafe { given.assume_init() };
        (given.base_lr, given.group_count) = (base_lrs.as_ptr(), base_lrs.len());
        (given.min_lr, given.min_lr_count) = (options.min_lr.as_ptr(), options.min_lr.len());
        (given.max_lr, given.max_lr_count) = (options.max_lr.as_ptr(), options.max_lr.len());
        given.record = options.record.into();
        given.total = options.total.unwrap_or(0);
        let parse =
            |out, error| unsafe { ffi::stepsize_scheduler_parse(text.as_ptr().cast(), text.len(), &given, out, error) };
        made(parse).map(Self)
    }

    /// From what [`save`](Self::save) has returned, in this or another language.
    pub fn restore(state: &[u8]) -> Result<Self> {
        made(|out, error| unsafe { ffi::stepsize_scheduler_restore(state.as_ptr(), state.len(), out, error) }).map(Self)
    }

    /// Everything that is needed to continue.
    pub fn save(&mut self) -> Result<Vec<u8>> {
        written(0, |buffer, capacity, size| unsafe {
            ffi::stepsize_scheduler_save(self.as_ptr(), buffer, capacity, size)
        })
    }

    /// The rate of a group for the current update; NaN where there is no such group.
    pub fn lr(&self, group: usize) -> f64 {
        unsafe { ffi::stepsize_scheduler_lr(self.0.as_ptr(), group) }
    }

    /// The rates of all groups for the current update.
    pub fn lrs(&self) -> Vec<f64> {
        (0..self.group_count()).map(|group| self.lr(group)).collect()
    }

    /// Goes to the next update.
    pub fn step(&mut self) -> Result<()> {
        check(unsafe { ffi::stepsize_scheduler_step(self.as_ptr(), ptr::null_mut(), 0) })
    }

    /// Shows the loss of the last update to the controller and goes to the next one.
    pub fn step_with_loss(&mut self, loss: f64) -> Result<()> {
        check(unsafe { ffi::stepsize_scheduler_step_with_loss(self.as_ptr(), loss, ptr::null_mut(), 0) })
    }

    /// Goes so many updates on without showing a loss.
    pub fn advance(&mut self, updates: i64) -> Result<()> {
        check(unsafe { ffi::stepsize_scheduler_advance_by(self.as_ptr(), updates, ptr::null_mut(), 0) })
    }

    /// Shows what is known of an update before it is made: one of all groups together, or one of each.
    pub fn observe(&mut self, observations: &[Observation]) -> Result<()> {
        let given: Vec<_> = observations.iter().map(|one| one.0).collect();
        checked(|error| unsafe {
            ffi::stepsize_scheduler_observe(self.as_ptr(), given.as_ptr(), given.len(), ptr::null_mut(), 0, error)
        })
    }

    /// Shows the products of gradient and last update to a hypergradient controller.
    pub fn observe_gradient(&mut self, dots: &[f64], norms: Option<&[f64]>) -> Result<()> {
        if norms.map_or(false, |norms| norms.len() != dots.len()) {
            return check(ffi::STEPSIZE_ERROR_SIZE); // one count is for both
        }
        let norms = norms.map_or(ptr::null(), <[f64]>::as_ptr);
        check(unsafe {
            let (dots, count) = (dots.as_ptr(), dots.len());
            ffi::stepsize_scheduler_observe_gradient(self.as_ptr(), dots, norms, count, ptr::null_mut(), 0)
        })
    }

    /// Begins a line search; the rates are those of the first trial.
    pub fn propose(&mut self, loss: f64, squared_norms: &[f64]) -> Result<()> {
        check(unsafe {
            let (norms, count) = (squared_norms.as_ptr(), squared_norms.len());
            ffi::stepsize_scheduler_propose(self.as_ptr(), loss, norms, count, ptr::null_mut(), 0)
        })
    }

    /// Judges a trial by the loss after it.
    pub fn report(&mut self, loss: f64, squared_distances: &[f64]) -> Result<Trial> {
        let mut trial = ffi::STEPSIZE_TRIAL_FAILED;
        check(unsafe {
            let (distances, count) = (squared_distances.as_ptr(), squared_distances.len());
            ffi::stepsize_scheduler_report(self.as_ptr(), loss, distances, count, &mut trial, ptr::null_mut(), 0)
        })?;
        Ok(Trial(trial))
    }

    /// Another schedule from the current update on.
    pub fn extend(&mut self, schedule: &Schedule) -> Result<()> {
        checked(|error| unsafe { ffi::stepsize_scheduler_extend(self.as_ptr(), schedule.as_ptr(), error) })
    }

    /// The update that the current rates are for.
    pub fn current_step(&self) -> i64 {
        unsafe { ffi::stepsize_scheduler_get_step(self.0.as_ptr()) }
    }

    pub fn group_count(&self) -> usize {
        unsafe { ffi::stepsize_scheduler_group_count(self.0.as_ptr()) }
    }

    /// What the controller did with the last loss.
    pub fn decision(&self) -> Decision {
        Decision(unsafe { ffi::stepsize_scheduler_decision(self.0.as_ptr()) })
    }

    /// What has to be shown at each update.
    pub fn needs(&self) -> Needs {
        Needs(unsafe { ffi::stepsize_scheduler_needs(self.0.as_ptr()) })
    }

    /// Why the training can stop.
    pub fn stop_reason(&self) -> Stop {
        Stop(unsafe { ffi::stepsize_scheduler_stop_reason(self.0.as_ptr()) })
    }

    /// The recorded rates of a group as a schedule for a base rate of 1.
    pub fn replay(&self, group: usize) -> Result<Schedule> {
        let replay = |out, error| unsafe { ffi::stepsize_scheduler_replay(self.0.as_ptr(), group, out, error) };
        made(replay).map(Schedule)
    }

    /// The C object, which stays this one's, for functions of [`ffi`].
    pub fn as_ptr(&mut self) -> *mut ffi::stepsize_scheduler {
        self.0.as_ptr()
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        unsafe { ffi::stepsize_scheduler_destroy(self.0.as_ptr()) }
    }
}

/// The text form of controllers and schedule.
impl fmt::Display for Scheduler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&text(|buffer, capacity, size| unsafe {
            ffi::stepsize_scheduler_print(self.0.as_ptr(), buffer, capacity, size)
        }))
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Scheduler({:?}, step {})", self.to_string(), self.current_step())
    }
}

/// Numbers about an update before it is made; those that are not set are not given.
#[derive(Clone, Copy)]
pub struct Observation(ffi::stepsize_observation);

macro_rules! numbers {
    ($($name:ident $bit:ident),*) => {
        impl Observation {
            $(pub fn $name(mut self, value: f64) -> Self {
                self.0.$name = value;
                self.0.given |= ffi::$bit;
                self
            })*
        }
    };
}

numbers! {
    loss STEPSIZE_SCALAR_LOSS, grad_norm STEPSIZE_SCALAR_GRAD_NORM, grad_l1 STEPSIZE_SCALAR_GRAD_L1,
    distance STEPSIZE_SCALAR_DISTANCE, start_norm STEPSIZE_SCALAR_START_NORM, dot_start STEPSIZE_SCALAR_DOT_START,
    dot_update STEPSIZE_SCALAR_DOT_UPDATE, update_norm STEPSIZE_SCALAR_UPDATE_NORM, dot_x STEPSIZE_SCALAR_DOT_X,
    mean_norm STEPSIZE_SCALAR_MEAN_NORM, mean_dot_x STEPSIZE_SCALAR_MEAN_DOT_X
}

impl Default for Observation {
    fn default() -> Self {
        let mut empty: ffi::stepsize_observation = unsafe { MaybeUninit::zeroed().assume_init() };
        empty.size = size_of::<ffi::stepsize_observation>() as u32;
        Self(empty)
    }
}
