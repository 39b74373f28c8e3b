/* SHA-256: the examples of FIPS 180-4, lengths around the padding against Python's hashlib, and any way of cutting the
 * input; by the portable code and by the processor's instructions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/machine.h"
#include "base/sha256.h"

/* Selects an implementation of this machine: 0 is the portable one. False: there is no further one. */
static bool start_way(int way, base_sha256 *hash) {
  base_sha256_start(hash);
  if (way == 0) hash->take = base_sha256_blocks_portable;
#if defined(__x86_64__) && defined(__GNUC__)
  if (way == 1 && base_machine_hashes_sha256()) {
    assert_ptr_equal(hash->take, base_sha256_blocks_x86);
    return true;
  }
#endif
  return way == 0;
}

static const char *digest(int way, const void *bytes, size_t size, char text[BASE_SHA256_TEXT]) {
  base_sha256 hash;
  assert_true(start_way(way, &hash));
  base_sha256_add(&hash, bytes, size);
  base_sha256_end(&hash, text);
  return text;
}

static int ways(void) {
  base_sha256 hash;
  return start_way(1, &hash) ? 2 : 1;
}

static void examples(void **state) {
  (void)state;
  static const struct {
    const char *message, *expected;
  } known[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrst"
       "u",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
  };
  char text[BASE_SHA256_TEXT];
  for (int way = 0; way < ways(); way++)
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
      assert_string_equal(digest(way, known[i].message, strlen(known[i].message), text), known[i].expected);
}

static void a_million(void **state) {
  (void)state;
  char text[BASE_SHA256_TEXT], part[1000];
  memset(part, 'a', sizeof part);
  for (int way = 0; way < ways(); way++) {
    base_sha256 hash;
    start_way(way, &hash);
    for (int i = 0; i < 1000; i++) base_sha256_add(&hash, part, sizeof part);
    base_sha256_end(&hash, text);
    assert_string_equal(text, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

/* bytes((31 * i + 7) % 256 for i in range(n)); one more block than before at 56 and at 120. */
static void lengths_of_hashlib(void **state) {
  (void)state;
  static const struct {
    size_t length;
    const char *expected;
  } known[] = {
      {1, "ca358758f6d27e6cf45272937977a748fd88391db679ceda7dc7bf1f005ee879"},
      {54, "c802146d5788fb540fbf29d8ff485730ad10f4f13b78961c032e78691b582647"},
      {55, "8aa994584139d128848eeebc4e815639ba5ab6e6e39574195a63ac4f14f7c43b"},
      {56, "ad574708f75c044c9b85de64cb568ee7711ff4f36448c6242f053ba8f6cc2b63"},
      {57, "5b46e502092be01b1100193e089fdda95638c12e19a1d24f308eb2c3d3ae849d"},
      {63, "280ed3e8ff1df845b2e7dfe6ac6cee817bef20e783cc65abc41b818b4d2fe076"},
      {64, "c6ab9724ade5b6a7a1edfffb12f3aa9181351355af8fd08c919952ad211339dd"},
      {65, "788367c73c7ddf4c53f65e68cc0d943e6227ab55b0e78ba63ace822b1c6301c0"},
      {118, "e96230c1485dd2e36f02f30932b0e2acf725283090cfdd8c58fce6bf523edd26"},
      {119, "3d610547d68216dedf7435a4fb6260353911f6b3fd3f18805ddb8be285d726fe"},
      {120, "1f80156a804cb7862ad113e8200e9d74499723e7c7854d5f48776d3148e09656"},
      {121, "614571410beab3df68d50132a341d338575653da8374c630441bbe380b9b3136"},
      {127, "192409cd280e14b743642ad1343fbd3e82d9305de72c078117745a679210cc3d"},
      {128, "cc548ca2dec1f6fe4f58b2e27aa9c7521607df1130d140b55a4dad0665302356"},
      {129, "81e89a7b2911aaa7795f9e3d4910cb47d6cd2b00d83b8399481527261a1a7519"},
      {1000, "5097e7d587352f5097062ae679f37bda5802d9f875aba14c8cb4d1a188ada179"},
  };
  uint8_t bytes[1024];
  char text[BASE_SHA256_TEXT];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(31 * i + 7);
  for (int way = 0; way < ways(); way++)
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
      assert_string_equal(digest(way, bytes, known[i].length, text), known[i].expected);
}

static void parts_are_the_whole(void **state) {
  (void)state;
  uint8_t bytes[200];
  char whole[BASE_SHA256_TEXT], parts[BASE_SHA256_TEXT];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(31 * i + 7);
  for (int way = 0; way < ways(); way++)
    for (size_t size = 0; size <= sizeof bytes; size++)
      for (size_t cut = 0; cut <= size; cut += 7) {
        base_sha256 hash;
        start_way(way, &hash);
        base_sha256_add(&hash, bytes, cut);
        base_sha256_add(&hash, bytes + cut, size - cut);
        base_sha256_end(&hash, parts);
        assert_string_equal(digest(0, bytes, size, whole), parts);
      }
}

int main(void) {
  if (!base_machine_hashes_sha256()) print_message("no SHA instructions here: the portable way alone is tested\n");
  const struct CMUnitTest tests[] = {cmocka_unit_test(examples), cmocka_unit_test(a_million),
                                     cmocka_unit_test(lengths_of_hashlib), cmocka_unit_test(parts_are_the_whole)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
