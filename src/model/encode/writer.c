/* Two buffers between those who compute rows and the thread that writes them. */
#include "model/encode/writer.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"

#define BUFFERS 2

struct model_writer {
  model_write_rows write;
  base_thread thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  float *buffers[BUFFERS];
  size_t counts[BUFFERS]; /* rows in each */
  void *users[BUFFERS];   /* that they are for */
  size_t handed, written; /* buffers since the start; number n is buffers[n % BUFFERS] */
  bool stop;              /* nothing more will be handed */
  berg_status status;
  berg_error error;
};

/* The lock is held before and after, not meanwhile. */
static void write_one(model_writer *writer) {
  const size_t index = writer->written % BUFFERS;
  if (!writer->status) {
    berg_error error;
    pthread_mutex_unlock(&writer->lock);
    berg_status status = writer->write(writer->users[index], writer->buffers[index], writer->counts[index], &error);
    pthread_mutex_lock(&writer->lock);
    if (status) {
      writer->status = status;
      writer->error = error;
    }
  }
  writer->written++;
  pthread_cond_broadcast(&writer->changed);
}

static void *write_all(void *user) {
  model_writer *writer = user;
  pthread_mutex_lock(&writer->lock);
  for (;;) {
    while (writer->written == writer->handed && !writer->stop) pthread_cond_wait(&writer->changed, &writer->lock);
    if (writer->written == writer->handed) break;
    write_one(writer);
  }
  pthread_mutex_unlock(&writer->lock);
  return NULL;
}

static void release(model_writer *writer) {
  for (size_t i = 0; i < BUFFERS; i++) base_free_large(writer->buffers[i]);
  base_free(writer);
}

berg_status model_writer_open(model_writer **out, model_write_rows write, size_t floats, berg_error *error) {
  *out = NULL;
  model_writer *writer = base_calloc(1, sizeof *writer, error);
  if (!writer) return BERG_ELIMIT;
  writer->write = write;
  for (size_t i = 0; i < BUFFERS; i++)
    if (!(writer->buffers[i] = base_alloc_large(floats, sizeof(float), error))) {
      release(writer);
      return BERG_ELIMIT;
    }
  pthread_mutex_init(&writer->lock, NULL);
  pthread_cond_init(&writer->changed, NULL);
  base_thread_start(&writer->thread, write_all, writer);
  *out = writer;
  return BERG_OK;
}

static berg_status outcome(const model_writer *writer, berg_error *error) {
  if (writer->status && error) *error = writer->error;
  return writer->status;
}

berg_status model_writer_buffer(model_writer *writer, float **rows, berg_error *error) {
  pthread_mutex_lock(&writer->lock);
  while (writer->handed - writer->written == BUFFERS) pthread_cond_wait(&writer->changed, &writer->lock);
  berg_status status = outcome(writer, error);
  pthread_mutex_unlock(&writer->lock);
  *rows = writer->buffers[writer->handed % BUFFERS];
  return status;
}

void model_writer_hand(model_writer *writer, void *user, size_t count) {
  pthread_mutex_lock(&writer->lock);
  writer->counts[writer->handed % BUFFERS] = count;
  writer->users[writer->handed % BUFFERS] = user;
  writer->handed++;
  if (base_thread_is_here(&writer->thread))
    pthread_cond_broadcast(&writer->changed);
  else
    write_one(writer);
  pthread_mutex_unlock(&writer->lock);
}

berg_status model_writer_close(model_writer *writer, berg_error *error) {
  if (!writer) return BERG_OK;
  if (base_thread_is_here(&writer->thread)) { /* else, in a fork's child, the lock may never be released */
    pthread_mutex_lock(&writer->lock);
    writer->stop = true;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    base_thread_join(&writer->thread);
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->changed);
  }
  berg_status status = outcome(writer, error);
  release(writer);
  return status;
}
