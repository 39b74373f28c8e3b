/* The CSV reader: what is a row, what is a field, what is a number, and what is refused where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/table/csv.h"

static berg_status read_bytes(io_csv **csv, const void *bytes, size_t size, const io_csv_column *columns, size_t count,
                              berg_error *error) {
  FILE *stream = fmemopen((void *)(uintptr_t)bytes, size, "rb");
  assert_non_null(stream);
  berg_status status = io_csv_read_stream(csv, stream, "t.csv", columns, count, error);
  fclose(stream);
  return status;
}

static const io_csv_column four[] = {{"word", IO_CSV_TEXT, false},
                                     {"two\nlines", IO_CSV_INTEGER, false},
                                     {"x", IO_CSV_REAL, false},
                                     {"absent", IO_CSV_MARK, true}};

static void takes(const char *text, size_t rows) {
  io_csv *csv;
  berg_error error = {0};
  assert_int_equal(read_bytes(&csv, text, strlen(text), four, 4, &error), BERG_OK);
  assert_int_equal(io_csv_rows(csv), rows);
  assert_false(io_csv_has(csv, 3));
  if (rows) {
    assert_string_equal(io_csv_texts(csv, 0)[0], "a, \"b\"\nc");
    assert_int_equal(io_csv_integers(csv, 1)[0], -7);
    assert_true(io_csv_reals(csv, 2)[0] == 0.1);
  }
  io_csv_free(csv);
}

static void test_layouts(void **state) {
  (void)state;
  takes("word,\"two\nlines\",x\n\"a, \"\"b\"\"\nc\",-7,0.1\n", 1);
  takes("word,\"two\nlines\",x\r\n\"a, \"\"b\"\"\nc\",-7,0.1", 1);
  takes("\xef\xbb\xbfunused,x,word,\"two\nlines\"\r\n,0.1,\"a, \"\"b\"\"\nc\",-7\r\n\r\n1,2,3,4\r\n\r\n", 2);
  takes("word,\"two\nlines\",x\r", 0);
}

static void test_numbers(void **state) {
  (void)state;
  const io_csv_column columns[] = {{"x", IO_CSV_REAL, false}, {"m", IO_CSV_MARK, false}};
  const char text[] = "x,m\n,0\nnan,1\n-inf,0.0\n1e-320,1.0\n.5,0\n+5.,1\n9007199254740993,1\nNaN,0\n";
  const double expected[] = {NAN, NAN, -INFINITY, 1e-320, 0.5, 5, 9007199254740992.0, NAN};
  io_csv *csv;
  setlocale(LC_ALL, "de_DE.UTF-8"); /* where it exists, "0.5" is not a number in it */
  assert_int_equal(read_bytes(&csv, text, strlen(text), columns, 2, NULL), BERG_OK);
  setlocale(LC_ALL, "C");
  assert_int_equal(io_csv_rows(csv), 8);
  for (size_t i = 0; i < 8; i++) {
    double value = io_csv_reals(csv, 0)[i];
    assert_true(isnan(expected[i]) ? isnan(value) : value == expected[i]);
    assert_int_equal(io_csv_marks(csv, 1)[i], i < 7 && (i % 2 || i == 6));
  }
  io_csv_free(csv);
}

static void refuses_bytes(const char *text, size_t size, const char *message) {
  io_csv *csv;
  berg_error error = {0};
  assert_int_equal(read_bytes(&csv, text, size, four, 3, &error), BERG_EINPUT);
  assert_null(csv);
  assert_string_equal(error.message, message);
}

static void refuses(const char *text, const char *message) { refuses_bytes(text, strlen(text), message); }

#define HEADER "word,\"two\nlines\",x\n"

