/* What the networks need: compiled once for each level. */

#include "level.h"

#include "network_ascent.h"
#include "network_fit.h"
#include "network_predict.h"
#include "network_score.h"
#include "network_step.h"
#include "single.h"
