/* Stepsize, the second library: factorizations, and the training of agents that move a learning rate.

   libstepsize-learn builds on libstepsize and calls it through stepsize/stepsize.h, which this header
   includes: what is said there about ownership, NULL, errors, work and memory, and growth holds here
   too; the allocator is its own (stepsize_learn_set_allocator). Programs link both, -lstepsize-learn
   -lstepsize; a program that only uses learned policies, the controllers learned(...), needs only the
   first library.

   Factorizations (stepsize_nmf) and agents (stepsize_agent) belong to one thread at a time; different
   ones are independent. */
