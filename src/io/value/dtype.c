/* NumPy's names of number types. */
#include "io/value/dtype.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

static const char *const codes[] = {
#define X(name, bytes, code) [BERG_##name] = (code),
    BERG_DTYPE_MAP(X)
#undef X
};

bool io_dtype_parse(const char *code, size_t length, berg_dtype *dtype, size_t *itemsize, bool *big_endian) {
  char order = '=';
  if (length && strchr("<>|=", code[0]) && code[0]) {
    order = code[0];
    code++;
    length--;
  }
  *big_endian = order == '>';
  if (length < 1 || length > 11) return false;
  if (code[0] == 'O' && (length == 1 || (length == 2 && code[1] == '8'))) {
    *dtype = BERG_STRING;
    *itemsize = sizeof(char *);
    *big_endian = false;
    return true;
  }
  size_t number = 0;
  for (size_t i = 1; i < length; i++) {
    if (code[i] < '0' || code[i] > '9' || (i == 1 && code[i] == '0')) return false;
    number = number * 10 + (size_t)(code[i] - '0');
  }
  if (code[0] == 'U') {
    /* NumPy's own limit: the item size is a C int */
    if (number < 1 || number > INT32_MAX / 4) return false;
    *dtype = BERG_UNICODE;
    *itemsize = number * 4;
    return true;
  }
  /* '|V2' is any two bytes; only with a byte order is it how bfloat16 is stored */
  if (code[0] == 'V' && order != '<') return false;
  for (size_t t = 0; t < sizeof codes / sizeof *codes; t++)
    if (t != BERG_STRING && t != BERG_UNICODE && length == 2 && !strncmp(codes[t] + 1, code, 2)) {
      *dtype = (berg_dtype)t;
      *itemsize = number;
      if (number == 1) *big_endian = false;
      return true;
    }
  return false;
}

void io_dtype_code(berg_dtype dtype, size_t itemsize, char *text, size_t size) {
  if (dtype == BERG_UNICODE)
    base_print(text, size, "<U%zu", itemsize / 4);
  else
    base_print(text, size, "%s", codes[dtype]);
}
