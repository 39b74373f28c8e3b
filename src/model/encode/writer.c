/* Two buffers between those who compute rows and the thread that writes them. */
#include "model/encode/writer.h"

#include <pthread.h>
#include <string.h>

#include "base/memory.h"
#include "base/thread.h"

#define BUFFERS 2

typedef enum stage { FREE, HANDED, BEING_WRITTEN } stage;

typedef struct buffer {
  float *rows;
  stage stage;
  size_t number; /* how many were handed before it */
  size_t count;  /* rows in it */
  void *user;    /* that they are for */
} buffer;

struct model_writer {
  model_write_rows write;
  bool caller_writes;
  base_thread thread;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  buffer buffers[BUFFERS];
  buffer *filling; /* the caller's */
  size_t handed;   /* buffers since the start */
  bool stop;       /* nothing more will be handed */
  berg_status status;
  berg_error error;
};

/* All below is asked and changed with the lock held. */

static buffer *find(model_writer *writer, stage wanted) {
  for (size_t i = 0; i < BUFFERS; i++)
    if (writer->buffers[i].stage == wanted) return &writer->buffers[i];
  return NULL;
}

/* Whether rows for the same user that were handed before are still to be written. */
static bool must_wait(const model_writer *writer, const buffer *next) {
  for (size_t i = 0; i < BUFFERS; i++) {
    const buffer *other = &writer->buffers[i];
    if (other->stage != FREE && other->user == next->user && other->number < next->number) return true;
  }
  return false;
}

/* The first that can be written now; NULL: none. */
static buffer *find_writable(model_writer *writer) {
  buffer *first = NULL;
  for (size_t i = 0; i < BUFFERS; i++) {
    buffer *next = &writer->buffers[i];
    if (next->stage == HANDED && !must_wait(writer, next) && (!first || next->number < first->number)) first = next;
  }
  return first;
}

/* The lock is held before and after, not meanwhile. */
static void write_one(model_writer *writer, buffer *next) {
  next->stage = BEING_WRITTEN;
  if (!writer->status) {
    berg_error error;
    pthread_mutex_unlock(&writer->lock);
    berg_status status = writer->write(next->user, next->rows, next->count, &error);
    pthread_mutex_lock(&writer->lock);
    if (status && !writer->status) {
      writer->status = status;
      writer->error = error;
    }
  }
  next->stage = FREE;
  pthread_cond_broadcast(&writer->changed);
}

static void *write_all(void *user) {
  model_writer *writer = user;
  pthread_mutex_lock(&writer->lock);
  for (;;) {
    buffer *next = find_writable(writer);
    if (next)
      write_one(writer, next);
    else if (writer->stop && !find(writer, HANDED))
      break;
    else
      pthread_cond_wait(&writer->changed, &writer->lock);
  }
  pthread_mutex_unlock(&writer->lock);
  return NULL;
}

static void release(model_writer *writer) {
  for (size_t i = 0; i < BUFFERS; i++) base_free_large(writer->buffers[i].rows);
  base_free(writer);
}

berg_status model_writer_open(model_writer **out, model_write_rows write, size_t floats, bool caller_writes,
                              berg_error *error) {
  *out = NULL;
  model_writer *writer = base_calloc(1, sizeof *writer, error);
  if (!writer) return BERG_ELIMIT;
  writer->write = write;
  writer->caller_writes = caller_writes;
  for (size_t i = 0; i < BUFFERS; i++)
    if (!(writer->buffers[i].rows = base_alloc_large(floats, sizeof(float), error))) {
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

/* Until something changes the caller writes what the thread has not come to. */
static void help_or_wait(model_writer *writer) {
  buffer *next = writer->caller_writes ? find_writable(writer) : NULL;
  if (next)
    write_one(writer, next);
  else
    pthread_cond_wait(&writer->changed, &writer->lock);
}

berg_status model_writer_buffer(model_writer *writer, float **rows, berg_error *error) {
  pthread_mutex_lock(&writer->lock);
  while (!(writer->filling = find(writer, FREE))) help_or_wait(writer);
  berg_status status = outcome(writer, error);
  pthread_mutex_unlock(&writer->lock);
  *rows = writer->filling->rows;
  return status;
}

void model_writer_hand(model_writer *writer, void *user, size_t count) {
  pthread_mutex_lock(&writer->lock);
  buffer *next = writer->filling;
  *next = (buffer){next->rows, HANDED, writer->handed++, count, user};
  if (base_thread_is_here(&writer->thread))
    pthread_cond_broadcast(&writer->changed);
  else
    write_one(writer, next);
  pthread_mutex_unlock(&writer->lock);
}

berg_status model_writer_close(model_writer *writer, berg_error *error) {
  if (!writer) return BERG_OK;
  if (base_thread_is_here(&writer->thread)) { /* else, in a fork's child, the lock may never be released */
    pthread_mutex_lock(&writer->lock);
    writer->stop = true;
    pthread_cond_broadcast(&writer->changed);
    while (writer->caller_writes && find(writer, HANDED)) help_or_wait(writer);
    pthread_mutex_unlock(&writer->lock);
    base_thread_join(&writer->thread);
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->changed);
  }
  berg_status status = outcome(writer, error);
  release(writer);
  return status;
}
