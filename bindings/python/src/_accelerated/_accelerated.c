/* The calls that a training loop makes for every update, without ctypes.
 *
 * `Stepper` has the methods of the class of that name in stepsize/_stepper.py, which is what they mean. It calls the
 * library by the addresses that `connect` is given, so that this module links with nothing; whatever is rare (a loss
 * that is no float, a rate that is a tensor) goes to `step_slowly` there.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030A0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

typedef int32_t (*step_function)(void *, double *, size_t);
typedef int32_t (*loss_function)(void *, double, double *, size_t);
typedef int32_t (*decision_function)(const void *);
typedef double (*value_function)(const void *, int64_t);

static step_function library_step, library_step_without_loss;
static loss_function library_step_with_loss;
static decision_function library_decision;
static value_function library_value;
static unsigned int changes; /* which decisions are changes: a bit for each */
static PyObject *step_slowly;
static PyObject *word_lr, *word_loss, *word_param_groups, *word_handle;

typedef struct {
  PyObject_HEAD
  void *handle; /* NULL before the scheduler is made and after it is closed */
  double *rates; /* the scheduler's array of `count` rates, which outlives this address */
  Py_ssize_t count;
  int listens; /* whether there is a controller */
  PyObject *optimizer; /* NULL or None: the rates go nowhere */
  PyObject **numbers; /* the rates as Python numbers, made again only where one has changed, … */
  double *written;    /* … and what they are … */
  PyObject **present; /* … and what was last seen in the groups: only compared, never used */
  int in_place;       /* whether `present` is `numbers` */
} Stepper;

static void drop_numbers(Stepper *self)
{
  if (self->numbers != NULL) {
    for (Py_ssize_t i = 0; i < self->count; i += 1) Py_XDECREF(self->numbers[i]);
    PyMem_Free(self->numbers);
    PyMem_Free(self->written);
    PyMem_Free(self->present);
    self->numbers = self->present = NULL;
    self->written = NULL;
  }
}

static PyObject *stepper_attach(Stepper *self, PyObject *arguments)
{
  unsigned long long handle, rates;
  Py_ssize_t count;
  int listens;
  if (!PyArg_ParseTuple(arguments, "KKnp", &handle, &rates, &count, &listens)) return NULL;
  drop_numbers(self);
  if (handle != 0) {
    size_t size = count > 0 ? (size_t)count : 1;
    self->numbers = PyMem_Calloc(size, sizeof(PyObject *));
    self->written = PyMem_Calloc(size, sizeof(double));
    self->present = PyMem_Calloc(size, sizeof(PyObject *));
    if (self->numbers == NULL || self->written == NULL || self->present == NULL) {
      PyMem_Free(self->numbers);
      PyMem_Free(self->written);
      PyMem_Free(self->present);
      self->numbers = self->present = NULL;
      self->written = NULL;
      return PyErr_NoMemory();
    }
  }
  self->handle = (void *)(uintptr_t)handle;
  self->rates = (double *)(uintptr_t)rates;
  self->count = count;
  self->listens = listens;
  Py_RETURN_NONE;
}

static PyObject *get_optimizer(Stepper *self, void *unused)
{
  (void)unused;
  PyObject *optimizer = self->optimizer == NULL ? Py_None : self->optimizer;
  Py_INCREF(optimizer);
  return optimizer;
}

static int set_optimizer(Stepper *self, PyObject *optimizer, void *unused)
{
  (void)unused;
  PyObject *old = self->optimizer;
  if (optimizer == Py_None) optimizer = NULL;
  Py_XINCREF(optimizer);
  self->optimizer = optimizer;
  Py_XDECREF(old);
  return 0;
}

static PyObject *stepper_bind(Stepper *self, PyObject *optimizer)
{
  set_optimizer(self, optimizer, NULL);
  Py_RETURN_NONE;
}

