// SPDX-License-Identifier: MIT
/*
 * The resource of a worker behind a gateway's route.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_RESOURCE_H
#define CANDOR_RESOURCE_GATEWAY_RESOURCE_H

#include "resource/gateway/gateway.h"

extern const struct resource_ops gateway_ops;

#endif
