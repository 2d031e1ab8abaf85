/* SPDX-License-Identifier: GPL-2.0 */
/* Containers by the names that Docker and Podman have for them. */
#ifndef CT_ENGINE_H
#define CT_ENGINE_H

#include <sys/types.h>

#include "core.h"

/* What an engine says of a container. */
enum ct_engine_state {
	CT_ENGINE_RUNS,
	CT_ENGINE_STOPPED,
	CT_ENGINE_UNKNOWN,	/* it has none of that name */
	CT_ENGINE_AWAY,		/* nothing listens at its socket */
	CT_ENGINE_FAILED,	/* it did not answer, or not what can be understood */
};

/* Whether a target is "docker:NAME-OR-ID" or "podman:NAME-OR-ID". */
bool ct_engine_is(const char *target);
/* Why there cannot be such a container, or NULL; valid until the next is parsed. */
const char *ct_engine_bad(const char *target);
/*
 * Ask the engine, by its socket: /run/docker.sock, /run/podman/podman.sock, or what
 * DOCKER_HOST or CONTAINER_HOST (unix://PATH) says. @pid is that of a process of a container
 * that runs; of any other state ct->error is the sentence. Not to be called by what the
 * engine waits for.
 */
enum ct_engine_state ct_engine_ask(struct ct *ct, const char *target, pid_t *pid);

#endif
