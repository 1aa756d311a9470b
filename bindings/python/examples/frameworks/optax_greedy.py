#!/usr/bin/env python3
"""JAX and optax: a schedule inside jit and scan, and GreedyLR over linear decay through inject_hyperparams.

Fits a least-squares problem with noisy gradients. Needs jax and optax.
"""

import jax
import jax.numpy as jnp
import optax
import stepsize
import stepsize.optax

UPDATES = 300
key = jax.random.key(0)
inputs = jax.random.normal(key, (512, 8))
targets = inputs @ jnp.arange(1.0, 9.0)


def loss_of(params, rows):
    return jnp.mean((inputs[rows] @ params - targets[rows]) ** 2)


def scheduled():
    """The whole run in one compiled scan."""
    optimizer = optax.adam(stepsize.optax.schedule("warmup(20) >> cosine(280, floor=0.1)", base_lr=0.3))

    @jax.jit
    def train(params):
        def update(carry, rows):
            params, state = carry
            loss, gradient = jax.value_and_grad(loss_of)(params, rows)
            changes, state = optimizer.update(gradient, state)
            return (optax.apply_updates(params, changes), state), loss

        rows = jax.random.randint(key, (UPDATES, 32), 0, len(inputs))
        return jax.lax.scan(update, (params, optimizer.init(params)), rows)[1]

    return train(jnp.zeros(8))


def controlled():
    """The loss moves the rate: one compiled update, the scheduler between updates."""
    scheduler = stepsize.Scheduler(0.3, f"greedy(patience=5, factor=0.9) * linear({UPDATES})")
    optimizer = optax.inject_hyperparams(optax.adam)(learning_rate=scheduler.lr)

    @jax.jit
    def update(params, state, rows):
        loss, gradient = jax.value_and_grad(loss_of)(params, rows)
        changes, state = optimizer.update(gradient, state)
        return optax.apply_updates(params, changes), state, loss

    params, losses = jnp.zeros(8), []
    state = optimizer.init(params)
    for rows in jax.random.randint(key, (UPDATES, 32), 0, len(inputs)):
        params, state, loss = update(params, state, rows)
        losses.append(float(loss))
        state = stepsize.optax.inject(state, scheduler.step(loss))
    return losses


if __name__ == "__main__":
    for name, losses in (("schedule", scheduled()), ("GreedyLR", controlled())):
        print(f"{name:10} first loss {losses[0]:8.3f}   last loss {losses[-1]:10.6f}")
