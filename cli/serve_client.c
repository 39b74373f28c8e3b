/* A connection's states, and bytes in and out without waiting. */
#include "serve_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "memory.h"
#include "system.h"

/* Buffers up to this size stay from message to message; larger ones go with the answer. */
#define KEPT ((size_t)4 << 20)
/* Bytes taken at a time from one connection, so that none keeps the others waiting. */
#define SHARE ((size_t)8 << 20)

void serve_client_begin(serve_client *client, int socket, double now) {
  *client = (serve_client){.state = SERVE_HEADING, .socket = socket, .since = now};
}

void serve_client_end(serve_client *client) {
  if (client->state == SERVE_FREE) return;
  close(client->socket);
  free(client->in.bytes);
  free(client->out.bytes);
  *client = (serve_client){.state = SERVE_FREE, .socket = -1};
}

bool serve_client_reads(const serve_client *client) {
  return client->state == SERVE_HEADING || client->state == SERVE_TAKING || client->state == SERVE_PASSING ||
         client->state == SERVE_PARTING;
}

bool serve_client_writes(const serve_client *client) { return client->state == SERVE_GIVING; }

bool serve_client_midway(const serve_client *client) {
  return client->state == SERVE_HEADING ? client->moved > 0 : serve_client_reads(client) || serve_client_writes(client);
}

/* --- Memory --- */

static bool make_room(serve_buffer *buffer, size_t length) {
  if (length <= buffer->capacity) return true;
  free(buffer->bytes);
  buffer->bytes = cli_alloc(length, 1);
  buffer->capacity = buffer->bytes ? length : 0;
  return buffer->bytes != NULL;
}

static void let_go(serve_buffer *buffer) {
  if (buffer->capacity <= KEPT) return;
  free(buffer->bytes);
  *buffer = (serve_buffer){.bytes = NULL};
}

bool serve_client_room(serve_client *client, size_t length) { return make_room(&client->out, length); }

/* --- Answers --- */

static void give(serve_client *client, berg_status status, size_t length) {
  serve_message answer = client->request;
  answer.status = status;
  answer.length = client->out_length = length;
  serve_message_write(&answer, client->header);
  client->moved = 0;
  client->done = 0;
  client->state = SERVE_GIVING;
}

void serve_client_answer(serve_client *client, size_t length) {
  let_go(&client->in);
  give(client, BERG_OK, length);
}

void serve_client_refuse(serve_client *client, const berg_error *error) {
  const size_t length = strlen(error->message);
  let_go(&client->in);
  client->reserved = 0;
  if (make_room(&client->out, length)) /* else the number has to do */
    memcpy(client->out.bytes, error->message, length);
  give(client, error->status, client->out.bytes ? length : 0);
}

/* The answer to a request whose payload has yet to go by. */
static void refuse_early(serve_client *client, const berg_error *error) {
  const uint64_t length = client->request.length;
  serve_client_refuse(client, error);
  if (length && !client->broken) client->state = SERVE_PASSING;
}

/* --- In --- */

/* Up to `length` bytes. 0: none are there now; -1: the connection is over. */
static ptrdiff_t receive(serve_client *client, void *bytes, size_t length, double now) {
  ssize_t got;
  do got = recv(client->socket, bytes, length, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got > 0) {
    client->since = now;
    client->moved += (size_t)got;
    return got;
  }
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? 0 : -1;
}

static void heed(serve_client *client, const serve_limits *limits) {
  berg_error error;
  client->moved = 0;
  if (serve_message_read(&client->request, client->header, &error)) {
    client->broken = true;
    refuse_early(client, &error);
  } else if (serve_message_check(&client->request, limits, &client->answer, &error)) {
    refuse_early(client, &error);
  } else {
    client->state = SERVE_HELD;
  }
}

static ptrdiff_t read_header(serve_client *client, const serve_limits *limits, double now) {
  const ptrdiff_t got = receive(client, client->header + client->moved, SERVE_HEADER - client->moved, now);
  if (client->moved == SERVE_HEADER) heed(client, limits);
  return got;
}

static ptrdiff_t read_payload(serve_client *client, double now) {
  const uint64_t left = client->request.length - client->moved;
  const ptrdiff_t got = receive(client, client->in.bytes + client->moved, left < SHARE ? left : SHARE, now);
  if (client->moved == client->request.length) client->state = SERVE_ASKING;
  return got;
}

static ptrdiff_t read_past(serve_client *client, double now) {
  uint8_t scratch[1 << 16];
  const uint64_t left = client->state == SERVE_PARTING ? sizeof scratch : client->request.length - client->moved;
  const ptrdiff_t got = receive(client, scratch, left < sizeof scratch ? left : sizeof scratch, now);
  if (client->state == SERVE_PASSING && client->moved == client->request.length) {
    client->moved = 0;
    client->state = SERVE_GIVING;
  }
  return got;
}

bool serve_client_read(serve_client *client, const serve_limits *limits, double now) {
  for (size_t taken = 0; taken < SHARE && serve_client_reads(client);) {
    const ptrdiff_t got = client->state == SERVE_HEADING  ? read_header(client, limits, now)
                          : client->state == SERVE_TAKING ? read_payload(client, now)
                                                          : read_past(client, now);
    if (got < 0) return false;
    if (!got) break;
    taken += (size_t)got;
  }
  return true;
}

void serve_client_admit(serve_client *client) {
  berg_error error;
  const size_t length = (size_t)client->request.length;
  if (!make_room(&client->in, length)) {
    serve_refuse(&error, BERG_ELIMIT, "no memory for a request of %zu bytes", length);
    refuse_early(client, &error);
  } else {
    client->state = length ? SERVE_TAKING : SERVE_ASKING;
  }
}

/* --- Out --- */

/* After the answer: the next request, or a connection that only waits for the other side to go, since what it has sent
 * and nobody read would take the answer away from it. */
static void go_on(serve_client *client) {
  let_go(&client->out);
  client->moved = 0;
  client->reserved = 0;
  client->state = client->broken ? SERVE_PARTING : SERVE_HEADING;
  if (client->broken) shutdown(client->socket, SHUT_WR);
}

/* Header and payload in one call: what of them has gone already is left out. */
static ssize_t send_rest(const serve_client *client) {
  const size_t head = client->moved < SERVE_HEADER ? SERVE_HEADER - (size_t)client->moved : 0;
  const size_t body = SERVE_HEADER + client->out_length - (size_t)client->moved - head;
  struct iovec parts[2] = {{(void *)(uintptr_t)(client->header + SERVE_HEADER - head), head},
                           {body ? client->out.bytes + client->out_length - body : NULL, body}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = body ? 2 : 1};
  return cli_send(client->socket, &message);
}

bool serve_client_write(serve_client *client, double now) {
  while (client->state == SERVE_GIVING) {
    const ssize_t gone = send_rest(client);
    if (gone < 0 && errno == EINTR) continue;
    if (gone < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    client->since = now;
    client->moved += (size_t)gone;
    if (client->moved == SERVE_HEADER + client->out_length) go_on(client);
  }
  return true;
}
