/* failing_report - writes a report with memory running out at many places in turn.
 *
 *     failing_report MODEL SUBJECT BERG_DIR PAGE [LEFT RIGHT]
 *
 * LEFT and RIGHT are surfaces. The n-th allocation fails: every n at first, then about one in forty, until a run
 * needs no more than n. Each failure must be reported as ELIMIT and leave no page, or do no harm: then the page is
 * as long as the whole one. Prints the number of allocations. Exit status: 0 as it should be, 1 not, 2 usage. */
#include <berg.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVERY 300

static size_t taken, failing;

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return ++taken == failing ? NULL : __real_aligned_alloc(alignment, size);
}

static berg_status write_page(char **arguments, size_t fail_at, long long *length, berg_error *error) {
  berg_report_options options;
  struct stat about;
  berg_report_options_init(&options);
  options.subjects = (const char *const *)&arguments[1];
  options.subject_count = 1;
  options.berg_dir = arguments[2];
  for (int i = 0; i < 2 && arguments[4]; i++) options.surfaces[i] = arguments[4 + i];
  options.command = "berg report";
  taken = 0;
  failing = fail_at;
  berg_status status = berg_report(arguments[0], &options, arguments[3], error);
  *length = stat(arguments[3], &about) ? -1 : (long long)about.st_size;
  unlink(arguments[3]);
  return status;
}

int main(int argc, char **argv) {
  long long whole, length;
  berg_error error;
  if (argc != 5 && argc != 7) return 2;
  if (write_page(argv + 1, 0, &whole, &error)) {
    fprintf(stderr, "failing_report: %s\n", error.message);
    return 1;
  }
  const size_t all = taken;
  for (size_t n = 1; n <= all; n += n < EVERY ? 1 : 37 + n % 7) {
    error.status = BERG_OK;
    berg_status status = write_page(argv + 1, n, &length, &error);
    if (!status && length == whole) continue; /* synchronising a folder is tried, and may fail */
    if (status == BERG_ELIMIT && error.status == BERG_ELIMIT && *error.message && length < 0) continue;
    fprintf(stderr, "failing_report: allocation %zu: %s, \"%s\", a page of %lld bytes instead of %lld\n", n,
            berg_status_name(status), status ? error.message : "", length, whole);
    return 1;
  }
  printf("%zu\n", all);
  return 0;
}
