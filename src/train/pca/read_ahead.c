/* Two buffers between reading and computing. */
#include "train/pca/read_ahead.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/memory.h"
#include "base/thread.h"

#define BUFFERS 2

struct train_read_ahead {
  const train_panels *panels;
  size_t end; /* of the panels to read */
  base_thread thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  float *buffers[BUFFERS];
  size_t read; /* panels that are in their buffer, from the start of the matrix; buffer of a panel: its index mod 2 */
  size_t used; /* panels handed out; the last of them is being worked on */
  bool handed; /* a panel is being worked on */
  bool stop;
  berg_status status; /* of the reading */
  berg_error error;
};

/* A buffer is free when the panel in it was handed out and the next one asked for. */
static bool has_room(const train_read_ahead *reader) { return reader->read - reader->used + reader->handed < BUFFERS; }

/* The lock is held before and after, not meanwhile. */
static void read_one(train_read_ahead *reader) {
  const size_t index = reader->read;
  pthread_mutex_unlock(&reader->lock);
  berg_error error;
  berg_status status = reader->panels->read(reader->panels->user, index, reader->buffers[index % BUFFERS], &error);
  pthread_mutex_lock(&reader->lock);
  if (status) {
    reader->status = status;
    reader->error = error;
  } else {
    reader->read++;
  }
  pthread_cond_broadcast(&reader->changed);
}

static void *read_panels(void *user) {
  train_read_ahead *reader = user;
  pthread_mutex_lock(&reader->lock);
  while (reader->read < reader->end && !reader->status) {
    while (!has_room(reader) && !reader->stop) pthread_cond_wait(&reader->changed, &reader->lock);
    if (reader->stop) break;
    read_one(reader);
  }
  pthread_mutex_unlock(&reader->lock);
  return NULL;
}

static void release(train_read_ahead *reader) {
  for (size_t i = 0; i < BUFFERS; i++) base_free_large(reader->buffers[i]);
  base_free(reader);
}

berg_status train_read_ahead_start(train_read_ahead **out, const train_panels *panels, size_t first, size_t end,
                                   size_t floats, berg_error *error) {
  *out = NULL;
  train_read_ahead *reader = base_calloc(1, sizeof *reader, error);
  if (!reader) return BERG_ELIMIT;
  reader->panels = panels;
  reader->end = end;
  reader->read = reader->used = first;
  bool complete = true;
  for (size_t i = 0; i < BUFFERS; i++) {
    /* one panel alone needs one buffer */
    if (i && end - first < BUFFERS) break;
    reader->buffers[(first + i) % BUFFERS] = base_alloc_large(floats, sizeof(float), error);
    complete = complete && reader->buffers[(first + i) % BUFFERS];
  }
  if (!complete) {
    release(reader);
    return BERG_ELIMIT;
  }
  pthread_mutex_init(&reader->lock, NULL);
  pthread_cond_init(&reader->changed, NULL);
  base_thread_start(&reader->thread, read_panels, reader); /* without a thread, panels are read on demand */
  *out = reader;
  return BERG_OK;
}

berg_status train_read_ahead_next(train_read_ahead *reader, float **panel, berg_error *error) {
  pthread_mutex_lock(&reader->lock);
  reader->handed = false;
  pthread_cond_broadcast(&reader->changed);
  while (reader->used == reader->read && !reader->status)
    if (base_thread_is_here(&reader->thread))
      pthread_cond_wait(&reader->changed, &reader->lock);
    else
      read_one(reader);
  berg_status status = reader->used == reader->read ? reader->status : BERG_OK;
  if (status) {
    if (error) *error = reader->error;
  } else {
    *panel = reader->buffers[reader->used++ % BUFFERS];
    reader->handed = true;
  }
  pthread_mutex_unlock(&reader->lock);
  return status;
}

void train_read_ahead_stop(train_read_ahead *reader) {
  if (!reader) return;
  /* in the child of a fork there is no thread, and the lock may be held forever */
  if (base_thread_is_here(&reader->thread)) {
    pthread_mutex_lock(&reader->lock);
    reader->stop = true;
    pthread_cond_broadcast(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
    base_thread_join(&reader->thread);
    pthread_mutex_destroy(&reader->lock);
    pthread_cond_destroy(&reader->changed);
  }
  release(reader);
}
