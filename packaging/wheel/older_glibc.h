/* Included before every file of a wheel: the one function whose newest version in the glibc of Debian 12 (2.35) is newer than all
 * others that are used (2.34), is taken in its first version, which computes the same and sets errno as well. */
#ifdef __x86_64__
__asm__(".symver hypot, hypot@GLIBC_2.2.5");
#endif
