#include "CStepsizeLearn.h"
