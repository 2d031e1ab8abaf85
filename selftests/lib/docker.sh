# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The real dockerd in network namespaces, each with a ctnet-docker and a /run/docker of its own.
# Sourced after lib.sh, by scripts with a line "# wants: docker" at their head.

[[ -z ${CTNET_DOCKER:-} ]] || {
	PATH=$CTNET_DOCKER/usr/sbin:$CTNET_DOCKER/usr/bin:$PATH
	export XTABLES_LIBDIR=$CTNET_DOCKER/xtables
}
need ctnet-docker busybox nft socat curl jq
must mkdir "$TMP/bin"
for p in dockerd docker containerd containerd-shim-runc-v2 runc iptables; do
	command -v $p >/dev/null || skip_all "Docker is not installed: no $p (Debian: docker.io iptables)"
	# A VM reads them from its host, slowly, and again each time that one is started.
	must cp -L "$(command -v $p)" "$TMP/bin/"
done
must ln -s iptables "$TMP/bin/ip6tables"
PATH=$TMP/bin:$PATH
declare -A HOLD=() DRIVER=() DOCKERD=()

# into HOST: INTO is what has a command run in its namespaces, in the same process
into() { INTO=(nsenter "--net=/run/netns/${!1}" "--mount=/proc/${HOLD[$1]}/ns/mnt"); }

# on HOST COMMAND...
on()
{
	into "$1"
	"${INTO[@]}" "${@:2}"
}

# d HOST ARGUMENT...: docker there
d() { docker -H "unix://$TMP/$1.sock" "${@:2}"; }

# api HOST PATH [OPTION...]: an answer of dockerd's, which its command line takes long for
api() { curl -sf --unix-socket "$TMP/$1.sock" "${@:3}" "http://docker/$2"; }

# recipe HOST: runs its input as commands of a person there, up to the first that fails
recipe()
{
	(echo 'systemctl() { :; }'; cat) >"$TMP/recipe"
	DOCKER_HOST=unix://$TMP/$1.sock on "$1" bash -e "$TMP/recipe"
}

driver_up()
{
	into "$1"
	"${INTO[@]}" ctnet-docker --state "$TMP/$1/state" >>"$TMP/$1/driver.log" 2>&1 &
	DRIVER[$1]=$!
	defer kill_wait $!
	busywait 20000 on "$1" test -S /run/docker/plugins/ctnet.sock >/dev/null
}

driver_ends()
{
	kill "${DRIVER[$1]}"
	wait "${DRIVER[$1]}" 2>/dev/null
}

# For all: a dockerd gives its own not as long to start as a slow VM takes. It sees nothing that a
# dockerd mounts, so that these use vfs.
containerd_up()
{
	cat >"$TMP/containerd.toml" <<-EOT
		version = 2
		root = "$TMP/containerd"
		state = "$TMP/containerd.run"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		address = "$TMP/containerd.sock"
	EOT
	background containerd -c "$TMP/containerd.toml" >"$TMP/containerd.log" 2>&1
	slowwait 60 test -S "$TMP/containerd.sock" >/dev/null ||
		die "setup: containerd: $(tail -n 5 "$TMP/containerd.log")"
}

dockerd_starts()
{
	into "$1"
	"${INTO[@]}" dockerd -H "unix://$TMP/$1.sock" --data-root "$TMP/$1/data" --exec-root "$TMP/$1/exec" \
		--pidfile "$TMP/$1/pid" --storage-driver vfs --live-restore \
		--containerd "$TMP/containerd.sock" --containerd-namespace "$1" \
		--containerd-plugins-namespace "plugins.$1" >>"$TMP/$1/dockerd.log" 2>&1 &
	# shellcheck disable=SC2034 # for scripts that end it
	DOCKERD[$1]=$!
	defer kill_wait $!
}

dockerd_answers()
{
	slowwait 60 api "$1" _ping >/dev/null && return
	diag "$(tail -n 20 "$TMP/$1/dockerd.log")"
	return 1
}

# An image that is a web server, by the names that README.md has.
image_made()
{
	local root=$TMP/root p

	mkdir -p "$root"/{bin,www}
	cp "$(type -P busybox)" "$root/bin/"
	for p in sh ip ping sleep httpd; do
		ln -s busybox "$root/bin/$p"
	done
	echo page >"$root/www/page"
	tar -C "$root" -cf "$TMP/image.tar" .
}

# image HOST NAME...
image()
{
	local name

	for name in "${@:2}"; do
		api "$1" "images/create?fromSrc=-&repo=$name&tag=latest" -X POST -T "$TMP/image.tar" \
			--url-query 'changes=CMD ["/bin/httpd","-f","-h","/www"]' >/dev/null || return
	done
}

# hosts_up HOST...: all at the same time
hosts_up()
{
	local h

	mountpoint -q /sys/fs/cgroup || must mount -t cgroup2 cgroup2 /sys/fs/cgroup
	containerd_up
	for h; do
		mkdir -p "$TMP/$h"/{state,data,exec} || die "setup: $h"
		nsenter "--net=/run/netns/${!h}" unshare -m --propagation private \
			bash -c "mkdir -p /run/docker && mount -t tmpfs docker /run/docker && exec sleep infinity" &
		HOLD[$h]=$!
		defer kill_wait $!
		must busywait 20000 on "$h" mountpoint -q /run/docker
		driver_up "$h" || die "setup: ctnet-docker on $h: $(<"$TMP/$h/driver.log")"
		dockerd_starts "$h"
	done
	image_made
	for h; do
		dockerd_answers "$h" || die "setup: dockerd on $h"
		image "$h" nginx redis || die "setup: image on $h"
	done
}
