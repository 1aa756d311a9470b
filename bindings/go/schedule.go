package stepsize

// #include <stepsize/stepsize.h>
import "C"

import (
	"runtime"
	"unsafe"
)

// Schedule is a pure function of the step: a multiplier of the base rate. Any number of goroutines may use one.
type Schedule struct{ handle *C.stepsize_schedule }

// madeSchedule calls a function that makes a schedule.
func madeSchedule(make func(**C.stepsize_schedule, *C.stepsize_error) C.stepsize_status) (*Schedule, error) {
	var handle *C.stepsize_schedule
	var reason C.stepsize_error
	if err := checked(make(&handle, &reason), &reason); err != nil {
		return nil, err
	}
	schedule := &Schedule{handle}
	runtime.SetFinalizer(schedule, (*Schedule).Close)
	return schedule, nil
}

// NewSchedule makes a schedule from its text form, such as "warmup(500) >> cosine(9500, floor=0.1)".
func NewSchedule(text string) (*Schedule, error) {
	data, size := characters(text)
	return madeSchedule(func(out **C.stepsize_schedule, reason *C.stepsize_error) C.stepsize_status {
		return C.stepsize_schedule_parse(data, size, out, reason)
	})
}

// NewScheduleOf takes the shares in a text, such as "warmup(10%) >> cosine(rest)", of a total.
func NewScheduleOf(text string, total int64) (*Schedule, error) {
	data, size := characters(text)
	return madeSchedule(func(out **C.stepsize_schedule, reason *C.stepsize_error) C.stepsize_status {
		return C.stepsize_schedule_bind(data, size, C.int64_t(total), out, reason)
	})
}

// NewTable makes a schedule of multipliers, one for each update; the last one holds.
func NewTable(values []float64) (*Schedule, error) {
	data, count := reals(values)
	return madeSchedule(func(out **C.stepsize_schedule, reason *C.stepsize_error) C.stepsize_status {
		return C.stepsize_schedule_table(data, count, out, reason)
	})
}

// Close frees the schedule at once. It is allowed again, and while others made from it live on.
func (schedule *Schedule) Close() error {
	runtime.SetFinalizer(schedule, nil)
	C.stepsize_schedule_destroy(schedule.handle)
	schedule.handle = nil
	return nil
}

// At is the multiplier for an update; NaN of a closed schedule.
func (schedule *Schedule) At(step int64) float64 {
	defer runtime.KeepAlive(schedule)
	return float64(C.stepsize_schedule_at(schedule.handle, C.int64_t(step)))
}

// Fill writes the rates for the updates first, first + stride and so on.
func (schedule *Schedule) Fill(rates []float64, first, stride int64, baseLR float64) error {
	defer runtime.KeepAlive(schedule)
	out, count := reals(rates)
	return check(C.stepsize_schedule_fill(
		schedule.handle, C.int64_t(first), C.int64_t(stride), C.double(baseLR), out, count))
}

// Length is the number of updates; Never where the schedule has no end.
func (schedule *Schedule) Length() int64 {
	defer runtime.KeepAlive(schedule)
	return int64(C.stepsize_schedule_length(schedule.handle))
}

// String is the text form.
func (schedule *Schedule) String() string {
	defer runtime.KeepAlive(schedule)
	return text(func(buffer unsafe.Pointer, capacity C.size_t, size *C.size_t) C.stepsize_status {
		return C.stepsize_schedule_print(schedule.handle, (*C.char)(buffer), capacity, size)
	})
}

// Then is this schedule for its length, then the other from its own step 0.
func (schedule *Schedule) Then(next *Schedule) (*Schedule, error) {
	defer runtime.KeepAlive([]*Schedule{schedule, next})
	return madeSchedule(func(out **C.stepsize_schedule, reason *C.stepsize_error) C.stepsize_status {
		return C.stepsize_schedule_sequence(schedule.handle, next.handle, out, reason)
	})
}

// Times is the product of both at the same step.
func (schedule *Schedule) Times(other *Schedule) (*Schedule, error) {
	defer runtime.KeepAlive([]*Schedule{schedule, other})
	return madeSchedule(func(out **C.stepsize_schedule, reason *C.stepsize_error) C.stepsize_status {
		return C.stepsize_schedule_product(schedule.handle, other.handle, out, reason)
	})
}

// Scaled is the schedule times a number.
func (schedule *Schedule) Scaled(factor float64) (*Schedule, error) {
	defer runtime.KeepAlive(schedule)
	return madeSchedule(func(out **C.stepsize_schedule, reason *C.stepsize_error) C.stepsize_status {
		return C.stepsize_schedule_scale(schedule.handle, C.double(factor), out, reason)
	})
}
