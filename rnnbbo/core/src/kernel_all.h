/* What the kernel policy needs, and every policy: compiled once for each level. */

#include "level.h"

#include "arithmetic.h"
#include "climb.h"
#include "climb_steps.h"
#include "factors.h"
#include "gp.h"
#include "kernel_ask.h"
#include "kernel_belief.h"
#include "kernel_tell.h"
#include "kernel_view.h"
#include "normal.h"
#include "normal_all.h"
#include "outliers.h"
#include "search.h"
