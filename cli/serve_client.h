/* One connection of `berg serve`: a request comes in, waits for its turn, and its answer goes out, before the next one
 * is read. Nothing here waits: what the socket does not give or take now is left for another time. */
#ifndef CLI_SERVE_CLIENT_H
#define CLI_SERVE_CLIENT_H

#include "serve_message.h"

typedef enum serve_state {
  SERVE_FREE,    /* no connection */
  SERVE_HEADING, /* reads a header */
  SERVE_HELD,    /* the header is there, and memory for the rest is not to be had yet */
  SERVE_TAKING,  /* reads a payload */
  SERVE_PASSING, /* reads past the payload of what was refused, to the answer that is ready */
  SERVE_ASKING,  /* a whole request waits for its turn, or is worked on */
  SERVE_GIVING,  /* writes the answer */
  SERVE_PARTING  /* nothing more can be understood: the error is written, and what comes is passed over */
} serve_state;

/* Memory that is kept from message to message. */
typedef struct serve_buffer {
  uint8_t *bytes;
  size_t capacity;
} serve_buffer;

typedef struct serve_client {
  serve_state state;
  int socket;
  uint8_t header[SERVE_HEADER]; /* of the request, then of the answer */
  serve_message request;
  serve_buffer in, out; /* payloads */
  uint64_t moved;       /* bytes of header and payload that have come or gone */
  size_t out_length;    /* of the answer's payload */
  size_t answer;        /* what it will have */
  size_t reserved;      /* bytes that are set apart for request and answer */
  uint64_t place;       /* in the line of those HELD */
  size_t done;          /* images of the request at hand that have been encoded */
  bool broken;          /* the connection ends with the answer */
  double since;         /* when a byte last moved */
} serve_client;

void serve_client_begin(serve_client *client, int socket, double now);
/* Closes the connection and frees what it has. */
void serve_client_end(serve_client *client);

/* Whether bytes are to come, or to go. */
bool serve_client_reads(const serve_client *client);
bool serve_client_writes(const serve_client *client);
/* Whether it is in the middle of a message: one that stays silent then is in the way. */
bool serve_client_midway(const serve_client *client);

/* Reads what is there, up to the end of a header (HEADING to HELD; or an answer that refuses it) or of a payload.
 * False: the connection is over. */
bool serve_client_read(serve_client *client, const serve_limits *limits, double now);
/* Takes the memory that was set apart (HELD to TAKING or ASKING; or an answer that there is none). */
void serve_client_admit(serve_client *client);
/* Writes what goes. False: the connection is over. */
bool serve_client_write(serve_client *client, double now);

/* The answer: its payload, of `length` bytes, is in `out`, which serve_client_room made. */
bool serve_client_room(serve_client *client, size_t length);
void serve_client_answer(serve_client *client, size_t length);
/* The answer is an error. */
void serve_client_refuse(serve_client *client, const berg_error *error);

#endif
