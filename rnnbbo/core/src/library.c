/* What the library says of itself; the other sources have its functions. */

/* What was compiled: the digest of the sources that setup.py worked out; nothing without it. */
#ifndef RNNBBO_SOURCES
#define RNNBBO_SOURCES ""
#endif
__attribute__((visibility("default"))) const char *rnnbbo_sources(void)
{
    return RNNBBO_SOURCES;
}

/* The best level that this processor has: 1 for avx2, else 0. */
int __attribute__((visibility("default"))) rnnbbo_level(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 0;
#endif
}
