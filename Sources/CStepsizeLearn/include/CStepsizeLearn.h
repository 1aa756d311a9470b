/* What the Swift side of libstepsize-learn sees: the public types of both libraries, the functions of the first one,
   and its own handles, completed. Not part of a public header. */
#ifndef CSTEPSIZELEARN_H
#define CSTEPSIZELEARN_H

#include "CStepsize.h"
#include "learn_types.h"
#include "stepsize_functions.h"

/* A handle is the address of the Swift value; the tag only completes the type. */
struct stepsize_nmf { char tag; };
struct stepsize_agent { char tag; };

#endif
