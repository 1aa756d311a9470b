/* train_mpi.c: the same learning rate on all processes of an MPI program, although their losses differ.
 *
 *     mpicc train_mpi.c $(pkg-config --cflags --libs stepsize) -lm -o train_mpi && mpiexec -n 4 ./train_mpi
 *
 * The losses are gathered and each process computes their mean in the order of the ranks: every one gets the same bits,
 * which MPI_Allreduce does not promise. The scheduler's state is broadcast, so that one that starts late joins in.
 */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stepsize/stepsize.h>

enum { UPDATES = 60, LATE = 20 };

/* How a loop gets the loss of all processes: replace it for another network. */
typedef double (*reduce_loss)(double loss, void *network);

/* The mean in the order of the ranks. A loss that is not finite, on any process, is NaN on all: the controller takes it
 * as one bad observation everywhere. */
static double mean_over_ranks(double loss, void *network) {
  MPI_Comm comm = *(MPI_Comm *)network;
  int size;
  MPI_Comm_size(comm, &size);
  double *losses = malloc((size_t)size * sizeof *losses), sum = 0;
  if (losses == NULL) MPI_Abort(comm, 1);
  MPI_Allgather(&loss, 1, MPI_DOUBLE, losses, 1, MPI_DOUBLE, comm);
  for (int rank = 0; rank < size; rank++) sum += isfinite(losses[rank]) ? losses[rank] : NAN;
  free(losses);
  return sum / size;
}

static void check(stepsize_status status, const char *text) {
  if (status == STEPSIZE_OK) return;
  fprintf(stderr, "status %d: %s\n", (int)status, text);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

/* Gives all processes the state of rank 0. */
static void broadcast(stepsize_scheduler *scheduler, int rank) {
  stepsize_error error;
  size_t needed = 0;
  check(stepsize_scheduler_save(scheduler, NULL, 0, &needed), "size of the state");
  unsigned long size = (unsigned long)needed;
  MPI_Bcast(&size, 1, MPI_UNSIGNED_LONG, 0, MPI_COMM_WORLD);
  unsigned char *state = malloc(size);
  if (state == NULL) MPI_Abort(MPI_COMM_WORLD, 1);
  if (rank == 0) check(stepsize_scheduler_save(scheduler, state, size, NULL), "saving");
  MPI_Bcast(state, (int)size, MPI_BYTE, 0, MPI_COMM_WORLD);
  if (rank != 0) check(stepsize_scheduler_load(scheduler, state, size, &error), error.text);
  free(state);
}

static stepsize_scheduler *make_scheduler(void) {
  const char *text = "greedy(patience=1, factor=0.9, window=10) * linear(80)";
  double base_lr = 0.1;
  stepsize_scheduler *scheduler = NULL;
  stepsize_scheduler_options options;
  stepsize_error error;
  check(stepsize_scheduler_defaults(&options, sizeof options), "defaults");
  options.group_count = 1;
  options.base_lr = &base_lr;
  check(stepsize_scheduler_parse(text, strlen(text), &options, &scheduler, &error), error.text);
  return scheduler;
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm comm = MPI_COMM_WORLD;
  int rank, size, differ = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  reduce_loss reduce = mean_over_ranks;
  stepsize_scheduler *scheduler = make_scheduler();
  double lr, weight = 3.0;
  check(stepsize_scheduler_rates(scheduler, &lr, 1), "rates");

  for (int update = 0; update < UPDATES; update++) {
    if (update == LATE && size > 1) {
      /* The last process restarts here, and joins again. */
      if (rank == size - 1) {
        stepsize_scheduler_destroy(scheduler);
        scheduler = make_scheduler();
      }
      broadcast(scheduler, rank);
      check(stepsize_scheduler_rates(scheduler, &lr, 1), "rates");
    }
    /* One update on noisy data, other noise on each process, the gradient averaged. */
    double target = sin(13.0 * update + rank), gradient = weight - target, mean;
    double loss = update == 30 && rank == 0 ? NAN : 0.5 * gradient * gradient;
    MPI_Allreduce(&gradient, &mean, 1, MPI_DOUBLE, MPI_SUM, comm);
    weight -= lr * mean / size;
    check(stepsize_scheduler_step_with_loss(scheduler, reduce(loss, &comm), &lr, 1), "step");

    double first = lr;
    MPI_Bcast(&first, 1, MPI_DOUBLE, 0, comm);
    differ |= memcmp(&first, &lr, sizeof lr) != 0;
  }
  int any = 0;
  MPI_Allreduce(&differ, &any, 1, MPI_INT, MPI_LOR, comm);
  if (rank == 0) printf("%d processes, rate %.17g, %s\n", size, lr, any ? "NOT the same" : "the same on all");
  stepsize_scheduler_destroy(scheduler);
  MPI_Finalize();
  return any;
}
