// Written by protos/generate.sh.
#pragma once
#include "atelier/admin.pb-c.h"
#include "atelier/control.pb-c.h"
#include "atelier/data.pb-c.h"
#include "atelier/score.pb-c.h"
#include "echo.pb-c.h"
#include "grpc/health.pb-c.h"
#include "rpc/introspection.pb-c.h"
#include "rpc/reflection.pb-c.h"
#include "tools/descriptor.pb-c.h"
#include "zrp.pb-c.h"
