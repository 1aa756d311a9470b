/* The step of a drop-in, by a `Plan` of stepsize/torch/_dropin.py: what that does in `go` is done here without Python.
 * Wherever the plan does not hold, the scheduler's method `_follow` makes the step.
 */
#include "dropin.h"

static rates_function library_rates;
static PyObject *word_lr, *word_last_lr, *word_last_epoch, *word_param_groups, *word_betas;

typedef struct {
  PyObject *holder, *key, *value;
} Watched;

/* Rates of the groups, as `Curves` have them: arrays that these own. */
typedef struct {
  const void *const *schedules;
  const double *bases;
  double *rates;
} Arrays;

typedef struct {
  PyObject_HEAD
  PyObject *plan;  /* owns all that is borrowed below; NULL or anything else that is no plan: none */
  int is_planned;
  PyObject *own;   /* borrowed, as the next ones: the scheduler's dictionary */
  PyObject *optimizer, *counter, *momentum;
  Py_ssize_t size; /* of the dictionary */
  Py_ssize_t group_count, watched_count, content_count;
  int64_t update, end;
  Arrays curves, momenta;
  Watched *watched;
  PyObject **contents; /* containers, and copies of them, by turns */
  PyObject **groups;
  PyObject **rates;    /* references: what was last put into the groups … */
  double *written;     /* … as numbers */
  PyObject *epoch, *count; /* references: what was last put into the dictionary */
} Dropin;

static void let_go(Dropin *self)
{
  self->is_planned = 0;
  for (Py_ssize_t i = 0; self->rates != NULL && i < self->group_count; i += 1) Py_CLEAR(self->rates[i]);
  PyMem_Free(self->watched);
  PyMem_Free(self->contents);
  PyMem_Free(self->groups);
  PyMem_Free(self->rates);
  PyMem_Free(self->written);
  self->watched = NULL;
  self->contents = self->groups = self->rates = NULL;
  self->written = NULL;
  self->group_count = self->watched_count = self->content_count = 0;
  Py_CLEAR(self->epoch);
  Py_CLEAR(self->count);
  Py_CLEAR(self->plan);
}

/* ---- Taking over a plan ------------------------------------------------------------------------------- */

/* An attribute of the plan: borrowed from it, since nothing changes a plan. NULL with an error set. */
static PyObject *part(PyObject *plan, const char *name)
{
  PyObject *value = PyObject_GetAttrString(plan, name);
  Py_XDECREF(value);
  return value;
}

static int take_arrays(PyObject *curves, Py_ssize_t count, Arrays *arrays)
{
  PyObject *addresses = PyObject_GetAttrString(curves, "_addresses");
  if (addresses == NULL) return -1;
  unsigned long long places[3];
  Py_ssize_t length;
  int fits = PyArg_ParseTuple(addresses, "KKKn", &places[0], &places[1], &places[2], &length);
  Py_DECREF(addresses);
  if (!fits) return -1;
  if (length != count) {
    PyErr_SetString(PyExc_ValueError, "plan: as many curves as groups");
    return -1;
  }
  arrays->schedules = (const void *const *)(uintptr_t)places[0];
  arrays->bases = (const double *)(uintptr_t)places[1];
  arrays->rates = (double *)(uintptr_t)places[2];
  return 0;
}

static int64_t number(PyObject *plan, const char *name)
{
  PyObject *value = part(plan, name);
  return value == NULL ? -1 : PyLong_AsLongLong(value);
}

static int take_groups(Dropin *self, PyObject *plan)
{
  PyObject *groups = part(plan, "groups"), *rates = part(plan, "rates");
  if (groups == NULL || rates == NULL) return -1;
  size_t count = (size_t)PyTuple_Size(groups);
  self->groups = PyMem_Calloc(count, sizeof(PyObject *));
  self->rates = PyMem_Calloc(count, sizeof(PyObject *));
  self->written = PyMem_Calloc(count, sizeof(double));
  if (self->groups == NULL || self->rates == NULL || self->written == NULL) return -1;
  self->group_count = (Py_ssize_t)count;
  for (Py_ssize_t i = 0; i < self->group_count; i += 1) {
    self->groups[i] = PyTuple_GetItem(groups, i);
    self->rates[i] = PyList_GetItem(rates, i);
    if (self->rates[i] == NULL) return -1;
    Py_INCREF(self->rates[i]);
    self->written[i] = PyFloat_AsDouble(self->rates[i]);
  }
  return 0;
}

