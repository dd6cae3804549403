/* The level `plain`: for any processor that the compiler builds for. */

#define LEVEL plain
#include "kernel_all.h"
