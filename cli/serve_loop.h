/* The loop of `berg serve`: connections taken, requests answered in turn, until it is told to end. */
#ifndef CLI_SERVE_LOOP_H
#define CLI_SERVE_LOOP_H

#include "serve_client.h"
#include "serve_models.h"
#include "serve_socket.h"

typedef struct serve_loop {
  serve_socket *socket;
  const serve_models *models;
  serve_limits limits;
  const char *about;      /* the answer to a hello */
  serve_client *clients;  /* [most_clients] */
  struct pollfd *watched; /* [most_clients + 2] the signals', the listening one, the clients' */
  size_t most_clients;
  double patience; /* seconds that a client may stay silent midway */
  bool quiet;
  int signals; /* becomes readable with the first signal to end */
  bool ending;
  bool crowded;            /* no connection can be taken until another one ends */
  uint64_t places;         /* in the line for memory that have been given */
  size_t turn;             /* the client that was worked for last */
  serve_client *current;   /* that is worked for, or NULL */
  bool gone;               /* it has left meanwhile */
  size_t yielded;          /* images after which it lets others go first, 0: it does not */
  size_t requests, images; /* answered */
} serve_loop;

/* From now on SIGINT, SIGTERM and SIGHUP make the file readable that is returned, once; a second signal kills as usual.
 * -1: errno. */
int serve_signals(void);

/* Serves until a signal or a client says stop, and then answers what it has begun. The exit status. */
int serve_loop_run(serve_loop *loop);

#endif
