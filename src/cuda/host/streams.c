/* Streams as queues. With CUDA_RANDOM nothing runs before the host waits for it, and then the streams take turns at
 * random: a missing event in src/cuda shows as wrong numbers, a superfluous one as a queue that cannot go on. */
#include <stdlib.h>
#include <string.h>

#include "cuda/host/host.h"

typedef struct command {
  host_work work; /* NULL: an event */
  bool waits;     /* for the event; else records it */
  int event;
  size_t version;
  unsigned char args[HOST_ARGS];
} command;

typedef struct queue {
  command *commands;
  size_t count, capacity, next;
} queue;

struct cuda_backend {
  queue streams[CUDA_STREAMS];
  size_t recorded[CUDA_EVENTS]; /* versions requested, */
  size_t happened[CUDA_EVENTS]; /* and reached */
};

cuda_status cuda_backend_open(cuda_backend **backend, int device, cuda_fault *fault) {
  (void)device;
  *backend = NULL;
  cuda_status status = host_operation(CUDA_FAILED, "open", fault);
  if (status) return status;
  *backend = calloc(1, sizeof **backend);
  return *backend ? CUDA_DONE : cuda_fail(fault, CUDA_FAILED, "out of the host's memory");
}

void cuda_backend_close(cuda_backend *backend) {
  for (int s = 0; backend && s < CUDA_STREAMS; s++) free(backend->streams[s].commands);
  free(backend);
}

cuda_status cuda_backend_enter(cuda_backend *backend, cuda_fault *fault) {
  (void)backend, (void)fault;
  return CUDA_DONE;
}

/* --- Running --- */

static bool can_go_on(const cuda_backend *backend, const queue *q) {
  if (q->next == q->count) return false;
  const command *c = &q->commands[q->next];
  return !c->waits || backend->happened[c->event] >= c->version;
}

static void step(cuda_backend *backend, queue *q) {
  const command *c = &q->commands[q->next++];
  if (c->work)
    c->work(c->args);
  else if (!c->waits && backend->happened[c->event] < c->version)
    backend->happened[c->event] = c->version;
  if (q->next == q->count) q->next = q->count = 0;
}

/* Runs one command of any stream that can proceed; false: no stream can. */
static bool step_any(cuda_backend *backend) {
  const size_t start = (size_t)host_random();
  for (size_t i = 0; i < CUDA_STREAMS; i++) {
    queue *q = &backend->streams[(start + i) % CUDA_STREAMS];
    if (!can_go_on(backend, q)) continue;
    step(backend, q);
    return true;
  }
  return false;
}

static cuda_status stuck(cuda_fault *fault) { return cuda_fail(fault, CUDA_FAILED, "streams wait for one another"); }

cuda_status host_drain(cuda_backend *backend, cuda_stream stream, cuda_fault *fault) {
  while (backend->streams[stream].count)
    if (!step_any(backend)) return stuck(fault);
  return CUDA_DONE;
}

cuda_status cuda_finish_all(cuda_backend *backend, cuda_fault *fault) {
  for (int s = 0; s < CUDA_STREAMS; s++) {
    cuda_status status = host_drain(backend, (cuda_stream)s, fault);
    if (status) return status;
  }
  return CUDA_DONE;
}

cuda_status cuda_finish(cuda_backend *backend, int event, cuda_fault *fault) {
  cuda_status status = host_operation(CUDA_FAILED, "wait for an event", fault);
  while (!status && backend->happened[event] < backend->recorded[event])
    if (!step_any(backend)) return stuck(fault);
  return status;
}

/* --- Asking --- */

static cuda_status push(cuda_backend *backend, cuda_stream stream, const command *c, cuda_fault *fault) {
  queue *q = &backend->streams[stream];
  if (q->count == q->capacity) {
    const size_t capacity = q->capacity ? 2 * q->capacity : 256;
    command *more = realloc(q->commands, capacity * sizeof *more);
    if (!more) return cuda_fail(fault, CUDA_FAILED, "out of the host's memory");
    q->commands = more;
    q->capacity = capacity;
  }
  q->commands[q->count++] = *c;
  return cuda_host.streams == CUDA_EAGER ? cuda_finish_all(backend, fault) : CUDA_DONE;
}

cuda_status host_push(cuda_backend *backend, cuda_stream stream, host_work work, const void *args, size_t bytes,
                      cuda_fault *fault) {
  command c = {.work = work};
  memcpy(c.args, args, bytes);
  return push(backend, stream, &c, fault);
}

cuda_status cuda_record(cuda_backend *backend, cuda_stream stream, int event, cuda_fault *fault) {
  cuda_status status = host_operation(CUDA_FAILED, "record an event", fault);
  if (status) return status;
  const command c = {.event = event, .version = ++backend->recorded[event]};
  return push(backend, stream, &c, fault);
}

cuda_status cuda_wait(cuda_backend *backend, cuda_stream stream, int event, cuda_fault *fault) {
  cuda_status status = host_operation(CUDA_FAILED, "wait for an event", fault);
  if (status) return status;
  const command c = {.waits = true, .event = event, .version = backend->recorded[event]};
  return push(backend, stream, &c, fault);
}
