/* What happens when a file that is mapped is cut short by somebody else. */
#ifndef CLI_TRUNCATED_H
#define CLI_TRUNCATED_H

/* From now on that ends the program with a message and status 4, instead of by SIGBUS. In the program alone: signals of
 * a process that uses the library are its own. */
void cli_truncated_watch(void);

#endif
