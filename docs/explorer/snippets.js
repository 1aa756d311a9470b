// The line that makes a scheduler, in each language.
const quoted = (text) => JSON.stringify(text);
const python = (text) => (text.includes('"') && !text.includes("'") ? `'${text}'` : quoted(text));

/** {language: program} for a text, whose base rate is `lr`, and whether it has a controller or shares of a total. */
export function snippets(text, lr, { controlled, total }) {
  const more = total ? `, total=${total}` : "";
  const step = controlled ? "scheduler.step(loss)" : "scheduler.step()";
  const c = quoted(text);
  return {
    Python: `import stepsize\n\nscheduler = stepsize.Scheduler(${lr}, ${python(text)}${more})\n# after each update: ${step}`,
    PyTorch: `from stepsize.torch import Scheduler\n\nscheduler = Scheduler(optimizer, ${python(text)}${more})   # lr=${lr} in the optimizer\n# after optimizer.step(): ${step}`,
    "Hugging Face": controlled
      ? `from stepsize.huggingface import LossCallback, Scheduler\n\ntrainer = Trainer(..., callbacks=[LossCallback("loss")],\n                  optimizers=(optimizer, Scheduler(optimizer, ${python(text)}${more})))`
      : `from stepsize.huggingface import Scheduler\n\ntrainer = Trainer(..., optimizers=(optimizer, Scheduler(optimizer, ${python(text)}${more})))`,
    optax: controlled
      ? `import optax\nimport stepsize\nfrom stepsize.optax import scale_by_scheduler\n\nscheduler = stepsize.Scheduler(${lr}, ${python(text)}${more})\noptimizer = optax.chain(optax.scale_by_adam(), scale_by_scheduler(scheduler))\n# each update: optimizer.update(grads, opt_state, params, value=loss)`
      : `import optax\nfrom stepsize.optax import schedule\n\noptimizer = optax.adamw(schedule(${python(text)}, base_lr=${lr}${total ? `, length=${total}` : ""}))`,
    C: `const char *text = ${c};\nconst double base_lr = ${lr};\nstepsize_scheduler_options options;\nstepsize_scheduler *scheduler;\nstepsize_error error;\nif (stepsize_scheduler_defaults(&options, sizeof options)) return 1;\noptions.group_count = 1, options.base_lr = &base_lr;${total ? `\noptions.total = ${total};` : ""}\nif (stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error)) return 1;`,
    JavaScript: `import { Scheduler } from "stepsize";\n\nconst scheduler = new Scheduler(${c}, ${lr}${total ? `, { total: ${total} }` : ""});\n// after each update: ${step}`,
  };
}