static int take_watched(Dropin *self, PyObject *plan)
{
  PyObject *watched = part(plan, "watched"), *contents = part(plan, "contents");
  if (watched == NULL || contents == NULL) return -1;
  self->watched = PyMem_Calloc((size_t)PyList_Size(watched), sizeof(Watched));
  self->contents = PyMem_Calloc(2 * (size_t)PyList_Size(contents), sizeof(PyObject *));
  if (self->watched == NULL || self->contents == NULL) return -1;
  self->watched_count = PyList_Size(watched);
  for (Py_ssize_t i = 0; i < self->watched_count; i += 1) {
    Watched *each = &self->watched[i];
    if (!PyArg_ParseTuple(PyList_GetItem(watched, i), "OOO", &each->holder, &each->key, &each->value)) return -1;
  }
  self->content_count = PyList_Size(contents);
  for (Py_ssize_t i = 0; i < self->content_count; i += 1) {
    PyObject **pair = &self->contents[2 * i];
    if (!PyArg_ParseTuple(PyList_GetItem(contents, i), "OO", &pair[0], &pair[1])) return -1;
  }
  return 0;
}

static int take(Dropin *self, PyObject *plan)
{
  if (take_groups(self, plan) < 0 || take_watched(self, plan) < 0) return -1;
  PyObject *curves = part(plan, "curves"), *momenta = part(plan, "momenta");
  self->own = part(plan, "own");
  self->optimizer = part(plan, "optimizer");
  self->counter = part(plan, "counter");
  self->momentum = part(plan, "momentum");
  self->epoch = PyObject_GetAttrString(plan, "epoch");
  self->count = PyObject_GetAttrString(plan, "count");
  self->size = (Py_ssize_t)number(plan, "size");
  self->update = number(plan, "update");
  self->end = number(plan, "end");
  if (PyErr_Occurred() || take_arrays(curves, self->group_count, &self->curves) < 0) return -1;
  self->momenta.rates = NULL;
  if (momenta != Py_None && take_arrays(momenta, self->group_count, &self->momenta) < 0) return -1;
  return 0;
}

static int set_plan(Dropin *self, PyObject *plan, void *closure)
{
  (void)closure;
  let_go(self);
  if (plan == NULL || plan == Py_None) return 0;
  Py_INCREF(plan);
  self->plan = plan;
  if (plan == Py_False) return 0;
  if (take(self, plan) < 0) {
    let_go(self);
    if (!PyErr_Occurred()) PyErr_NoMemory();
    return -1;
  }
  self->is_planned = 1;
  return 0;
}

static PyObject *get_plan(Dropin *self, void *closure)
{
  (void)closure;
  PyObject *plan = self->plan == NULL ? Py_None : self->plan;
  Py_INCREF(plan);
  return plan;
}

/* ---- A step ------------------------------------------------------------------------------------------- */

static int holds_item(PyObject *holder, PyObject *key, PyObject *value)
{
  return PyDict_GetItemWithError(holder, key) == value;
}

/* 1 where everything is as the last update left it, 0 where not; an error is set where something could not be asked. */
static int holds(Dropin *self)
{
  if (self->update >= self->end || PyDict_Size(self->own) != self->size) return 0;
  if (!holds_item(self->own, word_last_epoch, self->epoch) || !holds_item(self->own, self->counter, self->count)) return 0;
  for (Py_ssize_t i = 0; i < self->watched_count; i += 1) {
    Watched *each = &self->watched[i];
    if (!holds_item(each->holder, each->key, each->value)) return 0;
  }
  for (Py_ssize_t i = 0; i < self->content_count; i += 1)
    if (PyObject_RichCompareBool(self->contents[2 * i], self->contents[2 * i + 1], Py_EQ) != 1) return 0;
  PyObject *groups = PyObject_GetAttr(self->optimizer, word_param_groups);
  int same = groups != NULL && self->is_planned && PyList_Check(groups) && PyList_Size(groups) == self->group_count;
  for (Py_ssize_t i = 0; same && i < self->group_count; i += 1)
    same = PyList_GetItem(groups, i) == self->groups[i] && holds_item(self->groups[i], word_lr, self->rates[i]);
  Py_XDECREF(groups);
  return same;
}

