/* The rates in the parameter groups of an optimizer, in C for the common case: the groups are dictionaries whose rates are
 * floats, and a loss is a float. Everything else goes to the methods `_step` and `_advance` of the scheduler, and to the
 * functions of the same names in stepsize/torch/_groups.py.
 */
#include "step.h"

typedef int32_t (*rates_function)(const void *const *, const double *, size_t, int64_t, double *);

static rates_function library_rates;
static PyTypeObject *core_type;
static PyObject *word_lr, *word_loss, *word_param_groups, *word_addresses;

typedef struct {
  PyObject_HEAD
  Step *core;          /* NULL: every step goes to the scheduler's own methods */
  PyObject *optimizer;
  int needs_loss;
  Py_ssize_t count;
  PyObject **numbers;  /* the rates as Python numbers, made anew only when one has changed, … */
  double *written;     /* … their values … */
  PyObject **present;  /* … and what was last seen in the groups: only compared, never dereferenced */
  int in_place;        /* whether `present` is `numbers` */
} GroupStep;

static void release(GroupStep *self)
{
  Py_CLEAR(self->core);
  Py_CLEAR(self->optimizer);
  if (self->numbers != NULL)
    for (Py_ssize_t i = 0; i < self->count; i += 1) Py_CLEAR(self->numbers[i]);
  PyMem_Free(self->numbers);
  PyMem_Free(self->written);
  PyMem_Free(self->present);
  self->numbers = self->present = NULL;
  self->written = NULL;
  self->count = 0;
}

static PyObject *drive(GroupStep *self, PyObject *const *arguments, Py_ssize_t count)
{
  if (count < 1 || count > 2) {
    PyErr_SetString(PyExc_TypeError, "_drive(core, optimizer)");
    return NULL;
  }
  release(self);
  PyObject *core = arguments[0];
  if (core == Py_None || count < 2) Py_RETURN_NONE;
  if (core_type == NULL || !PyObject_TypeCheck(core, core_type) || ((Step *)core)->step == NULL) {
    PyErr_SetString(PyExc_TypeError, "_drive: expected a scheduler of this package");
    return NULL;
  }
  PyObject *needs_loss = PyObject_GetAttrString(core, "needs_loss");
  if (needs_loss == NULL) return NULL;
  self->needs_loss = PyObject_IsTrue(needs_loss);
  Py_DECREF(needs_loss);
  size_t size = (size_t)((Step *)core)->count;
  self->numbers = PyMem_Calloc(size, sizeof(PyObject *));
  self->written = PyMem_Calloc(size, sizeof(double));
  self->present = PyMem_Calloc(size, sizeof(PyObject *));
  if (self->numbers == NULL || self->written == NULL || self->present == NULL) {
    release(self);
    return PyErr_NoMemory();
  }
  self->count = (Py_ssize_t)size;
  Py_INCREF(core);
  self->core = (Step *)core;
  Py_INCREF(arguments[1]);
  self->optimizer = arguments[1];
  Py_RETURN_NONE;
}

