/* The kernel of normal.c, for the table of each instruction set. */
#ifndef LA_KERNELS_NORMAL_H
#define LA_KERNELS_NORMAL_H

#include "base/vector.h"
#include "la/normal.h"

la_normals KERNEL(la_draw_normals);

#endif
