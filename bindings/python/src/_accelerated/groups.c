/* The rates in the parameter groups of an optimizer, in C for the common case: the groups are dictionaries whose rates are
 * floats, and a loss is a float. Everything else goes to the methods `_step` and `_advance` of the scheduler, and to the
 * functions of the same names in stepsize/torch/_groups.py.
 */
#include "dropin.h"

#include <math.h>

static PyTypeObject *core_type;
static PyObject *word_lr, *word_loss, *word_param_groups;

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

static PyObject *advance_method(GroupStep *self, PyObject *const *arguments, Py_ssize_t count)
{
  if (count > 1) return PyErr_Format(PyExc_TypeError, "advance() takes at most 1 argument (%zd given)", count);
  if (count == 1) return PyObject_CallMethod((PyObject *)self, "_advance", "O", arguments[0]);
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
  PyObject_GC_UnTrack(self);
  release(self);
  free_instance(self);
}

static PyMethodDef methods[] = {
    {"step", (PyCFunction)(void (*)(void))step_method, METH_FASTCALL | METH_KEYWORDS,
     "step($self, /, loss=None)\n--\n\n"
     "Goes to the next update, writes its rates into the groups and returns the one of the first group.\n\n"
     "Call it after ``optimizer.step()``, with the loss of that update where there is a controller: a number or a\n"
     "tensor with one element."},
    {"advance", (PyCFunction)(void (*)(void))advance_method, METH_FASTCALL,
     "advance($self, updates=1, /)\n--\n\n"
     "Like ``step``, but without a loss: for the updates between two evaluations; so many of them at once."},
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

/* ---- Schedulers of peers that observe a metric --------------------------------------------------------- */

/* The step of stepsize/torch/_observer.py: by the core while the scheduler's dictionary has nothing but the optimizer,
 * and the groups the very rates that were put there; otherwise `_follow` makes it. */
typedef struct {
  GroupStep base;
  PyObject *closed; /* (core, attributes, step), or NULL */
  PyObject *own;    /* the dictionary */
  PyObject *place;  /* the dictionary of the optimizer, if `param_groups` is there; else NULL */
  PyObject **dictionaries; /* the groups: only compared, and used while they are in the optimizer */
  Py_ssize_t wait, pause;
} MetricStep;

static PyObject *word_optimizer;

static void open_up(MetricStep *self)
{
  release(&self->base);
  PyMem_Free(self->dictionaries);
  self->dictionaries = NULL;
  Py_CLEAR(self->closed);
  Py_CLEAR(self->own);
  Py_CLEAR(self->place);
}

/* Where the optimizer has its groups, as nearly always: an attribute of the instance, which no property hides. */
static PyObject *place_of_groups(PyObject *optimizer)
{
  PyObject *hidden = PyObject_GetAttr((PyObject *)Py_TYPE(optimizer), word_param_groups);
  PyErr_Clear();
  Py_XDECREF(hidden);
  PyObject *place = hidden == NULL ? PyObject_GetAttrString(optimizer, "__dict__") : NULL;
  PyErr_Clear();
  if (place != NULL && (Py_TYPE(place) != &PyDict_Type || PyDict_GetItemWithError(place, word_param_groups) == NULL))
    Py_CLEAR(place);
  return place;
}

static PyObject *get_closed(MetricStep *self, void *closure)
{
  (void)closure;
  PyObject *closed = self->closed == NULL ? Py_None : self->closed;
  Py_INCREF(closed);
  return closed;
}

static int set_closed(MetricStep *self, PyObject *closed, void *closure)
{
  (void)closure;
  open_up(self);
  if (closed == NULL || closed == Py_None) return 0;
  PyObject *core, *attributes, *step, *own = PyObject_GenericGetDict((PyObject *)self, NULL);
  PyObject *optimizer = own == NULL ? NULL : PyDict_GetItemWithError(own, word_optimizer);
  if (optimizer == NULL || !PyArg_ParseTuple(closed, "OOO", &core, &attributes, &step)) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "_closed: no optimizer");
    Py_XDECREF(own);
    return -1;
  }
  self->own = own;
  PyObject *pair[2] = {core, optimizer};
  PyObject *driven = drive(&self->base, pair, 2);
  PyObject *groups = driven == NULL ? NULL : plain_groups(&self->base);
  Py_XDECREF(driven);
  if (groups == NULL) {
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_TypeError, "_closed: expected floats for rates");
    open_up(self);
    return -1;
  }
  self->place = place_of_groups(optimizer);
  self->dictionaries = PyMem_Calloc((size_t)self->base.count, sizeof(PyObject *));
  if (self->dictionaries == NULL) {
    Py_DECREF(groups);
    open_up(self);
    PyErr_NoMemory();
    return -1;
  }
  for (Py_ssize_t i = 0; i < self->base.count; i += 1) {
    self->dictionaries[i] = PyList_GetItem(groups, i);
    Py_INCREF(self->base.present[i]);
    self->base.numbers[i] = self->base.present[i];
    self->base.written[i] = PyFloat_AsDouble(self->base.present[i]);
  }
  Py_DECREF(groups);
  Py_INCREF(closed);
  self->closed = closed;
  return 0;
}

