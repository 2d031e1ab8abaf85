// SPDX-License-Identifier: GPL-2.0
/* What a request has to have, and what an answer is made of. */
#include <string.h>

#include "driver.h"

static const char *type_name(enum json_type type)
{
	switch (type) {
	case json_type_string:
		return "a string";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "a list";
	default:
		return json_type_to_name(type);
	}
}

int json_get(struct ct *ct, struct json_object *o, const char *key, enum json_type type,
	     bool needed, struct json_object **v)
{
	if (!json_object_object_get_ex(o, key, v))
		*v = NULL;
	if (!*v)
		return needed ? ct_misuse(ct, "the request has no %s", key) : CT_OK;
	if (json_object_get_type(*v) != type)
		return ct_misuse(ct, "the request's %s must be %s", key, type_name(type));
	return CT_OK;
}

int json_str(struct ct *ct, struct json_object *o, const char *key, bool needed,
	     const char **s)
{
	struct json_object *v;
	int err = json_get(ct, o, key, json_type_string, needed, &v);

	*s = NULL;
	if (err || !v)
		return err;
	*s = json_object_get_string(v);
	if (strlen(*s) != (size_t)json_object_get_string_len(v))
		return ct_misuse(ct, "the request's %s has a zero in it", key);
	if (needed && !**s)
		return ct_misuse(ct, "the request's %s is empty", key);
	return CT_OK;
}

/* It is the name of a file, too. */
int json_id(struct ct *ct, struct json_object *o, const char *key, const char **id)
{
	static const char good[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
	int err = json_str(ct, o, key, true, id);

	if (err || !*id)
		return err;
	if (strspn(*id, good) != strlen(*id) || strlen(*id) > ID_MAX)
		return ct_misuse(ct, "the request's %s must be 1 to %d letters, digits, \"_\" and \"-\"",
				 key, ID_MAX);
	return CT_OK;
}

int json_cidr(struct ct *ct, struct json_object *o, const char *key, struct ct_addr *a)
{
	const char *s, *why;
	int err = json_str(ct, o, key, false, &s);

	memset(a, 0, sizeof(*a));
	if (err || !s || !*s)
		return err;
	why = ct_parse_cidr(s, a);
	return why ? ct_misuse(ct, "%s \"%s\": %s", key, s, why) : CT_OK;
}

struct json_object *json_new(void)
{
	struct json_object *o = json_object_new_object();

	if (!o)
		ct_nomem();
	return o;
}

struct json_object *json_new_str(const char *s)
{
	struct json_object *o = json_object_new_string(s);

	if (!o)
		ct_nomem();
	return o;
}

void json_add(struct json_object *o, const char *key, struct json_object *v)
{
	if (json_object_object_add(o, key, v))
		ct_nomem();
}

void json_add_str(struct json_object *o, const char *key, const char *s)
{
	json_add(o, key, json_new_str(s));
}
