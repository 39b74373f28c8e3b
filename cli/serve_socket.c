/* Making, sharing out and removing the socket. */
#include "serve_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "memory.h"
#include "options.h"
#include "system.h"

/* Connections that wait to be taken. */
#define WAITING 64

static int address_of(struct sockaddr_un *address, const char *path) {
  const size_t length = strlen(path), most = sizeof address->sun_path - 1;
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (!length || length > most)
    return cli_usage_error("serve", "--socket: the path of a socket has 1 to %zu bytes, and this one has %zu", most,
                           length);
  memcpy(address->sun_path, path, length + 1);
  return CLI_GO_ON;
}

/* Servers that begin at the same path at the same time look at it one after the other. -1: the folder cannot be locked,
 * as on some network file systems. */
static int lock_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? cli_copy(path, slash == path ? 1 : (size_t)(slash - path)) : cli_copy(".", 1);
  const int lock = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  free(folder);
  if (lock < 0) return -1;
  int held;
  do held = flock(lock, LOCK_EX);
  while (held && errno == EINTR);
  if (!held) return lock;
  close(lock);
  return -1;
}

/* Whether nobody listens at the socket that is there; else errno says what was found. */
static bool is_dead(const struct sockaddr_un *address) {
  const int probe = cli_local_socket();
  if (probe < 0) return false;
  errno = 0;
  const bool refused = connect(probe, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
  const int found = errno;
  close(probe);
  errno = found;
  return refused;
}

/* Leaves nothing at the path, or says what is there. */
static int clear(const struct sockaddr_un *address) {
  const char *path = address->sun_path;
  struct stat about;
  if (lstat(path, &about))
    return errno == ENOENT ? CLI_GO_ON : cli_fail_errno(BERG_EWRITE, path, "no socket can be made here");
  if (!S_ISSOCK(about.st_mode)) return cli_fail_with(BERG_EEXISTS, "%s: is there already, and is no socket", path);
  if (about.st_uid != geteuid()) return cli_fail_with(BERG_EEXISTS, "%s: is another user's socket", path);
  if (!is_dead(address)) {
    if (!errno || errno == EAGAIN) return cli_fail_with(BERG_EEXISTS, "%s: a server is listening here already", path);
    return cli_fail_errno(BERG_EEXISTS, path, "is a socket that is no server's");
  }
  if (unlink(path)) return cli_fail_errno(BERG_EWRITE, path, "the socket that a dead server left cannot be removed");
  return CLI_GO_ON;
}

/* From its first moment the file is its user's alone. */
static int bind_private(int made, const struct sockaddr_un *address) {
  const mode_t before = umask(0177);
  const int failed = bind(made, (const struct sockaddr *)address, sizeof *address);
  umask(before);
  return failed;
}

static int listen_at(serve_socket *made, const struct sockaddr_un *address) {
  struct stat about;
  made->listening = cli_local_socket();
  if (made->listening < 0 || bind_private(made->listening, address))
    return cli_fail_errno(BERG_EWRITE, made->path, "no socket can be made here");
  if (!lstat(made->path, &about)) {
    made->device = about.st_dev;
    made->inode = about.st_ino;
  }
  if (listen(made->listening, WAITING)) return cli_fail_errno(BERG_EWRITE, made->path, "cannot be listened at");
  return CLI_GO_ON;
}

int serve_socket_open(serve_socket *made, const char *path) {
  struct sockaddr_un address;
  *made = (serve_socket){.path = path, .listening = -1};
  int status = address_of(&address, path);
  if (status != CLI_GO_ON) return status;
  const int lock = lock_folder(path);
  status = clear(&address);
  if (status == CLI_GO_ON) status = listen_at(made, &address);
  if (lock >= 0) close(lock);
  if (status != CLI_GO_ON) serve_socket_close(made);
  return status;
}

int serve_socket_accept(const serve_socket *made) {
  for (;;) {
    const int connection = accept(made->listening, NULL, NULL);
    if (connection < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return -1;
    }
    if (cli_is_same_user(connection) && !fcntl(connection, F_SETFD, FD_CLOEXEC)) return connection;
    close(connection);
  }
}

void serve_socket_close(serve_socket *made) {
  struct stat about;
  if (made->listening < 0) return;
  if (made->inode && !lstat(made->path, &about) && about.st_dev == made->device && about.st_ino == made->inode &&
      unlink(made->path))
    cli_fail_errno(BERG_EWRITE, made->path, "cannot be removed");
  close(made->listening);
  made->listening = -1;
}
