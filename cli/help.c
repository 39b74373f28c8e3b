/* The help of a command, made from its option table. */
#include "options.h"

#include <string.h>

#define WIDTH 80
#define HELP_COLUMN 28

void cli_print_wrapped(FILE *stream, const char *text, int column, int indent) {
  bool first = true;
  while (*text) {
    size_t length = strcspn(text, " \n");
    if (length) {
      if (!first && column + 1 + (int)length > WIDTH) {
        fprintf(stream, "\n%*s", indent, "");
        column = indent;
      } else if (!first) {
        fputc(' ', stream);
        column++;
      }
      for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        fputc(byte < 0x20 || byte == 0x7f ? '?' : byte, stream);
        column += (byte & 0xc0) != 0x80; /* bytes that go on a UTF-8 character take no column */
      }
      first = false;
    }
    text += length + (text[length] != '\0');
  }
  fputc('\n', stream);
}

static void print_option(const cli_option *option) {
  char name[80];
  int length = option->letter ? snprintf(name, sizeof name, "  -%c, --%s", option->letter, option->name)
                              : snprintf(name, sizeof name, "      --%s", option->name);
  if (option->argument) length += snprintf(name + length, sizeof name - (size_t)length, " %s", option->argument);
  if (length + 2 > HELP_COLUMN)
    printf("%s\n%*s", name, HELP_COLUMN, "");
  else
    printf("%-*s", HELP_COLUMN, name);
  cli_print_wrapped(stdout, option->help, HELP_COLUMN, HELP_COLUMN);
}

void cli_print_help(const cli_syntax *syntax) {
  const char *line = syntax->examples;
  puts("Examples:");
  while (*line) {
    size_t length = strcspn(line, "\n");
    printf("  %.*s\n", (int)length, line);
    line += length + (line[length] != '\0');
  }
  printf("\nUsage: berg %s [options]%s%s\n\n", syntax->command, syntax->operands[0] ? " " : "", syntax->operands);
  cli_print_wrapped(stdout, syntax->summary, 0, 0);
  puts("\nOptions:");
  for (size_t i = 0; i < syntax->option_count; i++) print_option(&syntax->options[i]);
  print_option(&(cli_option){"help", 'h', CLI_FLAG, NULL, NULL, "This help."});
}
