/* What the program asks of Linux. */
#define _GNU_SOURCE /* SO_PEERCRED */
#include "system.h"

#include <unistd.h>

bool cli_own_program(char *path, size_t size) {
  const ssize_t length = readlink("/proc/self/exe", path, size - 1);
  path[length > 0 ? length : 0] = '\0';
  return length > 0;
}

int cli_local_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

bool cli_is_same_user(int connection) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return !getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.uid == geteuid();
}

ssize_t cli_send(int connection, const struct msghdr *message) {
  return sendmsg(connection, message, MSG_DONTWAIT | MSG_NOSIGNAL);
}
