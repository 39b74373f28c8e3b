/* Waiting for what happens next, and whose turn it is. */
#include "serve_loop.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "serve_turns.h"

/* Requests that with their answers take no more never wait for memory. */
#define SMALL ((size_t)4 << 20)
/* Requests of the largest size that are in memory at a time. */
#define LARGEST 4
/* After which a connection that could not be taken is tried again. */
#define AGAIN_SECONDS 1.0

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* --- The end --- */

static int signal_pipe[2];

static void signalled(int number) {
  const int before = errno;
  (void)number;
  if (write(signal_pipe[1], "", 1) < 0) errno = 0; /* the pipe is full of signals already */
  errno = before;
}

int serve_signals(void) {
  struct sigaction action = {.sa_handler = signalled, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
  if (pipe(signal_pipe)) return -1;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct sigaction before;
  if (!sigaction(SIGHUP, NULL, &before) && before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL); /* nohup */
  action = (struct sigaction){.sa_handler = SIG_IGN};
  sigaction(SIGPIPE, &action, NULL);
  return signal_pipe[0];
}

static void drop(serve_loop *loop, serve_client *client) {
  loop->crowded = false;
  if (client == loop->current)
    loop->gone = true; /* its buffers are in use */
  else
    serve_client_end(client);
}

/* Whole requests that nobody has begun are told so; what is not whole goes. */
static void end_client(serve_loop *loop, serve_client *client) {
  berg_error error;
  if (client->state == SERVE_GIVING) return;
  if (client->state == SERVE_ASKING && (client == loop->current || client->done)) return;
  if (client->state == SERVE_ASKING) {
    serve_refuse(&error, BERG_ECANCELLED, "the server is ending");
    serve_client_refuse(client, &error);
  } else if (client->state != SERVE_FREE) {
    serve_client_end(client);
  }
}

static void end(serve_loop *loop) {
  loop->ending = true;
  serve_socket_close(loop->socket);
}

/* --- Connections --- */

static void turn_away(int connection) {
  berg_error error;
  serve_client client;
  serve_client_begin(&client, connection, 0);
  client.broken = true;
  serve_refuse(&error, BERG_ELIMIT, "the server has as many clients as it takes: see --max-clients");
  serve_client_refuse(&client, &error);
  serve_client_write(&client, 0);
  serve_client_end(&client);
}

static void take_connections(serve_loop *loop, double time) {
  for (;;) {
    const int connection = serve_socket_accept(loop->socket);
    if (connection < 0) {
      loop->crowded = errno != EAGAIN && errno != EWOULDBLOCK;
      return;
    }
    size_t i = 0;
    while (i < loop->most_clients && loop->clients[i].state != SERVE_FREE) i++;
    if (i < loop->most_clients)
      serve_client_begin(&loop->clients[i], connection, time);
    else
      turn_away(connection);
  }
}

/* --- Memory --- */

static size_t reserved(const serve_loop *loop) {
  size_t bytes = 0;
  for (size_t i = 0; i < loop->most_clients; i++)
    if (loop->clients[i].state != SERVE_FREE) bytes += loop->clients[i].reserved;
  return bytes;
}

static serve_client *next_in_line(const serve_loop *loop) {
  serve_client *first = NULL;
  for (size_t i = 0; i < loop->most_clients; i++) {
    serve_client *client = &loop->clients[i];
    if (client->state == SERVE_HELD && (!first || client->place < first->place)) first = client;
  }
  return first;
}

static void line_up(serve_loop *loop, serve_client *client) {
  const size_t needed = (size_t)client->request.length + client->answer;
  client->place = ++loop->places;
  client->reserved = 0;
  if (needed <= SMALL) serve_client_admit(client);
}

/* Large requests are let in one after the other, as memory allows. */
static void admit(serve_loop *loop) {
  serve_client *client;
  while ((client = next_in_line(loop))) {
    const size_t needed = (size_t)client->request.length + client->answer;
    if (reserved(loop) + needed > LARGEST * loop->limits.most) return;
    client->reserved = needed;
    serve_client_admit(client);
  }
}

/* --- What happened --- */

/* Requests for which no model is asked are answered at once, whatever is being worked on. */
static void answer_at_once(serve_loop *loop, serve_client *client) {
  if (client->request.kind == SERVE_STOP) {
    serve_client_answer(client, 0);
    end(loop);
  } else if (client->request.kind == SERVE_HELLO) {
    berg_error error;
    if (serve_client_room(client, client->answer)) {
      memcpy(client->out.bytes, loop->about, client->answer);
      serve_client_answer(client, client->answer);
    } else {
      serve_refuse(&error, BERG_ELIMIT, "no memory for the answer");
      serve_client_refuse(client, &error);
    }
  }
}

static bool read_client(serve_loop *loop, serve_client *client, double time) {
  if (!serve_client_read(client, &loop->limits, time)) return false;
  if (client->state != SERVE_HELD) return true;
  line_up(loop, client);
  return !serve_client_reads(client) || serve_client_read(client, &loop->limits, time);
}

static void serve_client_moved(serve_loop *loop, serve_client *client, short events, double time) {
  bool good = true;
  if (serve_client_reads(client))
    good = read_client(loop, client, time);
  else if (!serve_client_writes(client))
    good = !(events & (POLLHUP | POLLERR | POLLNVAL));
  if (good && client->state == SERVE_ASKING && client != loop->current) answer_at_once(loop, client);
  if (good && serve_client_writes(client)) good = serve_client_write(client, time);
  if (!good) drop(loop, client);
}

static void hurry(serve_loop *loop, serve_client *client, double time) {
  if (!serve_client_midway(client) || time - client->since < loop->patience) return;
  if (!loop->quiet)
    cli_say("a client was silent for %g s in the middle of %s: its connection is closed", loop->patience,
            serve_client_writes(client) ? "an answer" : "a request");
  drop(loop, client);
}

/* Milliseconds until the next client loses its connection; -1: none will. */
static int time_left(const serve_loop *loop, double time) {
  double least = loop->crowded ? AGAIN_SECONDS : INFINITY;
  for (size_t i = 0; i < loop->most_clients; i++) {
    const serve_client *client = &loop->clients[i];
    if (serve_client_midway(client)) least = fmin(least, client->since + loop->patience - time);
  }
  return isinf(least) ? -1 : (int)fmin(fmax(ceil(1000 * least), 0), 60000);
}

static void watch(serve_loop *loop) {
  loop->watched[0] = (struct pollfd){.fd = loop->ending ? -1 : loop->signals, .events = POLLIN};
  loop->watched[1] = (struct pollfd){.fd = loop->crowded ? -1 : loop->socket->listening, .events = POLLIN};
  for (size_t i = 0; i < loop->most_clients; i++) {
    const serve_client *client = &loop->clients[i];
    const bool out = client->state == SERVE_FREE || (client == loop->current && loop->gone);
    loop->watched[2 + i] = (struct pollfd){.fd = out ? -1 : client->socket,
                                           .events = serve_client_reads(client)    ? POLLIN
                                                     : serve_client_writes(client) ? POLLOUT
                                                                                   : 0};
  }
}

void serve_loop_exchange(serve_loop *loop, bool wait) {
  watch(loop);
  const int happened = poll(loop->watched, (nfds_t)(2 + loop->most_clients), wait ? time_left(loop, now()) : 0);
  const double time = now();
  if (happened <= 0) loop->crowded = false;
  for (size_t i = 0; i < loop->most_clients && happened > 0; i++)
    if (loop->watched[2 + i].revents) serve_client_moved(loop, &loop->clients[i], loop->watched[2 + i].revents, time);
  if (happened > 0 && loop->watched[0].revents) end(loop);
  if (happened > 0 && loop->watched[1].revents && !loop->ending) take_connections(loop, time);
  for (size_t i = 0; i < loop->most_clients; i++) hurry(loop, &loop->clients[i], time);
  for (size_t i = 0; i < loop->most_clients && loop->ending; i++) end_client(loop, &loop->clients[i]);
  admit(loop);
}

static bool is_empty(const serve_loop *loop) {
  for (size_t i = 0; i < loop->most_clients; i++)
    if (loop->clients[i].state != SERVE_FREE) return false;
  return true;
}

int serve_loop_run(serve_loop *loop) {
  loop->clients = cli_alloc(loop->most_clients, sizeof *loop->clients);
  loop->watched = cli_alloc(loop->most_clients + 2, sizeof *loop->watched);
  int status = loop->clients && loop->watched ? 0 : cli_fail_memory();
  while (!status && !(loop->ending && is_empty(loop))) {
    serve_loop_exchange(loop, !serve_turns_waiting(loop));
    serve_turns_next(loop);
  }
  for (size_t i = 0; loop->clients && i < loop->most_clients; i++) serve_client_end(&loop->clients[i]);
  free(loop->clients);
  free(loop->watched);
  return status;
}
