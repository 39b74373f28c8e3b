/* Turns, and what happens between the batches of a request. */
#include "serve_turns.h"

static bool asks(const serve_client *client) { return client->state == SERVE_ASKING; }

bool serve_turns_waiting(const serve_loop *loop) {
  for (size_t i = 0; i < loop->most_clients; i++)
    if (asks(&loop->clients[i]) && &loop->clients[i] != loop->current) return true;
  return false;
}

static serve_client *next(serve_loop *loop) {
  for (size_t i = 1; i <= loop->most_clients; i++) {
    const size_t index = (loop->turn + i) % loop->most_clients;
    if (!asks(&loop->clients[index])) continue;
    loop->turn = index;
    return &loop->clients[index];
  }
  return NULL;
}

/* Between batches the sockets are looked after. Where several passes are made over the images, none of them is done
 * before the last. */
static int between(void *user, size_t done, size_t total, double seconds) {
  serve_loop *loop = user;
  const size_t asked = loop->current->request.sizes[0] - loop->current->done;
  (void)seconds;
  serve_loop_exchange(loop, false);
  if (loop->gone) return 1;
  if (total == asked && done && done < total && serve_turns_waiting(loop)) loop->yielded = done;
  return loop->yielded != 0;
}

static berg_status work(serve_loop *loop, serve_client *client, berg_error *error) {
  berg_run run;
  berg_run_init(&run);
  run.progress = between;
  run.user = loop;
  if (!serve_client_room(client, client->answer))
    return serve_refuse(error, BERG_ELIMIT, "no memory for an answer of %zu bytes", client->answer);
  return serve_models_answer(loop->models, &client->request, client->in.bytes, client->done, client->out.bytes, &run,
                             error);
}

static void answer(serve_loop *loop, serve_client *client, berg_status status, const berg_error *error) {
  if (status) {
    serve_client_refuse(client, error);
  } else {
    loop->requests++;
    loop->images += client->request.sizes[0];
    serve_client_answer(client, client->answer);
  }
}

void serve_turns_next(serve_loop *loop) {
  berg_error error;
  serve_client *client = next(loop);
  if (!client) return;
  loop->current = client;
  loop->gone = false;
  loop->yielded = 0;
  const berg_status status = work(loop, client, &error);
  loop->current = NULL;
  if (loop->gone)
    serve_client_end(client);
  else if (status == BERG_ECANCELLED && loop->yielded)
    client->done += loop->yielded;
  else
    answer(loop, client, status, &error);
}
