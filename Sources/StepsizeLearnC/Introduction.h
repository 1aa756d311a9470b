/* Stepsize, the second library: factorizations, and the training of agents that move a learning rate.

   libstepsize-learn stands on libstepsize and calls it through stepsize/stepsize.h, which this header
   includes: what is said there about ownership, NULL, errors, work and memory, and growth holds here
   too. Programs link both, -lstepsize-learn -lstepsize; a program that only uses what was learned, the
   controllers learned(...), needs the first library alone.

   Factorizations (stepsize_nmf) and agents (stepsize_agent) belong to one thread at a time; different
   ones are independent. */
