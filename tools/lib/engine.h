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

/**
 * struct ct_engine_follower - who wants to know of containers that start
 * @connected: called when the engine is there, before the first of them
 * @started: called for each that starts, with its ID and its name
 * @arg: handed to both
 */
struct ct_engine_follower {
	void (*connected)(void *arg);
	void (*started)(void *arg, const char *id, const char *name);
	void *arg;
};

/* The prefix of targets of the engine of that name, "docker" or "podman", or NULL. */
const char *ct_engine_prefix(const char *name);
/*
 * Tell @f of each container that starts, from @since on (seconds since 1970), of the engine whose
 * targets have @prefix. It ends when the engine does, which is an error; *@away: it does not run.
 */
int ct_engine_follow(struct ct *ct, const char *prefix, int64_t since,
		     const struct ct_engine_follower *f, bool *away);

#endif
