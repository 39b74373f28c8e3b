/* What may lie in a folder of downloads under the name of a library that the program needs: it runs when it is loaded,
 * and says so by an exit status of its own. */
#include <unistd.h>

__attribute__((constructor)) static void run(void) { _exit(99); }
