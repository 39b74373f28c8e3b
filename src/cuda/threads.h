/* How many threads copy large blocks on the host. */
#ifndef CUDA_THREADS_H
#define CUDA_THREADS_H

/* base_threads_usual, looked up once: it reads files, and there are hundreds of copies a second. */
int cuda_threads(void);

#endif