static void test_refused(void **state) {
  (void)state;
  refuses("\n", "t.csv: is empty, and should begin with the names of columns");
  refuses("x\n1\n", "t.csv: 2 columns are missing: word, two lines");
  refuses("word;\"two\nlines\";x\na;1;2\n", "t.csv: header: a quote is misplaced or missing");
  refuses("word;x\na;1\n", "t.csv: columns are separated by semicolons: expected commas");
  refuses("word\tx\na\t1\n", "t.csv: columns are separated by tabs: expected commas");
  refuses_bytes("\xff\xfe"
                "x\0",
                4, "t.csv: is text in UTF-16: save the table as UTF-8");
  refuses("x,y,word,y\n1\n", "t.csv: y: two columns have this name");
  refuses(HEADER "a,1,2\n\nb,3\n", "t.csv: row 2: wrong number of fields: expected 3 fields, as in the header, "
                                   "found 2");
  refuses(HEADER "a,1,2,\n", "t.csv: row 1: wrong number of fields: expected 3 fields, as in the header, found "
                             "more");
  refuses(HEADER "a,1.0,2\n", "t.csv: row 1, column \"two lines\": wrong type: expected an integer, found \"1.0\"");
  refuses(HEADER "a,,2\n", "t.csv: row 1, column \"two lines\": wrong type: expected an integer, found \"\"");
  refuses(HEADER "a,9223372036854775808,2\n",
          "t.csv: row 1, column \"two lines\": wrong type: expected an integer, found \"9223372036854775808\"");
  refuses(HEADER "a,1,0x10\n", "t.csv: row 1, column \"x\": wrong type: expected a number, found \"0x10\"");
  refuses(HEADER "a,1, 1\n", "t.csv: row 1, column \"x\": wrong type: expected a number, found \" 1\"");
  refuses(HEADER "a,1,1,5\n", "t.csv: row 1: wrong number of fields: expected 3 fields, as in the header, found "
                              "more");
  refuses(HEADER "a,1,1\nb\"c,1,1\n", "t.csv: row 2: a quote is misplaced or missing");
  refuses(HEADER "a,1,1\n\"b\"c,1,1\n", "t.csv: row 2: a quote is misplaced or missing");
  refuses(HEADER "a,1,1\n\"b,1,1\n", "t.csv: row 2: a quote is misplaced or missing");
  refuses(HEADER "\xff,1,1\n", "t.csv: row 1, column \"word\": is not UTF-8");
  refuses_bytes(HEADER "a\0b,1,1\n", sizeof HEADER "a\0b,1,1\n" - 1,
                "t.csv: row 1, column \"word\": holds a zero byte");
}

static void test_long_fields(void **state) {
  (void)state;
  const size_t size = (size_t)3 << 20;
  char *text = base_alloc(size, 1, NULL);
  memset(text, 'a', size);
  memcpy(text, "word,\"two\nlines\",x\n", 19);
  refuses_bytes(text, size, "t.csv: row 1: a field is longer than 1 MiB");
  text[19 + 1000000] = ',';
  memcpy(text + 19 + 1000001, "1,2\n", 5);
  io_csv *csv;
  assert_int_equal(read_bytes(&csv, text, 19 + 1000005, four, 3, NULL), BERG_OK);
  assert_int_equal(strlen(io_csv_texts(csv, 0)[0]), 1000000);
  io_csv_free(csv);
  base_free(text);
}

static void test_files(void **state) {
  (void)state;
  io_csv *csv;
  berg_error error;
  assert_int_equal(io_csv_read(&csv, "/nonexistent/t.csv", four, 3, &error), BERG_EINPUT);
  assert_string_equal(error.message, "/nonexistent/t.csv: cannot be opened: No such file or directory");
  assert_int_equal(io_csv_read(&csv, "/tmp", four, 3, &error), BERG_EINPUT);
  assert_string_equal(error.message, "/tmp: cannot be read: Is a directory");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_layouts), cmocka_unit_test(test_numbers),
                                     cmocka_unit_test(test_refused), cmocka_unit_test(test_long_fields),
                                     cmocka_unit_test(test_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
