/* Loaded before a program (LD_PRELOAD), it does what a host like Qt does: the locale of the environment becomes the
 * process's. */
#include <locale.h>
#include <stdlib.h>

__attribute__((constructor)) static void set_locale(void) {
  if (!setlocale(LC_ALL, "")) abort();
}