/* The rates as Python numbers, in the groups and in a new list. */
static PyObject *write_rates(Dropin *self)
{
  PyObject *list = PyList_New(self->group_count);
  for (Py_ssize_t i = 0; list != NULL && i < self->group_count; i += 1) {
    double rate = self->curves.rates[i];
    PyObject *old = self->rates[i], *fresh = old;
    if (memcmp(&self->written[i], &rate, sizeof rate) != 0) {
      /* Groups often have the same rate. */
      int is_alike = i > 0 && memcmp(&self->written[i - 1], &rate, sizeof rate) == 0;
      fresh = is_alike ? self->rates[i - 1] : PyFloat_FromDouble(rate);
      if (is_alike) Py_INCREF(fresh);
      if (fresh == NULL || PyDict_SetItem(self->groups[i], word_lr, fresh) < 0) {
        Py_XDECREF(fresh);
        Py_DECREF(list);
        return NULL;
      }
      self->rates[i] = fresh;
      self->written[i] = rate;
      Py_DECREF(old);
    }
    Py_INCREF(fresh);
    PyList_SetItem(list, i, fresh);
  }
  return list;
}

static int write_momenta(Dropin *self)
{
  for (Py_ssize_t i = 0; i < self->group_count; i += 1) {
    PyObject *value = PyFloat_FromDouble(self->momenta.rates[i]), *group = self->groups[i];
    if (value != NULL && PyUnicode_Compare(self->momentum, word_betas) == 0) {
      PyObject *betas = PyDict_GetItemWithError(group, word_betas);
      PyObject *rest = betas == NULL ? NULL : PySequence_GetSlice(betas, 1, PY_SSIZE_T_MAX);
      PyObject *first = PyTuple_Pack(1, value);
      Py_DECREF(value);
      PyObject *tail = rest == NULL ? NULL : PySequence_Tuple(rest);
      value = first == NULL || tail == NULL ? NULL : PySequence_Concat(first, tail);
      Py_XDECREF(rest);
      Py_XDECREF(first);
      Py_XDECREF(tail);
    }
    int status = value == NULL ? -1 : PyDict_SetItem(group, self->momentum, value);
    Py_XDECREF(value);
    if (status < 0) return -1;
  }
  return 0;
}

/* One more, in the dictionary and here. */
static int count_on(PyObject *own, PyObject *key, PyObject **count)
{
  long long number = PyLong_AsLongLong(*count);
  if (number == -1 && PyErr_Occurred()) return -1;
  PyObject *next = PyLong_FromLongLong(number + 1);
  if (next == NULL || PyDict_SetItem(own, key, next) < 0) {
    Py_XDECREF(next);
    return -1;
  }
  Py_DECREF(*count);
  *count = next;
  return 0;
}

/* 1: done; 0: not by this plan, and nothing has changed. */
static int go(Dropin *self)
{
  int may = holds(self);
  if (PyErr_Occurred()) PyErr_Clear(); /* what could not be asked is no longer as it was */
  if (!may) return 0;
  int64_t update = self->update + 1;
  size_t count = (size_t)self->group_count;
  if (library_rates(self->curves.schedules, self->curves.bases, count, update, self->curves.rates) != 0) return 0;
  Arrays *momenta = &self->momenta;
  if (momenta->rates != NULL &&
      library_rates(momenta->schedules, momenta->bases, count, update, momenta->rates) != 0)
    return 0;
  PyObject *own = self->own, *list = write_rates(self);
  int status = list == NULL ? -1 : PyDict_SetItem(own, word_last_lr, list);
  Py_XDECREF(list);
  if (status == 0 && momenta->rates != NULL) status = write_momenta(self);
  if (status == 0) status = count_on(own, word_last_epoch, &self->epoch);
  if (status == 0) status = count_on(own, self->counter, &self->count);
  self->update = update;
  return status == 0 ? 1 : -1;
}

