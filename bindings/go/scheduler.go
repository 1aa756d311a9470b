package stepsize

/*
#include <stepsize/stepsize.h>

// In C, because the options point to arrays: Go may not store pointers to its own memory there.
static stepsize_status parse(const char *text, size_t size, const double *base_lr, size_t group_count,
                             const double *min_lr, size_t min_lr_count, const double *max_lr, size_t max_lr_count,
                             int32_t record, int64_t total, stepsize_scheduler **out, stepsize_error *error) {
	stepsize_scheduler_options options;
	const stepsize_status status = stepsize_scheduler_defaults(&options, sizeof options);
	if (status != STEPSIZE_OK) return status;
	options.base_lr = base_lr, options.group_count = group_count;
	options.min_lr = min_lr, options.min_lr_count = min_lr_count;
	options.max_lr = max_lr, options.max_lr_count = max_lr_count;
	options.record = record, options.total = total;
	return stepsize_scheduler_parse(text, size, &options, out, error);
}
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Options are what a scheduler can have besides its text and base rates.
type Options struct {
	MinLR, MaxLR []float64 // none, one for all groups, or one for each
	Record       bool      // whether to record the rates that are used
	Total        int64     // updates of which the text gives shares, such as "10%"; 0 for none
}

// Scheduler is what a training loop holds: step, base rates, schedule, controllers. One goroutine at a time.
type Scheduler struct{ handle *C.stepsize_scheduler }

func madeScheduler(make func(**C.stepsize_scheduler, *C.stepsize_error) C.stepsize_status) (*Scheduler, error) {
	var handle *C.stepsize_scheduler
	var reason C.stepsize_error
	if err := checked(make(&handle, &reason), &reason); err != nil {
		return nil, err
	}
	scheduler := &Scheduler{handle}
	runtime.SetFinalizer(scheduler, (*Scheduler).Close)
	return scheduler, nil
}

// NewScheduler makes a scheduler from the text form of controllers and schedule, such as
// "greedy(patience=10) * linear(1000)", and a base rate for each parameter group.
func NewScheduler(text string, baseLRs []float64) (*Scheduler, error) {
	return NewSchedulerWith(text, baseLRs, Options{})
}

// NewSchedulerWith makes a scheduler with options.
func NewSchedulerWith(text string, baseLRs []float64, options Options) (*Scheduler, error) {
	data, size := characters(text)
	base, groups := reals(baseLRs)
	lowest, lowestCount := reals(options.MinLR)
	highest, highestCount := reals(options.MaxLR)
	record := C.int32_t(0)
	if options.Record {
		record = 1
	}
	return madeScheduler(func(out **C.stepsize_scheduler, reason *C.stepsize_error) C.stepsize_status {
		return C.parse(data, size, base, groups, lowest, lowestCount, highest, highestCount, record,
			C.int64_t(options.Total), out, reason)
	})
}

// Restore makes a scheduler from what Save has returned, in this or another language.
func Restore(state []byte) (*Scheduler, error) {
	data, size := characters(string(state))
	return madeScheduler(func(out **C.stepsize_scheduler, reason *C.stepsize_error) C.stepsize_status {
		return C.stepsize_scheduler_restore((*C.uint8_t)(unsafe.Pointer(data)), size, out, reason)
	})
}

// Save gives everything that is needed to continue.
func (scheduler *Scheduler) Save() ([]byte, error) {
	defer runtime.KeepAlive(scheduler)
	return written(0, func(buffer unsafe.Pointer, capacity C.size_t, size *C.size_t) C.stepsize_status {
		return C.stepsize_scheduler_save(scheduler.handle, (*C.uint8_t)(buffer), capacity, size)
	})
}

// Close frees the scheduler at once. It is allowed again.
func (scheduler *Scheduler) Close() error {
	runtime.SetFinalizer(scheduler, nil)
	C.stepsize_scheduler_destroy(scheduler.handle)
	scheduler.handle = nil
	return nil
}

// LR is the rate of a group for the current update; NaN where there is no such group.
func (scheduler *Scheduler) LR(group int) float64 {
	defer runtime.KeepAlive(scheduler)
	return float64(C.stepsize_scheduler_lr(scheduler.handle, C.size_t(group)))
}

// LRs are the rates of all groups for the current update.
func (scheduler *Scheduler) LRs() []float64 {
	defer runtime.KeepAlive(scheduler)
	rates := make([]float64, int(C.stepsize_scheduler_group_count(scheduler.handle)))
	for group := range rates {
		rates[group] = scheduler.LR(group)
	}
	return rates
}

// Step goes to the next update.
func (scheduler *Scheduler) Step() error {
	defer runtime.KeepAlive(scheduler)
	return check(C.stepsize_scheduler_step(scheduler.handle, nil, 0))
}

// StepWithLoss shows the loss of the last update to the controller and goes to the next one.
func (scheduler *Scheduler) StepWithLoss(loss float64) error {
	defer runtime.KeepAlive(scheduler)
	return check(C.stepsize_scheduler_step_with_loss(scheduler.handle, C.double(loss), nil, 0))
}

// Advance goes so many updates on without showing a loss.
func (scheduler *Scheduler) Advance(updates int64) error {
	defer runtime.KeepAlive(scheduler)
	return check(C.stepsize_scheduler_advance_by(scheduler.handle, C.int64_t(updates), nil, 0))
}

// ObserveGradient shows the products of gradient and last update to a hypergradient controller; norms may be nil.
func (scheduler *Scheduler) ObserveGradient(dots, norms []float64) error {
	defer runtime.KeepAlive(scheduler)
	if norms != nil && len(norms) != len(dots) {
		return check(C.STEPSIZE_ERROR_SIZE) // one count is for both
	}
	products, count := reals(dots)
	lengths, _ := reals(norms)
	return check(C.stepsize_scheduler_observe_gradient(scheduler.handle, products, lengths, count, nil, 0))
}

// Propose begins a line search; the rates are those of the first trial.
func (scheduler *Scheduler) Propose(loss float64, squaredNorms []float64) error {
	defer runtime.KeepAlive(scheduler)
	norms, count := reals(squaredNorms)
	return check(C.stepsize_scheduler_propose(scheduler.handle, C.double(loss), norms, count, nil, 0))
}

// Report judges a trial by the loss after it.
func (scheduler *Scheduler) Report(loss float64, squaredDistances []float64) (Trial, error) {
	defer runtime.KeepAlive(scheduler)
	trial := C.stepsize_trial(C.STEPSIZE_TRIAL_FAILED)
	distances, count := reals(squaredDistances)
	err := check(C.stepsize_scheduler_report(scheduler.handle, C.double(loss), distances, count, &trial, nil, 0))
	return Trial(trial), err
}

// Observation has numbers about an update before it is made; Given says which, as a sum of Scalar… constants.
type Observation struct {
	Given                                                                        Needs
	Loss, GradNorm, GradL1, Distance, StartNorm, DotStart, DotUpdate, UpdateNorm float64
	DotX, MeanNorm, MeanDotX                                                     float64
}

// Observe shows what is known of an update before it is made: one of all groups together, or one of each.
func (scheduler *Scheduler) Observe(observations ...Observation) error {
	defer runtime.KeepAlive(scheduler)
	var reason C.stepsize_error
	given := make([]C.stepsize_observation, len(observations)+1)
	for i, seen := range observations {
		given[i] = C.stepsize_observation{
			size: C.sizeof_stepsize_observation, given: C.int32_t(seen.Given), loss: C.double(seen.Loss),
			grad_norm: C.double(seen.GradNorm), grad_l1: C.double(seen.GradL1), distance: C.double(seen.Distance),
			start_norm: C.double(seen.StartNorm), dot_start: C.double(seen.DotStart),
			dot_update: C.double(seen.DotUpdate), update_norm: C.double(seen.UpdateNorm), dot_x: C.double(seen.DotX),
			mean_norm: C.double(seen.MeanNorm), mean_dot_x: C.double(seen.MeanDotX),
		}
	}
	return checked(C.stepsize_scheduler_observe(
		scheduler.handle, &given[0], C.size_t(len(observations)), nil, 0, &reason), &reason)
}

// Extend switches to another schedule from the current update on.
func (scheduler *Scheduler) Extend(schedule *Schedule) error {
	defer runtime.KeepAlive(scheduler)
	defer runtime.KeepAlive(schedule)
	var reason C.stepsize_error
	return checked(C.stepsize_scheduler_extend(scheduler.handle, schedule.handle, &reason), &reason)
}

// CurrentStep is the update that the current rates are for.
func (scheduler *Scheduler) CurrentStep() int64 {
	defer runtime.KeepAlive(scheduler)
	return int64(C.stepsize_scheduler_get_step(scheduler.handle))
}

// Decision is what the controller did with the last loss.
func (scheduler *Scheduler) Decision() Decision {
	defer runtime.KeepAlive(scheduler)
	return Decision(C.stepsize_scheduler_decision(scheduler.handle))
}

// Needs are what has to be shown at each update.
func (scheduler *Scheduler) Needs() Needs {
	defer runtime.KeepAlive(scheduler)
	return Needs(C.stepsize_scheduler_needs(scheduler.handle))
}

// StopReason says why the training can stop.
func (scheduler *Scheduler) StopReason() Stop {
	defer runtime.KeepAlive(scheduler)
	return Stop(C.stepsize_scheduler_stop_reason(scheduler.handle))
}

// Replay makes a schedule of the recorded rates of a group, for a base rate of 1.
func (scheduler *Scheduler) Replay(group int) (*Schedule, error) {
	defer runtime.KeepAlive(scheduler)
	return madeSchedule(func(out **C.stepsize_schedule, reason *C.stepsize_error) C.stepsize_status {
		return C.stepsize_scheduler_replay(scheduler.handle, C.size_t(group), out, reason)
	})
}

// String is the text form of controllers and schedule.
func (scheduler *Scheduler) String() string {
	defer runtime.KeepAlive(scheduler)
	return text(func(buffer unsafe.Pointer, capacity C.size_t, size *C.size_t) C.stepsize_status {
		return C.stepsize_scheduler_print(scheduler.handle, (*C.char)(buffer), capacity, size)
	})
}
