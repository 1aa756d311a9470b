// Package stepsize gives learning rates, one per optimizer update: schedules, controllers and schedulers of libstepsize.
//
//	scheduler, err := stepsize.NewScheduler("warmup(500) >> cosine(9500, floor=0.1)", []float64{1e-3})
//	for update := 0; update < 10000 && err == nil; update++ {
//		train(scheduler.LR(0))
//		err = scheduler.Step()
//	}
//
// No rate is computed here. Objects free themselves when they are collected; Close frees them at once.
package stepsize

/*
#cgo LDFLAGS: -lstepsize
#include <stepsize/stepsize.h>
*/
import "C"

import (
	"fmt"
	"unsafe"
)

func init() {
	if abi := int32(C.stepsize_abi_version()); abi != abiVersion {
		panic(fmt.Sprintf("stepsize: the library has ABI %d, this package is for %d", abi, abiVersion))
	}
}

// Version is that of the library: 1000000 major + 1000 minor + patch.
func Version() int { return int(C.stepsize_version()) }

// Error says why a call failed; nothing has changed then. It wraps its status, so that errors.Is compares that.
type Error struct {
	Status  Status
	Offset  int // the byte of a parsed text at which it is wrong, or -1
	Message string
}

func (err *Error) Error() string { return "stepsize: " + err.Message }

// Unwrap gives the status.
func (err *Error) Unwrap() error { return err.Status }

// Error is the name of the status, such as STEPSIZE_ERROR_SYNTAX.
func (status Status) Error() string {
	return C.GoString(C.stepsize_status_name(C.stepsize_status(status)))
}

// check makes an error of a status alone.
func check(status C.stepsize_status) error {
	if status == C.STEPSIZE_OK {
		return nil
	}
	return &Error{Status(status), -1, Status(status).Error()}
}

// checked makes an error of a status and of what the function says of it.
func checked(status C.stepsize_status, reason *C.stepsize_error) error {
	if status == C.STEPSIZE_OK {
		return nil
	}
	return &Error{Status(status), int(reason.offset), C.GoString(&reason.text[0])}
}

// reals points to the numbers of a slice, and says how many they are.
func reals(values []float64) (*C.double, C.size_t) {
	if len(values) == 0 {
		return nil, 0
	}
	return (*C.double)(unsafe.Pointer(&values[0])), C.size_t(len(values))
}

// characters points to the bytes of a text, which need no terminator but are never NULL.
func characters(text string) (*C.char, C.size_t) {
	bytes := append([]byte(text), 0)
	return (*C.char)(unsafe.Pointer(&bytes[0])), C.size_t(len(text))
}

// written calls a function that writes bytes: for their number, then for the bytes and an end that is cut off.
func written(end int, write func(unsafe.Pointer, C.size_t, *C.size_t) C.stepsize_status) ([]byte, error) {
	var size C.size_t
	if err := check(write(nil, 0, &size)); err != nil {
		return nil, err
	}
	bytes := make([]byte, int(size)+end)
	if err := check(write(unsafe.Pointer(&bytes[0]), C.size_t(len(bytes)), &size)); err != nil {
		return nil, err
	}
	return bytes[:size], nil
}

// text calls a function that prints; of a closed object it is the error.
func text(print func(unsafe.Pointer, C.size_t, *C.size_t) C.stepsize_status) string {
	bytes, err := written(1, print)
	if err != nil {
		return err.Error()
	}
	return string(bytes)
}
