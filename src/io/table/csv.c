/* Reads columns of a CSV file. libcsv cuts the bytes into fields. It is told to be strict (quotes only where RFC 4180
 * has them) and to leave blanks as they are; it takes lone CR, LF and CR LF as the end of a row and skips empty lines,
 * as pandas does. Its callbacks cannot stop it, so the first failure is kept and the rest of the piece is ignored. */
#include "io/table/csv.h"

#include <csv.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/value/arena.h"
#include "io/table/csv_number.h"
#include "io/value/value.h"

#define PIECE ((size_t)1 << 16)
#define FIELD_MAX ((size_t)1 << 20)
#define FIELDS_MAX ((size_t)1 << 20)
#define NOT_KEPT SIZE_MAX

static const size_t sizes[] = {[IO_CSV_TEXT] = sizeof(char *),
                               [IO_CSV_INTEGER] = sizeof(int64_t),
                               [IO_CSV_REAL] = sizeof(double),
                               [IO_CSV_MARK] = sizeof(uint8_t)};
static const char *const kinds[] = {
    [IO_CSV_TEXT] = "text", [IO_CSV_INTEGER] = "an integer", [IO_CSV_REAL] = "a number", [IO_CSV_MARK] = "0 or 1"};

struct io_csv {
  const char *name; /* of the file, borrowed while it is read */
  const io_csv_column *columns;
  size_t count;
  bool *there;        /* [count] */
  void **values;      /* [count] */
  size_t *capacities; /* [count] rows that the values can hold */
  io_arena arena;     /* texts and names */
  char **names;       /* [fields] of the header */
  size_t *keeps;      /* [fields] the column asked for, or NOT_KEPT */
  size_t fields;      /* of the header; how many the arrays hold */
  size_t names_room;
  size_t rows, field; /* rows finished, header not counted; field of the current row */
  bool has_header;
  uint64_t hash;
  berg_status status; /* of the first failure */
  berg_error *error;
};

static berg_status fail_field(io_csv *csv, const char *what, const char *expected, const char *found) {
  char item[sizeof csv->error->item];
  if (!csv->has_header)
    base_print(item, sizeof item, "header, field %zu", csv->field + 1);
  else
    base_print(item, sizeof item, "row %zu, column \"%s\"", csv->rows + 1, csv->names[csv->field]);
  return base_fail_at(csv->error, &(base_fault){BERG_EINPUT, csv->name, BERG_NO_OFFSET, item, what, expected, found});
}

static berg_status check_text(io_csv *csv, const char *text, size_t length) {
  if (memchr(text, 0, length)) return fail_field(csv, "holds a zero byte", NULL, NULL);
  if (!io_utf8_valid(text, length, false)) return fail_field(csv, "is not UTF-8", NULL, NULL);
  return BERG_OK;
}

static berg_status take_name(io_csv *csv, const char *text, size_t length) {
  if (csv->field == FIELDS_MAX) return fail_field(csv, "too many columns", NULL, NULL);
  berg_status status = check_text(csv, text, length);
  if (status) return status;
  void *names = csv->names;
  if (!base_grow(&names, &csv->names_room, csv->field + 1, sizeof *csv->names, csv->error)) return BERG_ELIMIT;
  csv->names = names;
  csv->names[csv->field] = io_arena_text(&csv->arena, text, length, csv->error);
  return csv->names[csv->field] ? BERG_OK : BERG_ELIMIT;
}

static berg_status take_value(io_csv *csv, size_t column, const char *text, size_t length) {
  const io_csv_kind kind = csv->columns[column].kind;
  if (!base_grow(&csv->values[column], &csv->capacities[column], csv->rows + 1, sizes[kind], csv->error))
    return BERG_ELIMIT;
  void *values = csv->values[column];
  berg_status status = check_text(csv, text, length);
  if (status) return status;
  bool good = true;
  switch (kind) {
  case IO_CSV_TEXT:
    ((char **)values)[csv->rows] = io_arena_text(&csv->arena, text, length, csv->error);
    return ((char **)values)[csv->rows] ? BERG_OK : BERG_ELIMIT;
  case IO_CSV_INTEGER: good = io_csv_integer(text, (int64_t *)values + csv->rows); break;
  case IO_CSV_REAL: good = io_csv_real(text, (double *)values + csv->rows); break;
  case IO_CSV_MARK: good = io_csv_mark(text, (uint8_t *)values + csv->rows); break;
  }
  if (good) return BERG_OK;
  char found[64];
  base_print(found, sizeof found, "\"%s\"", text);
  return fail_field(csv, "wrong type", kinds[kind], found);
}

