/* A C program that embeds Python and continues there: it saves a scheduler's state, Python restores and continues it, and gives
   back a state from which C continues. Each rate has the same bits as in a run that was never interrupted.

       cc embed_python.c $(pkg-config --cflags --libs stepsize) $(python3-config --embed --cflags --ldflags) && ./a.out

   The Python package must be importable; both share one library where STEPSIZE_LIBRARY names the one that is linked. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stepsize/stepsize.h>

static const char script[] =
    "import stepsize\n"
    "scheduler = stepsize.Scheduler.from_state(state)\n"
    "rates = [scheduler.step(loss) for loss in losses]\n"
    "text, state = str(scheduler), scheduler.state()\n";

enum { UPDATES = 300, FIRST = 100, SECOND = 200 };

static double loss_of(int update) { return 1.0 / (1 + update) + (update % 7) * 0.01; }

static void must(stepsize_status status) {
  if (status == STEPSIZE_OK) return;
  fprintf(stderr, "embed_python: %s\n", stepsize_status_name(status));
  exit(1);
}

/* Steps from one update to another; each rate has the bits of the run that was not interrupted. */
static void run(stepsize_scheduler *scheduler, int from, int to, double *lrs, int is_first) {
  for (int update = from; update < to; update++) {
    double lr;
    must(stepsize_scheduler_step_with_loss(scheduler, loss_of(update), &lr, 1));
    if (is_first) lrs[update] = lr;
    if (memcmp(&lrs[update], &lr, sizeof lr) == 0) continue;
    fprintf(stderr, "embed_python: C has another rate after update %d\n", update);
    exit(1);
  }
}

static stepsize_scheduler *made(void) {
  const char *text = "greedy(patience=3) * (warmup(20) >> cosine(280, floor=0.1))";
  const double base_lr = 0.1;
  stepsize_scheduler *scheduler;
  stepsize_scheduler_options options;
  must(stepsize_scheduler_defaults(&options, sizeof options));
  options.group_count = 1, options.base_lr = &base_lr;
  must(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, NULL));
  return scheduler;
}

/* Runs the script on a state; the state that it leaves, in a new block. */
static uint8_t *continued_in_python(const uint8_t *state, size_t *size, const double *lrs) {
  PyObject *names = PyDict_New(), *losses = PyList_New(0), *done = NULL, *rates, *after;
  uint8_t *result = NULL;
  for (int update = FIRST; update < SECOND; update++) {
    PyObject *loss = PyFloat_FromDouble(loss_of(update));
    PyList_Append(losses, loss);
    Py_XDECREF(loss);
  }
  after = PyBytes_FromStringAndSize((const char *)state, (Py_ssize_t)*size);
  PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins());
  PyDict_SetItemString(names, "state", after);
  PyDict_SetItemString(names, "losses", losses);
  done = PyRun_String(script, Py_file_input, names, names);
  if (done) {
    rates = PyDict_GetItemString(names, "rates");
    printf("in Python: %s\n", PyUnicode_AsUTF8(PyDict_GetItemString(names, "text")));
    for (int update = FIRST; update < SECOND; update++) {
      const double lr = PyFloat_AsDouble(PyList_GetItem(rates, update - FIRST));
      if (memcmp(&lr, &lrs[update], sizeof lr) == 0) continue;
      fprintf(stderr, "embed_python: Python has another rate after update %d\n", update);
      exit(1);
    }
    PyObject *returned = PyDict_GetItemString(names, "state");
    *size = (size_t)PyBytes_Size(returned);
    result = malloc(*size);
    if (result) memcpy(result, PyBytes_AsString(returned), *size);
  } else {
    PyErr_Print();
  }
  Py_XDECREF(done);
  Py_XDECREF(after);
  Py_XDECREF(losses);
  Py_XDECREF(names);
  return result;
}

int main(void) {
  static double lrs[UPDATES];
  size_t size;
  stepsize_scheduler *scheduler = made();
  run(scheduler, 0, UPDATES, lrs, 1);
  stepsize_scheduler_destroy(scheduler);

  scheduler = made();
  run(scheduler, 0, FIRST, lrs, 0);
  must(stepsize_scheduler_save(scheduler, NULL, 0, &size));
  uint8_t *state = malloc(size);
  if (state == NULL) return 1;
  must(stepsize_scheduler_save(scheduler, state, size, NULL));
  stepsize_scheduler_destroy(scheduler);

  Py_Initialize();
  uint8_t *after = continued_in_python(state, &size, lrs);
  free(state);
  if (Py_FinalizeEx() != 0 || after == NULL) return 1;

  must(stepsize_scheduler_restore(after, size, &scheduler, NULL));
  free(after);
  run(scheduler, SECOND, UPDATES, lrs, 0);
  stepsize_scheduler_destroy(scheduler);
  printf("%d updates, in C, in Python and in C again: the same bits\n", UPDATES);
  return 0;
}
