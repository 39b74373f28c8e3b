/* The socket that `berg serve` listens on: made for its user alone, in place of one that a dead server left, never of
 * anything else. */
#ifndef CLI_SERVE_SOCKET_H
#define CLI_SERVE_SOCKET_H

#include <sys/types.h>

#include "cli.h"

typedef struct serve_socket {
  const char *path;
  int listening; /* -1: none */
  dev_t device;  /* of the file at `path` */
  ino_t inode;
} serve_socket;

/* CLI_GO_ON, or the exit status of what was said: the path is too long, or is something else's. */
int serve_socket_open(serve_socket *made, const char *path);
/* The next connection, which does not wait, of a process of the same user. -1: none, errno EAGAIN or what is the
 * matter. */
int serve_socket_accept(const serve_socket *made);
/* Removes the file, if it is still this socket's. */
void serve_socket_close(serve_socket *made);

#endif
