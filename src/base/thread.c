/* Starting a thread with signals blocked and a known stack. */
#include "base/thread.h"

#include <signal.h>

#include "base/fork.h"

/* The host's signal handlers run in the host's threads; only the thread's own faults are delivered to it. */
static void block_signals(sigset_t *before) {
  static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
  sigset_t all;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&all, own[i]);
  pthread_sigmask(SIG_BLOCK, &all, before);
}

bool base_thread_start(base_thread *thread, void *(*run)(void *), void *user) {
  pthread_attr_t attributes;
  sigset_t before;
  *thread = (base_thread){.forks = base_forks()};
  if (pthread_attr_init(&attributes)) return false;
  pthread_attr_setstacksize(&attributes, BASE_STACK_BYTES);
  block_signals(&before);
  thread->started = !pthread_create(&thread->id, &attributes, run, user);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return thread->started;
}

bool base_thread_is_here(const base_thread *thread) { return thread->started && thread->forks == base_forks(); }

void base_thread_join(base_thread *thread) {
  if (base_thread_is_here(thread)) pthread_join(thread->id, NULL);
  thread->started = false;
}