static PyObject *step_method(Dropin *self, PyObject *arguments, PyObject *names)
{
  Py_ssize_t count = PyTuple_Size(arguments);
  if (names == NULL && (count == 0 || (count == 1 && PyTuple_GetItem(arguments, 0) == Py_None)) && self->is_planned) {
    PyObject *plan = self->plan;
    Py_INCREF(plan); /* what is compared may do anything */
    int done = go(self);
    Py_DECREF(plan);
    if (done < 0) return NULL;
    if (done) Py_RETURN_NONE;
  }
  PyObject *method = PyObject_GetAttrString((PyObject *)self, "_follow");
  if (method == NULL) return NULL;
  PyObject *result = PyObject_Call(method, arguments, names);
  Py_DECREF(method);
  return result;
}

/* What `write` of stepsize/torch/_groups.py does where the rates that are there and the new ones are floats: puts those
 * into the groups and returns a list of them; None, and nothing has changed, where one is not. */
static PyObject *rewrite(PyObject *module, PyObject *arguments)
{
  (void)module;
  PyObject *groups, *rates;
  if (!PyArg_ParseTuple(arguments, "OO", &groups, &rates)) return NULL;
  Py_ssize_t count = PyList_Check(groups) && PyList_Check(rates) ? PyList_Size(groups) : -1;
  if (count < 0 || PyList_Size(rates) != count) Py_RETURN_NONE;
  for (Py_ssize_t i = 0; i < count; i += 1) {
    PyObject *group = PyList_GetItem(groups, i);
    if (Py_TYPE(group) != &PyDict_Type || Py_TYPE(PyList_GetItem(rates, i)) != &PyFloat_Type) Py_RETURN_NONE;
    PyObject *present = PyDict_GetItemWithError(group, word_lr);
    if (present == NULL || Py_TYPE(present) != &PyFloat_Type) {
      PyErr_Clear();
      Py_RETURN_NONE;
    }
  }
  for (Py_ssize_t i = 0; i < count; i += 1)
    if (PyDict_SetItem(PyList_GetItem(groups, i), word_lr, PyList_GetItem(rates, i)) < 0) return NULL;
  return PyList_GetSlice(rates, 0, count);
}

PyMethodDef dropin_rewrite = {"rewrite", rewrite, METH_VARARGS, NULL};

/* ---- The type ----------------------------------------------------------------------------------------- */

static int traverse(Dropin *self, visitproc visit, void *arg)
{
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(self->plan);
  return 0;
}

static int clear(Dropin *self)
{
  let_go(self);
  return 0;
}

static void dealloc(Dropin *self)
{
  PyObject_GC_UnTrack(self);
  let_go(self);
  free_instance(self);
}

static PyMethodDef methods[] = {
    {"step", (PyCFunction)(void (*)(void))step_method, METH_VARARGS | METH_KEYWORDS,
     "step($self, /, epoch=None)\n--\n\n"
     "As PyTorch's: goes to the next update and writes its rates into the optimizer."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef attributes[] = {
    {"_plan", (getter)get_plan, (setter)set_plan, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "A scheduler's step by its plan."}, {Py_tp_methods, methods}, {Py_tp_getset, attributes},
    {Py_tp_traverse, traverse},                     {Py_tp_clear, clear},     {Py_tp_dealloc, dealloc},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "stepsize.torch._accelerated.Dropin",
    .basicsize = sizeof(Dropin),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = slots,
};

void dropin_connect(rates_function rates) { library_rates = rates; }

PyObject *dropin_type(void)
{
  word_lr = PyUnicode_InternFromString("lr");
  word_last_lr = PyUnicode_InternFromString("_last_lr");
  word_last_epoch = PyUnicode_InternFromString("last_epoch");
  word_param_groups = PyUnicode_InternFromString("param_groups");
  word_betas = PyUnicode_InternFromString("betas");
  return word_lr && word_last_lr && word_last_epoch && word_param_groups && word_betas ? PyType_FromSpec(&spec) : NULL;
}
