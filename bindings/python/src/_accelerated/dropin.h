/* What groups.c knows of dropin.c. */
#ifndef STEPSIZE_DROPIN_H
#define STEPSIZE_DROPIN_H

#include "step.h"

/* stepsize_schedule_rates */
typedef int32_t (*rates_function)(const void *const *, const double *, size_t, int64_t, double *);

void dropin_connect(rates_function rates);
PyObject *dropin_type(void);
extern PyMethodDef dropin_rewrite;

#endif
