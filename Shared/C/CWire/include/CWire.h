// Written by protos/generate.sh.
#pragma once
#include "echo.pb-c.h"
#include "tools/descriptor.pb-c.h"
#include "zrp.pb-c.h"
