/* What the Swift side of the C layer sees: the public types, with the handles
   completed. Not part of the public header. */
#ifndef CSTEPSIZE_H
#define CSTEPSIZE_H

#include "stepsize_types.h"

/* A handle is the address of the Swift value; the tag only completes the type. */
struct stepsize_schedule { char tag; };
struct stepsize_controller { char tag; };
struct stepsize_scheduler { char tag; };
struct stepsize_norm_log { char tag; };
struct stepsize_finder { char tag; };

#endif