/* A rate as a Python number: a borrowed reference, which stays until the rate changes. */
static PyObject *number(Stepper *self, Py_ssize_t i)
{
  double rate = self->rates[i];
  PyObject *old = self->numbers[i];
  if (old != NULL && memcmp(&self->written[i], &rate, sizeof rate) == 0) return old;
  PyObject *fresh;
  /* Groups often have the same rate. */
  if (i > 0 && memcmp(&self->written[i - 1], &rate, sizeof rate) == 0 && self->numbers[i - 1] != NULL) {
    fresh = self->numbers[i - 1];
    Py_INCREF(fresh);
  } else {
    fresh = PyFloat_FromDouble(rate);
    if (fresh == NULL) return NULL;
  }
  self->numbers[i] = fresh;
  self->written[i] = rate;
  Py_XDECREF(old);
  return fresh;
}

static PyObject *slowly(Stepper *self, PyObject *loss, int ask)
{
  if (step_slowly == NULL) {
    PyErr_SetString(PyExc_RuntimeError, "stepsize._accelerated is not connected");
    return NULL;
  }
  return PyObject_CallFunctionObjArgs(step_slowly, (PyObject *)self, loss == NULL ? Py_None : loss,
                                      ask ? Py_True : Py_False, NULL);
}

/* The optimizer's groups, a new reference, if they are dictionaries with floats for rates, as nearly always; NULL
 * without an error otherwise. */
static PyObject *plain_groups(Stepper *self)
{
  PyObject *groups = PyObject_GetAttr(self->optimizer, word_param_groups);
  if (groups == NULL) {
    PyErr_Clear();
    return NULL;
  }
  int plain = PyList_Check(groups) && PyList_Size(groups) == self->count;
  int in_place = 1;
  for (Py_ssize_t i = 0; plain && i < self->count; i += 1) {
    PyObject *group = PyList_GetItem(groups, i);
    plain = group != NULL && Py_TYPE(group) == &PyDict_Type;
    if (plain) {
      PyObject *rate = PyDict_GetItemWithError(group, word_lr);
      plain = rate != NULL && Py_TYPE(rate) == &PyFloat_Type;
      self->present[i] = rate;
      in_place &= rate == self->numbers[i];
    }
  }
  self->in_place = in_place;
  if (plain) return groups;
  PyErr_Clear();
  Py_DECREF(groups);
  return NULL;
}

static int write_rates(Stepper *self, PyObject *groups)
{
  if (self->in_place && memcmp(self->rates, self->written, (size_t)self->count * sizeof *self->rates) == 0) return 0;
  for (Py_ssize_t i = 0; i < self->count; i += 1) {
    PyObject *rate = number(self, i);
    if (rate == NULL) return -1;
    if (self->present[i] == rate) continue;
    PyObject *group = PyList_GetItem(groups, i);
    if (group == NULL || PyDict_SetItem(group, word_lr, rate) < 0) return -1;
  }
  return 0;
}

static PyObject *step(Stepper *self, PyObject *loss, int ask)
{
  int heard = loss != NULL && loss != Py_None;
  int bound = self->optimizer != NULL;
  if (bound && !self->listens) heard = 0; /* it may be on an accelerator: not read for nothing */
  if (self->handle == NULL || (heard && Py_TYPE(loss) != &PyFloat_Type)) return slowly(self, loss, ask);
  PyObject *groups = NULL;
  if (bound && (groups = plain_groups(self)) == NULL) return slowly(self, loss, ask);
  if (self->handle == NULL) { /* `param_groups` may be a property, which can do anything */
    Py_DECREF(groups);
    return slowly(self, loss, ask);
  }

  double before = self->rates[0];
  int32_t status;
  if (!ask)
    status = library_step_without_loss(self->handle, self->rates, (size_t)self->count);
  else if (heard)
    status = library_step_with_loss(self->handle, PyFloat_AsDouble(loss), self->rates, (size_t)self->count);
  else
    status = library_step(self->handle, self->rates, (size_t)self->count);

  if (status != 0) {
    Py_XDECREF(groups);
    PyObject *raised = PyObject_CallMethod((PyObject *)self, "_fail", "i", (int)status);
    Py_XDECREF(raised);
    if (raised != NULL) PyErr_SetString(PyExc_RuntimeError, "stepsize: a failure was not raised");
    return NULL;
  }
  if (groups != NULL) {
    int failed = write_rates(self, groups);
    Py_DECREF(groups);
    if (failed) return NULL;
  }
  /* Only a change is worth a look at the logger. */
  if (heard && self->listens && (changes >> library_decision(self->handle) & 1) != 0) {
    PyObject *noted = PyObject_CallMethod((PyObject *)self, "_note", "d", before);
    if (noted == NULL) return NULL;
    Py_DECREF(noted);
  }
  PyObject *rate = number(self, 0);
  Py_XINCREF(rate);
  return rate;
}