static berg_status fail_ragged(const io_csv *csv, const char *found) {
  char item[64], expected[64];
  base_print(item, sizeof item, "row %zu", csv->rows + 1);
  base_print(expected, sizeof expected, "%zu fields, as in the header", csv->fields);
  return base_fail_at(csv->error, &(base_fault){BERG_EINPUT, csv->name, BERG_NO_OFFSET, item, "wrong number of fields",
                                                expected, found});
}

/* `text` is zero-terminated: the parser is set to do that. */
static void on_field(void *text, size_t length, void *user) {
  io_csv *csv = user;
  if (csv->status) return;
  if (!csv->has_header)
    csv->status = take_name(csv, text, length);
  else if (csv->field >= csv->fields)
    csv->status = fail_ragged(csv, "more");
  else if (csv->keeps[csv->field] != NOT_KEPT)
    csv->status = take_value(csv, csv->keeps[csv->field], text, length);
  csv->field++;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static berg_status check_names(const io_csv *csv) {
  char **sorted = base_alloc(csv->fields, sizeof *sorted, csv->error);
  if (!sorted) return BERG_ELIMIT;
  memcpy(sorted, csv->names, csv->fields * sizeof *sorted);
  qsort(sorted, csv->fields, sizeof *sorted, by_name);
  const char *twice = NULL;
  for (size_t f = 1; f < csv->fields && !twice; f++)
    if (!strcmp(sorted[f - 1], sorted[f])) twice = sorted[f];
  base_free(sorted);
  if (!twice) return BERG_OK;
  return base_fail_at(csv->error, &(base_fault){BERG_EINPUT, csv->name, BERG_NO_OFFSET, twice,
                                                "two columns have this name", NULL, NULL});
}

/* Which field holds which column. All that are missing are named, as far as a message holds them. */
static berg_status find_columns(io_csv *csv) {
  char missing[512] = "";
  size_t used = 0, lacking = 0;
  for (size_t f = 0; f < csv->fields; f++) csv->keeps[f] = NOT_KEPT;
  for (size_t c = 0; c < csv->count; c++) {
    for (size_t f = 0; f < csv->fields; f++) {
      if (strcmp(csv->names[f], csv->columns[c].name)) continue;
      csv->keeps[f] = c;
      csv->there[c] = true;
    }
    if (csv->there[c] || csv->columns[c].optional) continue;
    int more = base_print(missing + used, sizeof missing - used, "%s%s", lacking++ ? ", " : "", csv->columns[c].name);
    used = more > 0 && used + (size_t)more < sizeof missing ? used + (size_t)more : sizeof missing - 1;
  }
  if (!lacking) return BERG_OK;
  const char *other = csv->fields == 1 ? strpbrk(csv->names[0], ";\t") : NULL;
  if (other)
    return base_fail(csv->error, BERG_EINPUT, "%s: columns are separated by %s: expected commas", csv->name,
                     *other == ';' ? "semicolons" : "tabs");
  return base_fail(csv->error, BERG_EINPUT, "%s: %zu column%s missing: %s", csv->name, lacking,
                   lacking == 1 ? " is" : "s are", missing);
}

static berg_status end_header(io_csv *csv) {
  csv->fields = csv->field;
  berg_status status = check_names(csv);
  if (status) return status;
  csv->keeps = base_alloc(csv->fields, sizeof *csv->keeps, csv->error);
  return csv->keeps ? find_columns(csv) : BERG_ELIMIT;
}

static void on_row(int end, void *user) {
  io_csv *csv = user;
  (void)end;
  if (csv->status) return;
  if (!csv->has_header) {
    csv->status = end_header(csv);
    csv->has_header = true;
  } else if (csv->field < csv->fields) {
    char found[48];
    base_print(found, sizeof found, "%zu", csv->field);
    csv->status = fail_ragged(csv, found);
  } else {
    csv->rows++;
  }
  csv->field = 0;
}

static int never(unsigned char byte) {
  (void)byte;
  return 0;
}

static void *grow_field(void *field, size_t size) { return size <= FIELD_MAX + PIECE ? realloc(field, size) : NULL; }

static berg_status fail_parse(const io_csv *csv, int code) {
  char item[64];
  base_print(item, sizeof item, csv->has_header ? "row %zu" : "header", csv->rows + 1);
  const char *what = code == CSV_EPARSE ? "a quote is misplaced or missing" : "a field is longer than 1 MiB";
  return base_fail_at(csv->error, &(base_fault){BERG_EINPUT, csv->name, BERG_NO_OFFSET, item, what, NULL, NULL});
}

static berg_status parse_piece(io_csv *csv, struct csv_parser *parser, const uint8_t *bytes, size_t size) {
  csv->hash = base_hash_bytes(csv->hash, bytes, size);
  size_t done = csv_parse(parser, bytes, size, on_field, on_row, csv);
  if (!csv->status && done != size) csv->status = fail_parse(csv, csv_error(parser));
  return csv->status;
}

static berg_status parse(io_csv *csv, struct csv_parser *parser, FILE *stream) {
  static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
  uint8_t *piece = base_alloc(PIECE, 1, csv->error);
  if (!piece) return BERG_ELIMIT;
  bool is_first = true;
  while (!csv->status) {
    size_t size = fread(piece, 1, PIECE, stream);
    if (!size) break;
    if (is_first && size >= 2 && (!memcmp(piece, "\xff\xfe", 2) || !memcmp(piece, "\xfe\xff", 2))) {
      csv->status = base_fail(csv->error, BERG_EINPUT, "%s: is text in UTF-16: save the table as UTF-8", csv->name);
      break;
    }
    size_t skipped = is_first && size >= sizeof mark && !memcmp(piece, mark, sizeof mark) ? sizeof mark : 0;
    is_first = false;
    parse_piece(csv, parser, piece + skipped, size - skipped);
  }
  base_free(piece);
  if (!csv->status && ferror(stream))
    csv->status = base_fail_errno(csv->error, BERG_EINPUT, csv->name, "cannot be read", errno);
  if (!csv->status && csv_fini(parser, on_field, on_row, csv) && !csv->status)
    csv->status = fail_parse(csv, csv_error(parser));
  if (!csv->status && !csv->has_header)
    csv->status =
        base_fail(csv->error, BERG_EINPUT, "%s: is empty, and should begin with the names of columns", csv->name);
  return csv->status;
}

static berg_status parse_stream(io_csv *csv, FILE *stream) {
  struct csv_parser parser;
  if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL))
    return base_fail(csv->error, BERG_EINTERNAL, "libcsv cannot be used");
  csv_set_space_func(&parser, never);
  csv_set_realloc_func(&parser, grow_field);
  csv_set_blk_size(&parser, PIECE); /* how much a field's buffer grows by: linear time for long fields */
  berg_status status = parse(csv, &parser, stream);
  csv_free(&parser);
  return status;
}

