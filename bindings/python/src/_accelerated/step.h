/* What the two accelerated modules know of each other: a scheduler's step in C. */
#ifndef STEPSIZE_STEP_H
#define STEPSIZE_STEP_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030A0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* `Step` of stepsize._foreign._accelerated. */
typedef struct Step {
  PyObject_HEAD
  void *handle;     /* NULL before the scheduler is made and after it is closed */
  double *rates;    /* the scheduler's array of `count` rates, which outlives this address */
  Py_ssize_t count;
  int (*step)(struct Step *, PyObject *loss); /* loss may be NULL; 0, or -1 with an error set */
  int (*advance)(struct Step *);
} Step;

/* The end of a `tp_dealloc` of a type made at run time. */
static inline void free_instance(void *self)
{
  PyTypeObject *type = Py_TYPE((PyObject *)self);
  freefunc free_object = (freefunc)PyType_GetSlot(type, Py_tp_free);
  free_object(self);
  Py_DECREF(type);
}

#endif
