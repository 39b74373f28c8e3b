/* What a report was made from. */
#include "report/provenance.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/file/file_hash.h"
#include "model/catalog/paths.h"

static const char precision[] = "accuracy and ceilings as the metadata hold them; means, shares and counts in float64";

static void write_date(char text[24], time_t moment) {
  struct tm parts;
  if (!gmtime_r(&moment, &parts) || !strftime(text, 24, "%Y-%m-%dT%H:%M:%SZ", &parts)) text[0] = '\0';
}

static berg_status hash_file(report_file *file, berg_error *error) {
  io_file_hash hash;
  berg_status status = model_blame(io_hash_file(&hash, file->path, true, error), error);
  if (!status) memcpy(file->digest, hash.text, sizeof hash.text);
  return status;
}

/* Takes `path`. */
static berg_status add_file(report_provenance *made, char *path, bool hashed, berg_error *error) {
  report_file *file = &made->files[made->file_count];
  struct stat about;
  if (stat(path, &about)) {
    base_free(path);
    return BERG_OK;
  }
  made->file_count++;
  *file = (report_file){.path = path, .size = (uint64_t)about.st_size};
  write_date(file->modified, about.st_mtime);
  return hashed ? hash_file(file, error) : BERG_OK;
}

berg_status report_provenance_make(report_provenance *made, const report_data *data, const char *model_id,
                                   const berg_report_options *options, berg_error *error) {
  *made = (report_provenance){.model_id = model_id, .command = options->command};
  write_date(made->date, options->date ? (time_t)options->date : time(NULL));
  base_machine_name(made->processor, sizeof made->processor);
  made->threads = base_machine_processors();
  made->memory = base_machine_memory();
  made->files = base_calloc(2 * data->count + REPORT_HEMISPHERES + data->added_count, sizeof *made->files, error);
  berg_status status = made->files ? BERG_OK : BERG_ELIMIT;
  for (size_t i = 0; i < data->count && !status; i++) {
    char *weights, *metadata = base_copy_text(berg_metadata_path(data->subjects[i].metadata), error);
    if (!metadata) status = BERG_ELIMIT;
    if (!status) status = add_file(made, metadata, true, error);
    if (!status) status = model_path_weights(&weights, model_id, options->berg_dir, data->subjects[i].name, 0, error);
    if (!status) status = add_file(made, weights, options->hash_weights != 0, error);
  }
  for (size_t i = 0; i < REPORT_HEMISPHERES && !status; i++) {
    if (!data->surface_paths[i]) continue;
    char *surface = base_copy_text(data->surface_paths[i], error);
    status = surface ? add_file(made, surface, true, error) : BERG_ELIMIT;
  }
  for (size_t i = 0; i < data->added_count && !status; i++) {
    char *added = base_copy_text(data->added[i], error);
    status = added ? add_file(made, added, true, error) : BERG_ELIMIT;
  }
  if (status) report_provenance_free(made);
  return status;
}

void report_provenance_free(report_provenance *made) {
  for (size_t i = 0; i < made->file_count; i++) base_free(made->files[i].path);
  base_free(made->files);
  made->files = NULL;
  made->file_count = 0;
}

static void put_fact(report_text *text, const char *name, const char *value, bool code) {
  report_print(text, "<dt>%s</dt><dd>%s", name, code ? "<code>" : "");
  report_put_escaped(text, value);
  report_print(text, "%s</dd>\n", code ? "</code>" : "");
}

/* Words are kept whole as long as they fit the line: a browser would break after every hyphen. */
static void put_command(report_text *text, const char *command) {
  report_put(text, "<dt>Command</dt><dd><code>");
  while (*command) {
    report_text word = {0};
    size_t length = strcspn(command, " ");
    report_put_bytes(&word, command, length);
    report_put(text, "<span class=\"word\">");
    text->failed |= word.failed;
    report_put_escaped(text, word.bytes ? word.bytes : "");
    report_put(text, "</span>");
    report_text_free(&word);
    for (command += length; *command == ' '; command++) report_put(text, " ");
  }
  report_put(text, "</code></dd>\n");
}

static void put_file(report_text *text, const report_file *file) {
  report_put(text, "<li><code>");
  report_put_escaped(text, file->path);
  report_put(text, "</code><br>");
  report_put_grouped(text, (size_t)file->size);
  report_print(text, " bytes, modified %s<br>SHA-256 ", file->modified);
  if (file->digest[0])
    report_print(text, "<code>%s</code>", file->digest);
  else
    report_put(text, "not computed (--hash-weights)");
  report_put(text, "</li>\n");
}

void report_provenance_html(report_text *text, const report_provenance *made) {
  char machine[256];
  base_print(machine, sizeof machine, "%s, %d thread%s, %.1f GiB of memory", made->processor, made->threads,
             made->threads == 1 ? "" : "s", (double)made->memory / 1073741824.0);
  report_put(text, "<dl>\n");
  put_fact(text, "Model", made->model_id, true);
  if (made->command) put_command(text, made->command);
  report_print(text, "<dt>Made with</dt><dd>libberg %s</dd>\n", berg_version());
  put_fact(text, "Date", made->date, false);
  put_fact(text, "Precision", precision, false);
  put_fact(text, "Machine", machine, false);
  report_put(text,
             "</dl>\n<h3>Files</h3>\n<p>The report reads the metadata; weights are those that lie beside them.</p>\n"
             "<ul class=\"files\">\n");
  for (size_t i = 0; i < made->file_count; i++) put_file(text, &made->files[i]);
  report_put(text, "</ul>\n");
}

void report_provenance_json(report_text *text, const report_provenance *made) {
  report_put(text, "{");
  report_put_member(text, "version", berg_version());
  if (made->command) report_put_member(text, "command", made->command);
  report_put_member(text, "date", made->date);
  report_put_member(text, "precision", precision);
  report_put_member(text, "processor", made->processor);
  report_print(text, "\"threads\":%d,\"memory_bytes\":%zu,\"files\":[", made->threads, made->memory);
  for (size_t i = 0; i < made->file_count; i++) {
    const report_file *file = &made->files[i];
    report_put(text, i ? ",\n{" : "\n{");
    report_put_member(text, "path", file->path);
    report_put_member(text, "modified", file->modified);
    report_print(text, "\"bytes\":%llu,\"sha256\":", (unsigned long long)file->size);
    if (file->digest[0])
      report_put_quoted(text, file->digest);
    else
      report_put(text, "null");
    report_put(text, "}");
  }
  report_put(text, "]}");
}
