#include "CStepsize.h"
