/* What makes a call of a program fail, chosen by its number, and tells which call that is. */
#ifndef TORTURE_FAULTS_H
#define TORTURE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* Counts a call of `what` that might fail; whether it is to. `size` is told with it. */
bool fault_is_due(const char *what, size_t size);

#endif