berg_status io_csv_read_stream(io_csv **out, FILE *stream, const char *name, const io_csv_column *columns, size_t count,
                               berg_error *error) {
  *out = NULL;
  io_csv *csv = base_calloc(1, sizeof *csv, error);
  if (!csv) return BERG_ELIMIT;
  berg_error local;
  *csv = (io_csv){.name = name, .columns = columns, .count = count, .hash = BASE_HASH_START};
  csv->error = error ? error : &local; /* cppcheck-suppress uninitvar ; written before it is read */
  io_arena_init(&csv->arena, 0);
  csv->there = base_calloc(count, sizeof *csv->there, error);
  csv->values = base_calloc(count, sizeof *csv->values, error);
  csv->capacities = base_calloc(count, sizeof *csv->capacities, error);
  berg_status status = csv->there && csv->values && csv->capacities ? parse_stream(csv, stream) : BERG_ELIMIT;
  csv->name = NULL;
  csv->error = NULL;
  if (status)
    io_csv_free(csv);
  else
    *out = csv;
  return status;
}

berg_status io_csv_read(io_csv **csv, const char *path, const io_csv_column *columns, size_t count, berg_error *error) {
  *csv = NULL;
  FILE *stream = fopen(path, "rb");
  if (!stream) return base_fail_errno(error, BERG_EINPUT, path, "cannot be opened", errno);
  berg_status status = io_csv_read_stream(csv, stream, path, columns, count, error);
  fclose(stream);
  return status;
}

void io_csv_free(io_csv *csv) {
  if (!csv) return;
  for (size_t c = 0; csv->values && c < csv->count; c++) base_free(csv->values[c]);
  base_free(csv->values);
  base_free(csv->there);
  base_free(csv->capacities);
  base_free(csv->names);
  base_free(csv->keeps);
  io_arena_release(&csv->arena);
  base_free(csv);
}

size_t io_csv_rows(const io_csv *csv) { return csv->rows; }

berg_status io_csv_check_rows(const io_csv *csv, const char *path, size_t expected, const char *why,
                              berg_error *error) {
  if (csv->rows == expected) return BERG_OK;
  char text[128];
  base_print(text, sizeof text, "%zu, %s", expected, why);
  return base_fail_found(error, BERG_EINPUT, path, "has another number of rows", text, "%zu", csv->rows);
}

uint64_t io_csv_hash(const io_csv *csv) { return csv->hash; }
bool io_csv_has(const io_csv *csv, size_t index) { return csv->there[index]; }
const char *const *io_csv_texts(const io_csv *csv, size_t index) { return csv->values[index]; }
const int64_t *io_csv_integers(const io_csv *csv, size_t index) { return csv->values[index]; }
const double *io_csv_reals(const io_csv *csv, size_t index) { return csv->values[index]; }
const uint8_t *io_csv_marks(const io_csv *csv, size_t index) { return csv->values[index]; }
