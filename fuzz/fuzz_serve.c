/* The framing of berg serve: whatever bytes a client sends, in pieces of any size, no request is larger than the limits
 * say, what is waited for is what was announced, and every answer is a whole message with a status and one line. The
 * first byte says how large the pieces are. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const serve_limits limits = {.most = 1 << 14, .columns = 5, .components = 3, .about = 7, .stop = true};

/* What the client has got, message by message. */
typedef struct received {
  uint8_t bytes[SERVE_HEADER + (1 << 15)];
  size_t length;
} received;

static void check_answer(const serve_message *message, const uint8_t *payload) {
  if (message->status > 13) abort();
  if (message->status && (!message->length || memchr(payload, '\n', message->length))) abort();
  if (!message->status && message->length > limits.most) abort();
}

static void take_answers(int client, received *got) {
  for (;;) {
    const ssize_t more = recv(client, got->bytes + got->length, sizeof got->bytes - got->length, MSG_DONTWAIT);
    if (more <= 0) return;
    got->length += (size_t)more;
    serve_message message;
    berg_error error;
    while (got->length >= SERVE_HEADER) {
      if (serve_message_read(&message, got->bytes, &error)) abort();
      if (message.length > sizeof got->bytes - SERVE_HEADER) abort();
      const size_t whole = SERVE_HEADER + (size_t)message.length;
      if (got->length < whole) break;
      check_answer(&message, got->bytes + SERVE_HEADER);
      memmove(got->bytes, got->bytes + whole, got->length -= whole);
    }
  }
}

/* What the loop would do, until nothing moves any more. */
static bool serve(serve_client *server) {
  for (;;) {
    volatile uint8_t sum = 0;
    if (server->state == SERVE_HELD) {
      if (server->request.length > limits.most || server->answer > limits.most) abort();
      serve_client_admit(server);
    } else if (server->state == SERVE_ASKING) {
      for (size_t i = 0; i < server->request.length; i++) sum ^= server->in.bytes[i];
      if (!serve_client_room(server, server->answer)) abort();
      if (server->answer) memset(server->out.bytes, sum, server->answer);
      serve_client_answer(server, server->answer);
    } else if (serve_client_writes(server)) {
      if (!serve_client_write(server, 0)) return false;
      if (serve_client_writes(server)) return true;
    } else {
      const serve_state before = server->state;
      if (!serve_client_read(server, &limits, 0)) return false;
      if (server->state == before) return true;
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static received got;
  int ends[2];
  if (!size || socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) return 0;
  const size_t piece = bytes[0] ? bytes[0] : 1 << 12;
  serve_client server;
  serve_client_begin(&server, ends[0], 0);
  got.length = 0;
  bool good = true;
  for (size_t at = 1; at < size && good; at += piece) {
    const size_t left = size - at;
    if (send(ends[1], bytes + at, left < piece ? left : piece, MSG_DONTWAIT | MSG_NOSIGNAL) <= 0) break;
    good = serve(&server);
    take_answers(ends[1], &got);
  }
  shutdown(ends[1], SHUT_WR);
  while (good && server.state != SERVE_FREE) {
    good = serve(&server);
    take_answers(ends[1], &got);
  }
  serve_client_end(&server);
  close(ends[1]);
  return 0;
}
