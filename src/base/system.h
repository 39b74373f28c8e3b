/* What systems do each in their own way, beside what base/machine.h asks of them. system_linux.c is Linux's,
 * system_other.c that of any other with POSIX; a build has one of them, and no other file of the library names what
 * only Linux has. */
#ifndef BASE_SYSTEM_H
#define BASE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/machine.h"

/* The highest of NEON's sets that the processor has, of whatever is compiled; BASE_ISA_PORTABLE on others. */
base_isa base_system_neon(void);

/* Whether this process may use the tile unit of a processor that has one: the system is asked for it, once. It refuses
 * where a thread has a signal stack too small for the registers; once it has agreed, no thread gets such a stack. */
bool base_system_tiles(void);

/* The path of the running program, whole; false: it cannot be told. */
bool base_system_program(char *path, size_t size);

/* Bytes that no one can guess; false with errno. */
bool base_system_random(void *bytes, size_t size);

/* Asks for huge pages under a block. */
void base_system_huge_pages(void *block, size_t bytes);

/* A file without a name in a folder, gone when it is closed: its descriptor, or -1 with errno, EOPNOTSUPP where there
 * are none such. */
int base_system_open_nameless(const char *folder);

/* Reserves the first `bytes` of a file on the disk and makes it as long; 0, or errno: EOPNOTSUPP where the file system
 * reserves nothing. The second writes there, so that all systems have it. */
int base_system_reserve(int file, uint64_t bytes);
int base_system_reserve_or_write(int file, uint64_t bytes);

/* A hint that a file will be read, or that its pages in memory are no more needed. */
void base_system_will_read(int file);
void base_system_forget(int file);

/* Tries to lock [first, first + length) of an open file, length 0: to its end, against all other handles, those of this
 * process too; shared: against those that lock it alone. Where the system has no such ranges, files are locked whole,
 * by ranges that begin with 0. False with errno: EAGAIN, EACCES where another has it. */
bool base_system_lock(int file, bool shared, uint64_t first, uint64_t length);

#endif
