/* The types of the second library. Copied word for word into learn.h between the two marks, so that what Swift sees
   and what C sees cannot differ. */
#ifndef LEARN_TYPES_H
#define LEARN_TYPES_H

#include <stddef.h>
#include <stdint.h>

/* BEGIN PUBLIC TYPES */

/* A factorization: which factor moves when, and what bounds its learning rates. */
enum { STEPSIZE_NMF_ALTERNATING = 0, STEPSIZE_NMF_SIMULTANEOUS = 1 };
enum {
  STEPSIZE_NMF_BOUND_NONE = 0,
  STEPSIZE_NMF_BOUND_APRIORI = 1,  /* from the norm of X alone */
  STEPSIZE_NMF_BOUND_STATE = 2,    /* from the factors and the rows of the update */
  STEPSIZE_NMF_BOUND_MINIBATCH = 3 /* the state's, and mean-square stability of H under random batches */
};

/* A factorization X = W*H: one thread at a time. It keeps nothing of X. */
typedef struct stepsize_nmf stepsize_nmf;

/* A factorization. Fill with stepsize_nmf_defaults(), then set the rank. */
typedef struct stepsize_nmf_options {
  uint32_t size;      /* sizeof(stepsize_nmf_options) */
  int32_t order;      /* STEPSIZE_NMF_ALTERNATING or _SIMULTANEOUS */
  int32_t bound;      /* STEPSIZE_NMF_BOUND_… */
  int32_t relative;   /* 1: rates are fractions of the bound (of the state's where there is none); 0: absolute */
  int64_t rank;       /* 1 to 4096, and at most the rows and columns */
  int64_t batch_size; /* rows of an update; 0 for all of them */
  int64_t seed;       /* of the first factors and of the order of the rows */
  int64_t w_steps;    /* steps of W in one update, 1 to 10000; alternating only */
  int64_t h_steps;    /* steps of H, in the same way */
  double theta;       /* rate * curvature at the bound, in (0, 1.404] */
  double norm;        /* Frobenius norm of the matrix that x is some rows of; 0: x is all of it */
} stepsize_nmf_options;

/* The result of an update of a factorization. Set `size` before the first use. */
typedef struct stepsize_nmf_update {
  uint32_t size;      /* sizeof(stepsize_nmf_update) */
  int32_t clipped;    /* 1: a bound cut a rate; otherwise 0 */
  double loss;        /* half the squared Frobenius norm of X_B - W_B*H, before the update */
  double squares;     /* the squared Frobenius norm of X_B */
  double w_rate;      /* the rates used */
  double h_rate;
  double w_bound;     /* the bounds; 0 for none */
  double h_bound;
  double w_gradient;  /* norms of the gradients */
  double h_gradient;
  int64_t rows;       /* of the batch */
} stepsize_nmf_update;

/* An agent that learns to move a learning rate: one thread at a time. */
typedef struct stepsize_agent stepsize_agent;

/* An agent. Fill with stepsize_agent_defaults(), then change fields. */
enum { STEPSIZE_TRAINER_CEM = 0, STEPSIZE_TRAINER_PPO = 1 };
typedef struct stepsize_agent_options {
  uint32_t size;      /* sizeof(stepsize_agent_options) */
  int32_t trainer;    /* STEPSIZE_TRAINER_CEM: cross-entropy method; _PPO: proximal policy optimization */
  int64_t units;      /* hidden units of the policy, 0 to 32; 0 for a linear one */
  int64_t seed;       /* of all random numbers */
  int64_t every;      /* updates between two decisions, 1 to 1000000 */
  int64_t population; /* candidates of a generation, 4 to 4096 */
  int64_t instances;  /* problems that each of them plays, 1 to 4096 */
  double limit;       /* the largest |log(multiplier)|, in (0, 10] */
} stepsize_agent_options;

/* END PUBLIC TYPES */

#endif
