/* What systems do each in their own way, and the program asks for. */
#ifndef CLI_SYSTEM_H
#define CLI_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* The path of this program, whole; false with errno. */
bool cli_own_program(char *path, size_t size);

/* A socket of this machine's that blocks nobody and that no child inherits; -1 with errno. */
int cli_local_socket(void);
/* Whether this user's processes have the other end. */
bool cli_is_same_user(int connection);
/* sendmsg that neither waits nor raises a signal when the other end is gone. */
ssize_t cli_send(int connection, const struct msghdr *message);

#endif
