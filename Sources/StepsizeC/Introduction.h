/* Stepsize: learning rates, one per optimizer update.

   THREE KINDS OF OBJECT

   A schedule is a pure function of the step. Its value is a multiplier: 1 is the base rate. It never
   changes, may be evaluated at any step in any order, and always gives the same bits.

   A controller reacts to the training: it moves the base rates, or ends a phase. A
   stepsize_controller is only its configuration; the state belongs to the scheduler that was made
   with it.

   A scheduler is what a training loop holds: the step, the base rate of each parameter group, at
   most one schedule, at most one controller that moves the rates, early stop rules, and bounds.

       rate of group g at step t  =  clamp(base[g] * schedule(t), min_lr[g], max_lr[g])

   where a controller, if there is one, may have moved base[g].

   THE SIMPLEST CALL

       double lr = stepsize_cosine(t, 10000, 1e-3, 0.1);

   needs no handle: the rate for update t of a cosine decay over 10000 updates from 1e-3 to a tenth.

   A TRAINING LOOP

       const char *text = "greedy(patience=10) * (warmup(500) >> linear(9500))";
       double base_lr = 1e-3;
       stepsize_scheduler *scheduler;
       stepsize_scheduler_options options;
       stepsize_error error;
       if (stepsize_scheduler_defaults(&options, sizeof options)) return 1;
       options.group_count = 1, options.base_lr = &base_lr;
       if (stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error)) {
         fprintf(stderr, "%s\n", error.text);
         return 1;
       }
       for (int t = 0; t < 10000; t++) {
         double loss = train(stepsize_scheduler_lr(scheduler, 0));
         if (stepsize_scheduler_step_with_loss(scheduler, loss, NULL, 0)) return 1;
       }
       stepsize_scheduler_destroy(scheduler);

   Schedules and controllers can also be made one by one, from their text or from named values
   (stepsize_schedule_create, stepsize_controller_create).

   SAVING

   stepsize_scheduler_save gives everything that is needed to continue as bytes, and
   stepsize_scheduler_restore makes a scheduler that continues from them, in another process or
   language, with the same bits as without the interruption. Damaged bytes are an error.

   TIME

   Steps are int64_t and count from 0: the rate at step t is the one for update number t, and t = 0
   is the first update. A new scheduler has the rates for update 0. Call step after each update;
   it gives the rates for the next one. A loop without a place after the update calls
   stepsize_scheduler_next before it. Before step 0 a schedule has its value at 0, and after its end
   it keeps its last value.

   OWNERSHIP

   An object returned through `out` belongs to the caller, who frees it with the destroy function of
   its kind. Everything passed in is borrowed for the call: arrays and texts are copied, and a
   schedule or controller may be destroyed while others made from it live on. Text that is returned
   as `const char *` is static and never freed.

   NULL

   Every destroy function takes NULL and does nothing. `error` may be NULL. An array may be NULL if
   its count is 0. Any other NULL is STEPSIZE_ERROR_NULL. A function without a status documents what
   it returns instead.

   ERRORS

   A function that can fail returns a stepsize_status: STEPSIZE_OK is 0, and compilers warn where it
   is not used. On failure it changes nothing but `error`, which receives the text: the field,
   its value and what is allowed. Nothing is printed, and nothing but the allocator is kept in a global
   variable. NaN is a legal loss.

   MEMORY

   Any allocation can fail. The call then returns STEPSIZE_ERROR_MEMORY, nothing else has changed,
   nothing leaks, `*out` is NULL, and the same call may be made again. That holds on each thread by
   itself. Functions without a status allocate nothing, except stepsize_catalogue_parameter_count,
   which then returns 0; destroying never allocates. Steps allocate nothing either, except with a
   record, an early stop rule or a window of more than 8192 losses; where that fails, the step is not
   made. Memory comes from malloc, or from an allocator of the program's own (stepsize_set_allocator).

   Not detected: handles that were freed, pointers and counts that are wrong, and a system that grants
   memory and ends the process when it is used (overcommit). No function may be called from a signal
   handler or left by longjmp.

   WORDS FOR SIZES

   `size` is a number of bytes (of a struct, a text, a state), `capacity` the bytes of a buffer,
   `count` a number of elements, `length` a number of updates. A function that writes a text or a
   state takes a buffer, its capacity, and `size`, which receives the bytes of the whole: call it
   with capacity 0 first to get that size. A text needs one byte more, for its terminator.

   LIMITS

   A text has at most 2^28 bytes, 64 levels of brackets and 65536 nodes; a product 64 factors; a
   list, a table and a window 2^24 numbers; a length 2^63 - 1 updates; a scheduler 2^20 groups and
   16 early stop rules; a phase name 64 bytes. A value that would overflow is the largest finite
   double, and where stepsize_schedule_fill_float would round a rate above 0 to 0 it is the smallest
   positive float. A record holds 2^27 changes of the rate, about 1 GiB, for each group, and then
   stops growing. The step saturates at 2^63 - 1.

   WORK AND MEMORY

   What a text or a state can ask for is bounded by its own size, whatever numbers it holds: all that
   is made from n bytes takes at most 1024 n + 2^20 bytes of memory, and making, printing, saving and
   restoring it time in proportion to n. A window of more than 8192 losses takes memory as they come,
   16 bytes for each at most, and a record as rates change. A value of a schedule takes at most 65536 evaluations of its
   pieces, looking up a phase time in proportion to the text at most, reading from a record time in
   proportion to what is read. A replay has at most 65536 phases, and as many of earlier schedules
   are known (stepsize_scheduler_extend). Building a schedule part by part costs no more than reading
   its text.

   THE HOST

   Nothing here depends on the locale, installs a signal handler, starts a thread, reads the
   environment or a file. Values are those of the default rounding mode (to nearest) with subnormal
   numbers: under another mode, or with flush-to-zero, the last bits may differ, and a rate below
   2.2e-308 may be 0.

   THREADS

   A schedule or a controller may be used by many threads at once. A scheduler belongs to one thread
   at a time; different schedulers are independent. No object may be used while it is destroyed or
   afterwards: that cannot be detected.

   GROWTH

   A struct that can grow begins with its size: pass sizeof to its defaults function, or set `size`
   where a struct receives a result. Nothing beyond that size is touched, fields that an older caller
   does not know keep their defaults, and a newer caller's are accepted where they are 0.
   stepsize_error and stepsize_argument never grow. Numbers of constants never change meaning. */
