/* Stepsize: learning rates, one per optimizer update.

   THREE KINDS OF OBJECT

   A schedule is a pure function of the step. It answers a multiplier: 1 is the base rate. It never
   changes, so it may be asked for any step in any order, and always gives the same bits.

   A controller listens to the training and moves the base rates, or ends a phase. A
   stepsize_controller is only its configuration; the state belongs to the scheduler that was made
   with it.

   A scheduler is what a training loop holds: the step, the base rate of each parameter group, at
   most one schedule, at most one controller, and bounds.

       rate of group g at step t  =  clamp(base[g] * schedule(t), min_lr[g], max_lr[g])

   where a controller, if there is one, may have moved base[g].

   A TRAINING LOOP

       double base = 1e-3, lr;
       stepsize_schedule *schedule = NULL;
       stepsize_scheduler *scheduler = NULL;
       stepsize_scheduler_options options;
       stepsize_scheduler_defaults(&options);
       if (stepsize_schedule_cosine(10000, 0.1, &schedule, NULL) != STEPSIZE_OK) return 1;
       options.group_count = 1, options.base_lr = &base, options.schedule = schedule;
       if (stepsize_scheduler_create(&options, &scheduler, NULL) != STEPSIZE_OK) return 1;
       stepsize_scheduler_rates(scheduler, &lr, 1);
       for (int t = 0; t < 10000; t++) { train(lr); stepsize_scheduler_step(scheduler, &lr, 1); }

   and at the end stepsize_scheduler_destroy(scheduler) and stepsize_schedule_destroy(schedule).
   A schedule can also be read from text: "warmup(500) >> cosine(9500, floor=0.1)", and so can a
   whole scheduler (stepsize_scheduler_parse): "greedy(patience=10) * linear(10000)".

   SAVING

   stepsize_scheduler_save gives the bytes of everything that is needed to go on, and
   stepsize_scheduler_restore a scheduler that does, in another process or language, with the same
   bits as if nothing had been. Damaged bytes are refused.

   TIME

   Steps are int64_t and count from 0: the rate at step t is the one for update number t, and t = 0
   is the first update. A scheduler just made answers the rates for update 0. Call step after an
   update; it answers the rates for the next one. Before step 0 a schedule has its value at 0, and
   after its end it keeps its last value.

   OWNERSHIP

   What a function gives through `out` belongs to the caller, who frees it with the destroy function
   of its kind. Everything passed in is borrowed for the call: arrays and texts are copied, and a
   schedule or controller may be destroyed while others made from it live on. Text that is answered
   as `const char *` is static and never freed.

   NULL

   Every destroy function takes NULL and does nothing. `error` may be NULL. An array may be NULL if
   its count is 0. Any other NULL is refused with STEPSIZE_ERROR_NULL. A function that has no status
   says what it answers instead.

   ERRORS

   A function that can fail returns a status: STEPSIZE_OK is 0. On failure it changes nothing but
   `error`, which receives the text: the field, its value and what is allowed. Nothing is printed,
   nothing aborts, and nothing is kept in a global variable. NaN is a legal loss.

   THREADS

   A schedule or a controller may be used by many threads at once. A scheduler belongs to one thread
   at a time; different schedulers are independent. No object may be in use while it is destroyed,
   nor be used afterwards: that cannot be detected.

   GROWTH

   A struct that can grow begins with its size. Fill it with its defaults function, or for
   stepsize_error set `size`; then a newer library knows which fields an older caller has. Numbers
   of constants never change meaning. */
