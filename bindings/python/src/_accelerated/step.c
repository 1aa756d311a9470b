/* The two calls that a training loop makes for every update, without ctypes.
 *
 * `Step` has the contract of the class CtypesStep in stepsize/_foreign/stepper.py. It calls the library by the addresses
 * that `connect` is given, so that this module links with nothing.
 */
#include "step.h"

typedef int32_t (*step_function)(void *, double *, size_t);
typedef int32_t (*loss_function)(void *, double, double *, size_t);
typedef int32_t (*decision_function)(const void *);

static step_function library_step, library_advance;
static loss_function library_step_with_loss;
static decision_function library_decision;
static unsigned int changes; /* the decisions that change the rate: a bit for each */
static PyObject *to_loss;    /* converts a loss that is not a float */
static PyObject *word_loss;

/* The scheduler's own method raises. */
static int failed(Step *self, int32_t status)
{
  PyObject *raised = PyObject_CallMethod((PyObject *)self, "_failed", "i", (int)status);
  Py_XDECREF(raised);
  if (raised != NULL) PyErr_SetString(PyExc_RuntimeError, "stepsize: a failure was not raised");
  return -1;
}

static int step_with_loss(Step *self, double loss)
{
  double before = self->rates[0];
  int32_t status = library_step_with_loss(self->handle, loss, self->rates, (size_t)self->count);
  if (status != 0) return failed(self, status);
  if ((changes >> library_decision(self->handle) & 1) == 0) return 0;
  PyObject *told = PyObject_CallMethod((PyObject *)self, "_changed", "d", before);
  Py_XDECREF(told);
  return told == NULL ? -1 : 0;
}

static int step(Step *self, PyObject *loss)
{
  if (loss == NULL || loss == Py_None) {
    int32_t status = library_step(self->handle, self->rates, (size_t)self->count);
    return status == 0 ? 0 : failed(self, status);
  }
  if (Py_TYPE(loss) == &PyFloat_Type) return step_with_loss(self, PyFloat_AsDouble(loss));
  PyObject *number = PyObject_CallFunctionObjArgs(to_loss, loss, NULL);
  if (number == NULL) return -1;
  double value = PyFloat_AsDouble(number);
  Py_DECREF(number);
  return step_with_loss(self, value);
}

static int advance(Step *self)
{
  int32_t status = library_advance(self->handle, self->rates, (size_t)self->count);
  return status == 0 ? 0 : failed(self, status);
}

static PyObject *attach_method(Step *self, PyObject *arguments)
{
  unsigned long long handle, rates;
  if (!PyArg_ParseTuple(arguments, "KKn", &handle, &rates, &self->count)) return NULL;
  self->handle = (void *)(uintptr_t)handle;
  self->rates = (double *)(uintptr_t)rates;
  self->step = step;
  self->advance = advance;
  Py_RETURN_NONE;
}

static int is_attached(Step *self)
{
  if (self->step == NULL) PyErr_SetString(PyExc_RuntimeError, "stepsize: the scheduler is not initialised");
  return self->step != NULL;
}

static PyObject *step_method(Step *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
  Py_ssize_t named = names == NULL ? 0 : PyTuple_Size(names);
  if (count + named > 1) {
    PyErr_Format(PyExc_TypeError, "step() takes at most 1 argument, the loss (%zd given)", count + named);
    return NULL;
  }
  if (named == 1) {
    PyObject *name = PyTuple_GetItem(names, 0);
    if (name == NULL || PyUnicode_Compare(name, word_loss) != 0) {
      if (!PyErr_Occurred()) PyErr_Format(PyExc_TypeError, "step() got an unexpected keyword argument '%U'", name);
      return NULL;
    }
  }
  if (!is_attached(self) || step(self, count + named == 1 ? arguments[0] : NULL) < 0) return NULL;
  return PyFloat_FromDouble(self->rates[0]);
}

static PyObject *advance_method(Step *self, PyObject *const *arguments, Py_ssize_t count)
{
  if (count > 1) return PyErr_Format(PyExc_TypeError, "advance() takes at most 1 argument (%zd given)", count);
  if (count == 1) return PyObject_CallMethod((PyObject *)self, "_advance_by", "O", arguments[0]);
  if (!is_attached(self) || advance(self) < 0) return NULL;
  return PyFloat_FromDouble(self->rates[0]);
}

static void dealloc(Step *self) { free_instance(self); }

static PyMethodDef methods[] = {
    {"step", (PyCFunction)(void (*)(void))step_method, METH_FASTCALL | METH_KEYWORDS,
     "step($self, /, loss=None)\n--\n\n"
     "Goes to the next update and returns its rate (of the first group; ``lrs`` has all).\n\n"
     "Call it after an update, with the loss of that update where there is a controller. Any number will do:\n"
     "NaN and infinities are losses too, and a tensor with one element is converted. Without a controller a\n"
     "loss is ignored."},
    {"advance", (PyCFunction)(void (*)(void))advance_method, METH_FASTCALL,
     "advance($self, updates=1, /)\n--\n\n"
     "Like ``step``, but without a loss: for the updates between two evaluations; so many of them at once."},
    {"_attach", (PyCFunction)attach_method, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "The steps of a scheduler."}, {Py_tp_methods, methods}, {Py_tp_dealloc, dealloc}, {0, NULL},
};

static PyType_Spec spec = {
    .name = "stepsize._foreign._accelerated.Step",
    .basicsize = sizeof(Step),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = slots,
};

static PyObject *connect(PyObject *module, PyObject *arguments)
{
  (void)module;
  unsigned long long addresses[4];
  unsigned int bits;
  PyObject *function;
  if (!PyArg_ParseTuple(arguments, "KKKKIO", &addresses[0], &addresses[1], &addresses[2], &addresses[3], &bits,
                        &function))
    return NULL;
  library_step = (step_function)(uintptr_t)addresses[0];
  library_step_with_loss = (loss_function)(uintptr_t)addresses[1];
  library_advance = (step_function)(uintptr_t)addresses[2];
  library_decision = (decision_function)(uintptr_t)addresses[3];
  changes = bits;
  Py_INCREF(function);
  Py_XDECREF(to_loss);
  to_loss = function;
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"connect", connect, METH_VARARGS, "connect(step, step_with_loss, advance, decision, changes, to_loss)"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_accelerated", "The steps of a scheduler, in C.", -1, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__accelerated(void)
{
  word_loss = PyUnicode_InternFromString("loss");
  PyObject *module = PyModule_Create(&definition);
  PyObject *type = PyType_FromSpec(&spec);
  if (word_loss == NULL || module == NULL || type == NULL || PyModule_AddObjectRef(module, "Step", type) < 0) {
    Py_CLEAR(module);
  }
  Py_XDECREF(type);
  return module;
}