static PyObject *stepper_step(Stepper *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
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
  return step(self, count + named == 1 ? arguments[0] : NULL, 1);
}

static PyObject *stepper_advance(Stepper *self, PyObject *unused)
{
  (void)unused;
  return step(self, NULL, 0);
}

static int stepper_traverse(Stepper *self, visitproc visit, void *arg)
{
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(self->optimizer);
  return 0;
}

static int stepper_clear(Stepper *self)
{
  Py_CLEAR(self->optimizer);
  return 0;
}

static void stepper_dealloc(Stepper *self)
{
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  stepper_clear(self);
  drop_numbers(self);
  freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
  release(self);
  Py_DECREF(type);
}

static PyMethodDef stepper_methods[] = {
    {"step", (PyCFunction)(void (*)(void))stepper_step, METH_FASTCALL | METH_KEYWORDS,
     "step($self, /, loss=None)\n--\n\n"
     "Goes to the next update and answers its rate (of the first group; ``lrs`` has all).\n\n"
     "Call it after an update, with the loss of that update where there is a controller. Any number will do:\n"
     "NaN and infinities are losses too, and a tensor with one element is converted. Without a controller a\n"
     "loss is ignored."},
    {"advance", (PyCFunction)stepper_advance, METH_NOARGS,
     "advance($self, /)\n--\n\n"
     "Like ``step``, but does not ask the controller: for the updates between two evaluations."},
    {"_attach", (PyCFunction)stepper_attach, METH_VARARGS, NULL},
    {"_bind", (PyCFunction)stepper_bind, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef stepper_attributes[] = {
    {"_optimizer", (getter)get_optimizer, (setter)set_optimizer, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot stepper_slots[] = {
    {Py_tp_doc, "The steps of a scheduler."}, {Py_tp_methods, stepper_methods},   {Py_tp_getset, stepper_attributes},
    {Py_tp_traverse, stepper_traverse},       {Py_tp_clear, stepper_clear},       {Py_tp_dealloc, stepper_dealloc},
    {0, NULL},
};

static PyType_Spec stepper_spec = {
    .name = "stepsize._accelerated.Stepper",
    .basicsize = sizeof(Stepper),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = stepper_slots,
};

/* Whether the groups are dictionaries whose rates are the very floats of a list. */
static int have_rates(PyObject *groups, PyObject *rates)
{
  for (Py_ssize_t i = 0; i < PyList_Size(groups); i += 1) {
    PyObject *group = PyList_GetItem(groups, i), *rate = PyList_GetItem(rates, i);
    if (Py_TYPE(group) != &PyDict_Type || Py_TYPE(rate) != &PyFloat_Type) return 0;
    if (PyDict_GetItemWithError(group, word_lr) != rate) {
      PyErr_Clear();
      return 0;
    }
  }
  return 1;
}

/* base * schedule(update) for each group as a new list; NULL with an error. */
static PyObject *rescale(PyObject *bases, PyObject *schedules, int64_t update)
{
  Py_ssize_t count = PyList_Size(bases);
  PyObject *before = NULL, *rates = PyList_New(count);
  double value = 0;
  for (Py_ssize_t i = 0; rates != NULL && i < count; i += 1) {
    PyObject *schedule = PyList_GetItem(schedules, i), *base = PyList_GetItem(bases, i), *rate = NULL;
    if (schedule != NULL && schedule != before) {
      PyObject *number = PyObject_GetAttr(schedule, word_handle);
      void *handle = number == NULL ? NULL : PyLong_AsVoidPtr(number);
      Py_XDECREF(number);
      if (!PyErr_Occurred()) value = library_value(handle, update);
      before = schedule;
    }
    double number = base == NULL || PyErr_Occurred() ? -1 : PyFloat_AsDouble(base);
    if (!PyErr_Occurred()) rate = PyFloat_FromDouble(number * value);
    if (rate == NULL || PyList_SetItem(rates, i, rate) < 0) Py_CLEAR(rates);
  }
  return rates;
}

static PyObject *rescaled(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
  (void)module;
  if (count != 5 || library_value == NULL) {
    PyErr_SetString(PyExc_TypeError, "rescaled() takes groups, rates, bases, schedules and an update");
    return NULL;
  }
  PyObject *groups = arguments[0];
  for (int i = 0; i < 4; i += 1)
    if (!PyList_Check(arguments[i]) || PyList_Size(arguments[i]) != PyList_Size(groups)) Py_RETURN_NONE;
  if (!have_rates(groups, arguments[1])) Py_RETURN_NONE;
  long long update = PyLong_AsLongLong(arguments[4]);
  if (update == -1 && PyErr_Occurred()) return NULL;
  PyObject *rates = rescale(arguments[2], arguments[3], update);
  for (Py_ssize_t i = 0; rates != NULL && i < PyList_Size(rates); i += 1) {
    PyObject *group = PyList_GetItem(groups, i);
    if (group == NULL || PyDict_SetItem(group, word_lr, PyList_GetItem(rates, i)) < 0) Py_CLEAR(rates);
  }
  return rates;
}

static PyObject *connect(PyObject *module, PyObject *arguments)
{
  (void)module;
  unsigned long long addresses[5];
  unsigned int bits;
  PyObject *function;
  if (!PyArg_ParseTuple(arguments, "KKKKKIO", &addresses[0], &addresses[1], &addresses[2], &addresses[3],
                        &addresses[4], &bits, &function))
    return NULL;
  library_step = (step_function)(uintptr_t)addresses[0];
  library_step_with_loss = (loss_function)(uintptr_t)addresses[1];
  library_step_without_loss = (step_function)(uintptr_t)addresses[2];
  library_decision = (decision_function)(uintptr_t)addresses[3];
  library_value = (value_function)(uintptr_t)addresses[4];
  changes = bits;
  Py_INCREF(function);
  Py_XDECREF(step_slowly);
  step_slowly = function;
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"connect", connect, METH_VARARGS,
     "connect(step, step_with_loss, step_without_loss, decision, value, changes, step_slowly)"},
    {"rescaled", (PyCFunction)(void (*)(void))rescaled, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_accelerated", "The steps of a scheduler, in C.", -1, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__accelerated(void)
{
  word_lr = PyUnicode_InternFromString("lr");
  word_loss = PyUnicode_InternFromString("loss");
  word_param_groups = PyUnicode_InternFromString("param_groups");
  word_handle = PyUnicode_InternFromString("_handle");
  PyObject *module = PyModule_Create(&definition);
  PyObject *type = PyType_FromSpec(&stepper_spec);
  if (word_lr == NULL || word_loss == NULL || word_param_groups == NULL || word_handle == NULL || module == NULL || type == NULL ||
      PyModule_AddObjectRef(module, "Stepper", type) < 0) {
    Py_XDECREF(module);
    Py_XDECREF(type);
    return NULL;
  }
  Py_DECREF(type);
  return module;
}
