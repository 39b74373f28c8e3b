/* What the program asks of a system that is not Linux: POSIX's, and macOS's where POSIX has nothing. */
#ifdef __APPLE__
#define _DARWIN_C_SOURCE /* getpeereid, _NSGetExecutablePath */
#endif
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

bool cli_own_program(char *path, size_t size) {
#ifdef __APPLE__
  char found[PATH_MAX], whole[PATH_MAX];
  uint32_t room = sizeof found;
  if (!_NSGetExecutablePath(found, &room) && realpath(found, whole) && strlen(whole) < size) {
    memcpy(path, whole, strlen(whole) + 1);
    return true;
  }
#endif
  if (size) path[0] = '\0';
  errno = ENOTSUP;
  return false;
}

int cli_local_socket(void) {
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  if (made >= 0 && !fcntl(made, F_SETFD, FD_CLOEXEC) && !fcntl(made, F_SETFL, O_NONBLOCK)) return made;
  const int number = errno;
  if (made >= 0) close(made);
  errno = number;
  return -1;
}

/* The socket's folder and mode already keep others out; where the other end's user cannot be asked, they must do. */
bool cli_is_same_user(int connection) {
#ifdef __APPLE__
  uid_t user;
  gid_t group;
  return !getpeereid(connection, &user, &group) && user == geteuid();
#else
  (void)connection;
  return true;
#endif
}

ssize_t cli_send(int connection, const struct msghdr *message) {
#ifdef SO_NOSIGPIPE
  const int yes = 1;
  setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &yes, sizeof yes);
#endif
  return sendmsg(connection, message, MSG_DONTWAIT);
}
