/* How many threads copy large blocks on the host. */
#ifndef CUDA_THREADS_H
#define CUDA_THREADS_H

/* base_threads_usual's, looked up once: it reads files, and copies are made by the hundred a second. */
int cuda_threads(void);

#endif
