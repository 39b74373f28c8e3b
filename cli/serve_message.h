/* Messages of `berg serve`, the same both ways: a header of 48 bytes, all little-endian, and a payload. docs/serve.md
 * is the same for who writes a client.
 *
 *      0  4  "BERG"
 *      4  2  version of the protocol: 1
 *      6  2  kind
 *      8  8  id: the client's, and of the answer to it
 *     16  8  bytes of the payload
 *     24  4  status of an answer, as berg.h numbers them
 *     28  4  layout of images: 0 [n][3][h][w], 1 [n][h][w][3]
 *     32 16  four sizes: images, and by kind
 */
#ifndef CLI_SERVE_MESSAGE_H
#define CLI_SERVE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "berg.h"

#define SERVE_VERSION 1
#define SERVE_HEADER 48

/* Of requests; an answer has its request's kind. */
typedef enum serve_kind {
  SERVE_HELLO = 1,   /* no payload -> what is served, JSON */
  SERVE_ENCODE = 2,  /* uint8 images -> float32 responses, [images][columns] of each model */
  SERVE_SCORES = 3,  /* uint8 images -> float32 scores, [images][components] of each model */
  SERVE_RESPOND = 4, /* such scores -> such responses */
  SERVE_STOP = 5     /* no payload -> none; the server ends */
} serve_kind;

typedef struct serve_message {
  uint16_t kind;
  uint64_t id, length;
  uint32_t status, layout;
  uint32_t sizes[4]; /* images as they lie, {n, 3, h, w} or {n, h, w, 3}; of scores {n, components, 0, 0} */
} serve_message;

/* What a server takes. */
typedef struct serve_limits {
  size_t most;                /* bytes of a request and its answer together */
  size_t columns, components; /* of all models */
  size_t about;               /* bytes of the answer to a hello */
  bool stop;                  /* SERVE_STOP is obeyed */
} serve_limits;

/* EARGUMENT: not the beginning of a message of this version, after which nothing of the stream can be understood. */
berg_status serve_message_read(serve_message *message, const uint8_t bytes[SERVE_HEADER], berg_error *error);
void serve_message_write(const serve_message *message, uint8_t bytes[SERVE_HEADER]);

/* Whether a request can be met, and how many bytes its answer has: before memory is taken. EARGUMENT: an unknown kind,
 * sizes that do not go with the length; ESTIMULUS: no images or scores of the models; ELIMIT. */
berg_status serve_message_check(const serve_message *message, const serve_limits *limits, size_t *answer,
                                berg_error *error);
/* Fills an error as the library does. */
berg_status serve_refuse(berg_error *error, berg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
