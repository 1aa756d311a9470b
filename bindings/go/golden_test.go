package stepsize

import (
	"encoding/hex"
	"errors"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// lines of a file of Tests/golden, without comments and empty ones.
func lines(t *testing.T, name string) []string {
	page, err := os.ReadFile("../../Tests/golden/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, line := range strings.Split(string(page), "\n") {
		if line != "" && line[0] != '#' {
			found = append(found, line)
		}
	}
	return found
}

func number(t *testing.T, text string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestGoldenSchedules(t *testing.T) {
	cases := map[string]map[int64]uint64{}
	// The last one has the bits where the library misses the nearest double.
	for _, name := range []string{"primitives.tsv", "compositions.tsv", "algebra.tsv", "examples.tsv", "bits.txt"} {
		var rows map[int64]uint64
		for _, line := range lines(t, name) {
			if text := strings.TrimPrefix(line, "= "); text != line {
				if rows = cases[text]; rows == nil {
					rows = map[int64]uint64{}
					cases[text] = rows
				}
				continue
			}
			fields := strings.Split(line, "\t")
			step, err := strconv.ParseInt(fields[0], 10, 64)
			bits, failure := strconv.ParseUint(fields[1], 16, 64)
			if err != nil || failure != nil {
				t.Fatal(name, line)
			}
			rows[step] = bits
		}
	}
	if len(cases) < 1300 {
		t.Fatal(len(cases))
	}
	for text, rows := range cases {
		schedule, err := NewSchedule(text)
		if err != nil {
			t.Fatal(text, err)
		}
		for step, bits := range rows {
			row := make([]float64, 1)
			if err := schedule.Fill(row, step, 1, 1); err != nil {
				t.Fatal(err)
			}
			if math.Float64bits(schedule.At(step)) != bits || math.Float64bits(row[0]) != bits {
				t.Errorf("%s at %d: %x, expected %x", text, step, math.Float64bits(schedule.At(step)), bits)
			}
		}
	}
}

func observation(t *testing.T, words []string) Observation {
	var seen Observation
	numbers := map[string]*float64{
		"loss": &seen.Loss, "grad_norm": &seen.GradNorm, "grad_l1": &seen.GradL1, "distance": &seen.Distance,
		"start_norm": &seen.StartNorm, "dot_start": &seen.DotStart, "dot_update": &seen.DotUpdate,
		"update_norm": &seen.UpdateNorm, "dot_x": &seen.DotX, "mean_norm": &seen.MeanNorm, "mean_dot_x": &seen.MeanDotX,
	}
	bits := map[string]Needs{
		"loss": ScalarLoss, "grad_norm": ScalarGradNorm, "grad_l1": ScalarGradL1, "distance": ScalarDistance,
		"start_norm": ScalarStartNorm, "dot_start": ScalarDotStart, "dot_update": ScalarDotUpdate,
		"update_norm": ScalarUpdateNorm, "dot_x": ScalarDotX, "mean_norm": ScalarMeanNorm, "mean_dot_x": ScalarMeanDotX,
	}
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		*numbers[name] = number(t, value)
		seen.Given |= bits[name]
	}
	return seen
}

// call makes the call of a trace: a loss, "-" for an update without one, or NAME:ARGUMENT:...
func call(t *testing.T, scheduler *Scheduler, text string) error {
	words := strings.Split(text, ":")
	switch words[0] {
	case "observe":
		return scheduler.Observe(observation(t, words[1:]))
	case "observe_gradient":
		var norms []float64
		if len(words) > 2 {
			norms = []float64{number(t, words[2])}
		}
		return scheduler.ObserveGradient([]float64{number(t, words[1])}, norms)
	case "propose":
		return scheduler.Propose(number(t, words[1]), []float64{number(t, words[2])})
	case "report":
		trial, err := scheduler.Report(number(t, words[1]), nil)
		if trial.String() != words[2] {
			t.Errorf("%s: %s", text, trial)
		}
		return err
	case "-":
		return scheduler.Advance(1)
	}
	return scheduler.StepWithLoss(number(t, text))
}

func TestGoldenControllers(t *testing.T) {
	var scheduler *Scheduler
	var name, text string
	traces := 0
	for _, line := range lines(t, "controllers.txt") {
		fields := strings.Split(line, "\t")
		switch {
		case fields[0] == "scheduler":
			text = fields[1]
		case fields[0] == "base":
			made, err := NewScheduler(text, []float64{number(t, fields[1])})
			if err != nil {
				t.Fatal(text, err)
			}
			scheduler = made
		case len(fields) == 3:
			if err := call(t, scheduler, fields[0]); err != nil {
				t.Fatal(name, err)
			}
			if math.Float64bits(scheduler.LR(0)) != math.Float64bits(number(t, fields[1])) ||
				scheduler.Decision().String() != fields[2] {
				t.Errorf("%s: %s: %v, %s", name, line, scheduler.LR(0), scheduler.Decision())
			}
		default:
			name = line
			traces++
		}
	}
	if traces < 56 {
		t.Error(traces)
	}
}

func TestGoldenStates(t *testing.T) {
	for _, line := range lines(t, "states.txt") {
		words := strings.Split(line, " ")
		state, err := hex.DecodeString(words[1])
		if err != nil {
			t.Fatal(err)
		}
		scheduler, err := Restore(state)
		if err != nil {
			t.Fatal(err)
		}
		for update := 40; update < 45; update++ {
			if scheduler.Needs()&^NeedsLoss != 0 { // those that observe more than a loss went without
				err = scheduler.Advance(1)
			} else {
				err = scheduler.StepWithLoss(1 + float64(update*7%11)/8)
			}
			for group, rate := range scheduler.LRs() {
				if err != nil || math.Float64bits(rate) != math.Float64bits(number(t, words[2+2*(update-40)+group])) {
					t.Error(scheduler, update, group, rate, err)
				}
			}
		}
		again, err := scheduler.Save()
		if continued, failure := Restore(again); err != nil || failure != nil || continued.CurrentStep() != 45 {
			t.Error(err, failure)
		}
	}
}

func TestRecordAndExtension(t *testing.T) {
	scheduler, err := NewSchedulerWith("linear(10)", []float64{0.5}, Options{Record: true, MaxLR: []float64{0.4}})
	if err != nil {
		t.Fatal(err)
	}
	var used []float64
	for update := 0; update < 5; update++ {
		used = append(used, scheduler.LR(0))
		if err := scheduler.Step(); err != nil {
			t.Fatal(err)
		}
	}
	replay, err := scheduler.Replay(0)
	if err != nil || used[0] != 0.4 {
		t.Fatal(used, err)
	}
	for update, rate := range used {
		if replay.At(int64(update)) != rate {
			t.Error(update, rate)
		}
	}
	table, _ := NewTable([]float64{0.5})
	if err := scheduler.Extend(table); err != nil || scheduler.LR(0) != 0.25 || scheduler.StopReason() != StopEnd {
		t.Error(scheduler, err)
	}
	shares, _ := NewScheduleOf("warmup(10%) >> cosine(rest)", 100)
	half, _ := shares.Scaled(0.5)
	if both, err := half.Times(table); err != nil || both.String() != "(0.5 * (warmup(10) >> cosine(90))) * table([0.5])" {
		t.Error(both, err)
	}
}

func TestFailuresAndOwnership(t *testing.T) {
	_, err := NewSchedule("linear(10")
	var reason *Error
	if !errors.Is(err, ErrorSyntax) || !errors.As(err, &reason) || reason.Offset != 9 {
		t.Error(err)
	}
	if _, err = NewScheduler("greedy()", nil); !errors.Is(err, ErrorArgument) {
		t.Error(err)
	}
	if _, err = Restore([]byte("damaged")); !errors.Is(err, ErrorState) {
		t.Error(err)
	}
	rise, _ := NewSchedule("warmup(10)")
	fall, _ := NewSchedule("cosine(90)")
	both, err := rise.Then(fall)
	if err != nil || both.String() != "warmup(10) >> cosine(90)" || both.Length() != 100 {
		t.Error(both, err)
	}
	value := both.At(5)
	rise.Close()
	if rise.Close(); both.At(5) != value || !math.IsNaN(rise.At(5)) {
		t.Error("closed twice, or with what was made from it")
	}
	for i := 0; i < 1000; i++ {
		if _, err := NewSchedule("linear(9)"); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
}
