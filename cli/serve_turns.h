/* Whose request is worked on: clients take turns, and a long request lets the others go first after each batch. */
#ifndef CLI_SERVE_TURNS_H
#define CLI_SERVE_TURNS_H

#include "serve_loop.h"

/* Whether a request waits for its turn. */
bool serve_turns_waiting(const serve_loop *loop);
/* Works on the next one, if there is one, to its end or until others are to go first. */
void serve_turns_next(serve_loop *loop);

/* What has come over the sockets; `wait`: until something does. Of the loop, for what is done between batches. */
void serve_loop_exchange(serve_loop *loop, bool wait);

#endif