/* The groups, a borrowed reference, while they have the very rates that were put there; NULL otherwise. */
static PyObject *untouched_groups(MetricStep *self)
{
  GroupStep *base = &self->base;
  PyObject *groups = PyDict_GetItemWithError(self->place, word_param_groups);
  if (groups == NULL || !PyList_Check(groups) || PyList_Size(groups) != base->count) return NULL;
  for (Py_ssize_t i = 0; i < base->count; i += 1) {
    PyObject *group = PyList_GetItem(groups, i);
    if (group != self->dictionaries[i] || PyDict_GetItemWithError(group, word_lr) != base->numbers[i]) return NULL;
    base->present[i] = base->numbers[i];
  }
  return groups;
}

/* 1: done; 0: not here, and nothing has changed. */
static int observe(MetricStep *self, PyObject *metric)
{
  GroupStep *base = &self->base;
  if (Py_TYPE(metric) != &PyFloat_Type || !isfinite(PyFloat_AsDouble(metric)) || self->place == NULL) return 0;
  if (PyDict_Size(self->own) != 1 || PyDict_GetItemWithError(self->own, word_optimizer) != base->optimizer) return 0;
  PyObject *groups = untouched_groups(self);
  if (groups == NULL) return 0;
  Py_INCREF(groups); /* what is told of a change may look at the scheduler, */
  Step *core = base->core;
  Py_INCREF(core);
  base->in_place = 1;
  int status = core->step(core, metric);
  if (status == 0 && base->core == core)
    write_rates(base, groups);
  else if (status == 0)
    for (Py_ssize_t i = 0; i < PyList_Size(groups) && i < core->count; i += 1) {
      PyObject *rate = PyFloat_FromDouble(core->rates[i]), *group = PyList_GetItem(groups, i);
      if (rate != NULL && PyDict_Check(group)) PyDict_SetItem(group, word_lr, rate);
      Py_XDECREF(rate);
    }
  Py_DECREF(core);
  Py_DECREF(groups);
  return PyErr_Occurred() ? -1 : 1;
}

static PyObject *metric_step(MetricStep *self, PyObject *const *arguments, Py_ssize_t count, PyObject *names)
{
  if (count == 1 && names == NULL && self->closed != NULL) {
    int done = observe(self, arguments[0]);
    if (done < 0) return NULL;
    if (done) Py_RETURN_NONE;
    PyErr_Clear();
  }
  PyObject *method = PyObject_GetAttrString((PyObject *)self, "_follow"), *positional = PyTuple_New(count);
  PyObject *named = names == NULL ? NULL : PyDict_New(), *result = NULL;
  int fits = method != NULL && positional != NULL && (names == NULL || named != NULL);
  for (Py_ssize_t i = 0; fits && i < count; i += 1) {
    Py_INCREF(arguments[i]);
    PyTuple_SetItem(positional, i, arguments[i]);
  }
  for (Py_ssize_t i = 0; fits && names != NULL && i < PyTuple_Size(names); i += 1)
    fits = PyDict_SetItem(named, PyTuple_GetItem(names, i), arguments[count + i]) == 0;
  if (fits) result = PyObject_Call(method, positional, named);
  Py_XDECREF(method);
  Py_XDECREF(positional);
  Py_XDECREF(named);
  return result;
}