/* A rate as a Python number: a borrowed reference, which stays until the rate changes. */
static PyObject *number(GroupStep *self, Py_ssize_t i)
{
  double rate = self->core->rates[i];
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

/* The optimizer's groups, a new reference, if they are dictionaries with floats for rates, as nearly always; NULL
 * without an error otherwise. */
static PyObject *plain_groups(GroupStep *self)
{
  PyObject *groups = PyObject_GetAttr(self->optimizer, word_param_groups);
  if (groups == NULL) {
    PyErr_Clear();
    return NULL;
  }
  /* `param_groups` may be a property, which can do anything. */
  int plain = self->core != NULL && PyList_Check(groups) && PyList_Size(groups) == self->count;
  int in_place = 1;
  for (Py_ssize_t i = 0; plain && i < self->count; i += 1) {
    PyObject *group = PyList_GetItem(groups, i);
    plain = group != NULL && Py_TYPE(group) == &PyDict_Type;
    if (plain) {
      PyObject *rate = PyDict_GetItemWithError(group, word_lr);
      plain = rate != NULL && Py_TYPE(rate) == &PyFloat_Type;
      /* Where it is not the rate that was written, the method in Python says that something else changes it. */
      plain = plain && (rate == self->numbers[i] || PyFloat_AsDouble(rate) == self->core->rates[i]);
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

static int write_rates(GroupStep *self, PyObject *groups)
{
  size_t size = (size_t)self->count * sizeof(double);
  if (self->in_place && memcmp(self->core->rates, self->written, size) == 0) return 0;
  for (Py_ssize_t i = 0; i < self->count; i += 1) {
    PyObject *rate = number(self, i);
    if (rate == NULL) return -1;
    if (self->present[i] == rate) continue;
    PyObject *group = PyList_GetItem(groups, i);
    if (group == NULL || PyDict_SetItem(group, word_lr, rate) < 0) return -1;
  }
  return 0;
}

/* A step or, where `asks` is 0, an advance; the loss may be NULL. */
static PyObject *move(GroupStep *self, PyObject *loss, int asks)
{
  PyObject *groups = NULL;
  if (self->core != NULL) {
    if (!self->needs_loss) loss = NULL; /* it may be on an accelerator: not read needlessly */
    if (loss == NULL || loss == Py_None || Py_TYPE(loss) == &PyFloat_Type) groups = plain_groups(self);
  }
  if (groups == NULL)
    return asks ? PyObject_CallMethod((PyObject *)self, "_step", "O", loss == NULL ? Py_None : loss)
                : PyObject_CallMethod((PyObject *)self, "_advance", NULL);
  Step *core = self->core;
  Py_INCREF(core); /* the notification of a change may replace the core */
  int status = asks ? core->step(core, loss) : core->advance(core);
  PyObject *rate = NULL;
  if (status == 0 && self->core != core)
    rate = PyFloat_FromDouble(core->rates[0]);
  else if (status == 0 && write_rates(self, groups) == 0) {
    rate = number(self, 0);
    Py_XINCREF(rate);
  }
  Py_DECREF(core);
  Py_DECREF(groups);
  return rate;
}

static PyObject *step_method(GroupStep *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
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
  return move(self, count + named == 1 ? arguments[0] : NULL, 1);
}

static PyObject *advance_method(GroupStep *self, PyObject *unused)
{
  (void)unused;
  return move(self, NULL, 0);
}

static int traverse(GroupStep *self, visitproc visit, void *arg)
{
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(self->core);
  Py_VISIT(self->optimizer);
  return 0;
}

static int clear(GroupStep *self)
{
  release(self);
  return 0;
}

static void dealloc(GroupStep *self)
{
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  release(self);
  freefunc free_object = (freefunc)PyType_GetSlot(type, Py_tp_free);
  free_object(self);
  Py_DECREF(type);
}

static PyMethodDef methods[] = {
    {"step", (PyCFunction)(void (*)(void))step_method, METH_FASTCALL | METH_KEYWORDS,
     "step($self, /, loss=None)\n--\n\n"
     "Goes to the next update, writes its rates into the groups and returns the one of the first group.\n\n"
     "Call it after ``optimizer.step()``, with the loss of that update where there is a controller: a number or a\n"
     "tensor with one element."},
    {"advance", (PyCFunction)advance_method, METH_NOARGS,
     "advance($self, /)\n--\n\n"
     "Like ``step``, but without a loss: for the updates between two evaluations."},
    {"_drive", (PyCFunction)(void (*)(void))drive, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "The steps of a scheduler that writes into parameter groups."},
    {Py_tp_methods, methods},   {Py_tp_traverse, traverse}, {Py_tp_clear, clear},
    {Py_tp_dealloc, dealloc},   {0, NULL},
};

static PyType_Spec spec = {
    .name = "stepsize.torch._accelerated.GroupStep",
    .basicsize = sizeof(GroupStep),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

/* ---- Closed forms ------------------------------------------------------------------------------------- */

/* Whether the groups are dictionaries whose rates are the same float objects as in a list. */
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

/* The array that the addresses of a `Curves` name, after the library has written the rates of an update into it; NULL
 * without an error where the library fails, and with one where there are no addresses. */
static double *rates_of(PyObject *curves, Py_ssize_t count, int64_t update)
{
  PyObject *addresses = PyObject_GetAttr(curves, word_addresses);
  if (addresses == NULL) return NULL;
  void *arrays[3] = {NULL, NULL, NULL};
  int fits = PyTuple_Check(addresses) && PyTuple_Size(addresses) == 4;
  for (int i = 0; fits && i < 3; i += 1) arrays[i] = PyLong_AsVoidPtr(PyTuple_GetItem(addresses, i));
  fits = fits && PyLong_AsSsize_t(PyTuple_GetItem(addresses, 3)) == count && !PyErr_Occurred();
  Py_DECREF(addresses);
  if (!fits) return NULL;
  int32_t status = library_rates(arrays[0], arrays[1], (size_t)count, update, arrays[2]);
  return status == 0 ? arrays[2] : NULL;
}

static PyObject *rewrite(PyObject *module, PyObject *const *arguments, Py_ssize_t count)
{
  (void)module;
  if (count != 4 || library_rates == NULL) {
    PyErr_SetString(PyExc_TypeError, "rewrite() takes groups, rates, curves and an update");
    return NULL;
  }
  PyObject *groups = arguments[0], *present = arguments[1];
  if (!PyList_Check(groups) || !PyList_Check(present) || PyList_Size(groups) != PyList_Size(present)) Py_RETURN_NONE;
  if (!have_rates(groups, present)) Py_RETURN_NONE;
  long long update = PyLong_AsLongLong(arguments[3]);
  if (update == -1 && PyErr_Occurred()) return NULL;
  double *numbers = rates_of(arguments[2], PyList_Size(groups), update);
  if (numbers == NULL) {
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
  }
  PyObject *rates = PyList_New(PyList_Size(groups));
  for (Py_ssize_t i = 0; rates != NULL && i < PyList_Size(rates); i += 1) {
    PyObject *rate = PyFloat_FromDouble(numbers[i]), *group = PyList_GetItem(groups, i);
    if (rate == NULL || PyList_SetItem(rates, i, rate) < 0) Py_CLEAR(rates);
    else if (group == NULL || PyDict_SetItem(group, word_lr, rate) < 0) Py_CLEAR(rates);
  }
  return rates;
}

static PyObject *connect(PyObject *module, PyObject *arguments)
{
  (void)module;
  PyObject *type;
  unsigned long long address;
  if (!PyArg_ParseTuple(arguments, "OK", &type, &address)) return NULL;
  if (!PyType_Check(type)) {
    PyErr_SetString(PyExc_TypeError, "connect: expected a class");
    return NULL;
  }
  library_rates = (rates_function)(uintptr_t)address;
  Py_INCREF(type);
  Py_XDECREF((PyObject *)core_type);
  core_type = (PyTypeObject *)type;
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"connect", connect, METH_VARARGS, "connect(class of the cores, schedule_rates)"},
    {"rewrite", (PyCFunction)(void (*)(void))rewrite, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_accelerated", "Rates in parameter groups, in C.", -1, functions, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__accelerated(void)
{
  word_lr = PyUnicode_InternFromString("lr");
  word_loss = PyUnicode_InternFromString("loss");
  word_param_groups = PyUnicode_InternFromString("param_groups");
  word_addresses = PyUnicode_InternFromString("_addresses");
  PyObject *module = PyModule_Create(&definition);
  PyObject *type = PyType_FromSpec(&spec);
  if (word_lr == NULL || word_loss == NULL || word_param_groups == NULL || word_addresses == NULL || module == NULL ||
      type == NULL || PyModule_AddObjectRef(module, "GroupStep", type) < 0) {
    Py_CLEAR(module);
  }
  Py_XDECREF(type);
  return module;
}
