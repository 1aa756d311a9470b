//! Gradient descent on a parabola, with GreedyLR on top of a schedule; interrupted once, and resumed from a saved state.

use stepsize::{Result, Scheduler};

fn main() -> Result<()> {
    let mut scheduler = Scheduler::new("greedy(patience=5) * (warmup(10) >> cosine(190, floor=0.1))", &[0.2])?;
    let mut x: f64 = 3.0;
    for update in 0..200 {
        x -= scheduler.lr(0) * 2.0 * x;
        scheduler.step_with_loss(x * x)?;
        if update == 99 {
            let state = scheduler.save()?;
            scheduler = Scheduler::restore(&state)?;
            println!("update {}: {}, decision {}", scheduler.current_step(), scheduler, scheduler.decision().name());
        }
    }
    println!("loss {:.3e}, {}", x * x, scheduler.stop_reason().name());
    assert!(x * x < 1e-6);
    Ok(())
}
