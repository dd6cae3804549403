/* The level `plain`: for any processor that the compiler builds for. */

#define LEVEL plain
#include "network_all.h"
