// Gradient descent on a parabola, with GreedyLR on top of a schedule; interrupted once, and resumed from a saved state.
package main

import (
	"fmt"
	"log"

	"stepsize"
)

func main() {
	scheduler, err := stepsize.NewScheduler("greedy(patience=5) * (warmup(10) >> cosine(190, floor=0.1))", []float64{0.2})
	if err != nil {
		log.Fatal(err)
	}
	x := 3.0
	for update := 0; update < 200; update++ {
		x -= scheduler.LR(0) * 2 * x
		if err := scheduler.StepWithLoss(x * x); err != nil {
			log.Fatal(err)
		}
		if update == 99 {
			state, err := scheduler.Save()
			if err != nil {
				log.Fatal(err)
			}
			if scheduler, err = stepsize.Restore(state); err != nil {
				log.Fatal(err)
			}
			fmt.Printf("update %d: %s, decision %s\n", scheduler.CurrentStep(), scheduler, scheduler.Decision())
		}
	}
	fmt.Printf("loss %.3e, %s\n", x*x, scheduler.StopReason())
	if x*x > 1e-6 {
		log.Fatal("the loss has not fallen")
	}
}
