/* A function of a level, LEVEL, has its name before its own. */

#define JOINED(level, name) level##_##name
#define NAMED(level, name) JOINED(level, name)
#define EXPORT(name) __attribute__((visibility("default"))) NAMED(LEVEL, name)
