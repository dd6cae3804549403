/* Every function of the core, compiled once for each level; LEVEL is the prefix of its names. */

#define JOINED(level, name) level##_##name
#define NAMED(level, name) JOINED(level, name)
#define EXPORT(name) __attribute__((visibility("default"))) NAMED(LEVEL, name)

#include "arithmetic.h"
#include "climb.h"
#include "factors.h"
#include "gp.h"
#include "kernel_ask.h"
#include "kernel_belief.h"
#include "kernel_tell.h"
#include "kernel_view.h"
#include "network_ascent.h"
#include "network_fit.h"
#include "network_predict.h"
#include "network_score.h"
#include "network_step.h"
#include "normal.h"
#include "outliers.h"
#include "single.h"
#include "search.h"