static PyObject *get_own(PyObject *self, PyObject *unused)
{
  (void)unused;
  return PyObject_GenericGetDict(self, NULL);
}

static PyObject *get_count(MetricStep *self, void *which)
{
  return PyLong_FromSsize_t(which == NULL ? self->wait : self->pause);
}

static int set_count(MetricStep *self, PyObject *value, void *which)
{
  Py_ssize_t number = value == NULL ? 0 : PyLong_AsSsize_t(value);
  if (number == -1 && PyErr_Occurred()) return -1;
  *(which == NULL ? &self->wait : &self->pause) = number;
  return 0;
}

static int metric_traverse(MetricStep *self, visitproc visit, void *arg)
{
  Py_VISIT(self->closed);
  Py_VISIT(self->own);
  Py_VISIT(self->place);
  return traverse(&self->base, visit, arg);
}

static int metric_clear(MetricStep *self)
{
  open_up(self);
  return 0;
}

static void metric_dealloc(MetricStep *self)
{
  PyObject_GC_UnTrack(self);
  open_up(self);
  PyObject_GC_Track(self);
  dealloc(&self->base);
}

static PyMethodDef metric_methods[] = {
    {"step", (PyCFunction)(void (*)(void))metric_step, METH_FASTCALL | METH_KEYWORDS,
     "step($self, /, metrics, epoch=None)\n--\n\n"
     "As the peer's: observes the metric, and changes the rates if it is time."},
    {"_own", (PyCFunction)get_own, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef metric_attributes[] = {
    {"_closed", (getter)get_closed, (setter)set_closed, NULL, NULL},
    {"_wait", (getter)get_count, (setter)set_count, NULL, NULL},
    {"_pause", (getter)get_count, (setter)set_count, NULL, "pause"},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot metric_slots[] = {
    {Py_tp_doc, "The steps of a scheduler that observes a metric."},
    {Py_tp_methods, metric_methods},
    {Py_tp_getset, metric_attributes},
    {Py_tp_traverse, metric_traverse},
    {Py_tp_clear, metric_clear},
    {Py_tp_dealloc, metric_dealloc},
    {0, NULL},
};

static PyType_Spec metric_spec = {
    .name = "stepsize.torch._accelerated.MetricStep",
    .basicsize = sizeof(MetricStep),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = metric_slots,
};

/* ---- The module ---------------------------------------------------------------------------------------- */

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
  dropin_connect((rates_function)(uintptr_t)address);
  Py_INCREF(type);
  Py_XDECREF((PyObject *)core_type);
  core_type = (PyTypeObject *)type;
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"connect", connect, METH_VARARGS, "connect(class of the cores, schedule_rates)"},
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
  PyObject *module = PyModule_Create(&definition);
  PyObject *rewrite = PyCFunction_NewEx(&dropin_rewrite, NULL, NULL);
  PyObject *group_step = PyType_FromSpec(&spec), *dropin = dropin_type(), *metric = PyType_FromSpec(&metric_spec);
  word_optimizer = PyUnicode_InternFromString("optimizer");
  if (word_lr == NULL || word_loss == NULL || word_param_groups == NULL || module == NULL || group_step == NULL ||
      dropin == NULL || rewrite == NULL || PyModule_AddObjectRef(module, "GroupStep", group_step) < 0 ||
      metric == NULL || word_optimizer == NULL || PyModule_AddObjectRef(module, "MetricStep", metric) < 0 ||
      PyModule_AddObjectRef(module, "Dropin", dropin) < 0 || PyModule_AddObjectRef(module, "rewrite", rewrite) < 0) {
    Py_CLEAR(module);
  }
  Py_XDECREF(group_step);
  Py_XDECREF(dropin);
  Py_XDECREF(metric);
  Py_XDECREF(rewrite);
  return module;
}
